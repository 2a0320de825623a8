"""Asks Atlas for a restore, watches it to its end, and fetches what a download made."""

from dataclasses import dataclass, replace
from pathlib import Path

from mangrove.core.atlas.cluster import Tier
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.restore import AtlasRestoreJob, Delivery, JobState, RestoreOrder
from mangrove.core.errors import AtlasWorkFailedError, MangroveError, RunCancelled
from mangrove.core.explain import size_text
from mangrove.core.ports.atlas import AtlasApi, AtlasGate
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.wording import counted
from mangrove.jobs.atlas.fetching import fetch
from mangrove.jobs.atlas.watching import opened, watched
from mangrove.jobs.context import RunContext

ORDER_PHASES = (Phase.ATLAS_ASK, Phase.ATLAS_WAIT)
WATCH_PHASES = (Phase.ATLAS_WAIT,)
STOPPED = "cancelled; Atlas stopped the restore {job}"
GOES_ON = "cancelled; Atlas goes on with the restore {job}: it can no longer be stopped"
NO_SECOND = "no second between this restore and the next snapshot of {cluster} can be restored"
TARGET_LOST = "; the target cluster may hold no usable data until another restore has ended"


@dataclass(frozen=True, slots=True)
class RestoreBody:
    """Restore, or watch a restore that goes on.

    Attributes:
        wanted: What to ask for, or the job to watch.
        folder: Where a download goes.
    """

    gate: AtlasGate
    place: Located
    poll_s: float
    wanted: RestoreOrder | AtlasRestoreJob
    folder: Path | None = None

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: Saying whether Atlas stopped too.
            AtlasWorkFailedError: If Atlas could not finish it.
        """
        job: AtlasRestoreJob | None = None
        try:
            with opened(ctx, self.gate, self.place.account) as api:
                match self.wanted:
                    case RestoreOrder() as order:
                        job = self._asked(ctx, api, order)
                    case AtlasRestoreJob() as known:
                        job = known
                job = self._watched(ctx, api, job)
                files = self._fetched(ctx, api, job)
        except RunCancelled as cancel:
            if job is None or job.state.is_over:
                raise
            raise RunCancelled(self._stopped(job)) from cancel
        return _result(self.place, job, files)

    def _asked(self, ctx: RunContext, api: AtlasApi, order: RestoreOrder) -> AtlasRestoreJob:
        ctx.enter(Phase.ATLAS_ASK)
        job = api.start_restore(self.place.cluster, order)
        ctx.log(f"Atlas began the restore {job.job_id}")
        # Some answers to an order leave out what it was limited to; what watches it needs that.
        return replace(job, parts=tuple(p.source for p in order.parts))

    def _watched(self, ctx: RunContext, api: AtlasApi, job: AtlasRestoreJob) -> AtlasRestoreJob:
        ctx.enter(Phase.ATLAS_WAIT)
        seen = watched(
            ctx,
            lambda: api.restore(self.place.cluster, job),
            lambda j: j.state.is_over,
            _told,
            self.poll_s,
        )
        if seen.is_gone:
            raise AtlasWorkFailedError(
                f"the restore {seen.job_id} {_ENDINGS[seen.state]}"
                f"{f': {seen.problem}' if seen.problem else ''}",
                hint=_hint(seen),
            )
        return seen

    def _fetched(
        self, ctx: RunContext, api: AtlasApi, job: AtlasRestoreJob
    ) -> tuple[tuple[Path, int], ...]:
        if self.folder is None or job.delivery is not Delivery.DOWNLOAD:
            return ()
        ctx.enter(Phase.ATLAS_FETCH)
        return fetch(ctx, api, job, self.folder, self.place.cluster.name)

    def _stopped(self, job: AtlasRestoreJob) -> str:
        """Try to stop it at Atlas too, and say what came of that."""
        try:
            if job.parts or self.place.cluster.tier is Tier.FLEX:
                return GOES_ON.format(job=job.job_id)
            with self.gate.open(self.place.account) as api:
                api.cancel_restore(self.place.cluster, job.job_id)
        except MangroveError:
            return GOES_ON.format(job=job.job_id)
        lost = TARGET_LOST if job.delivery is not Delivery.DOWNLOAD else ""
        return STOPPED.format(job=job.job_id) + lost


_ENDINGS = {
    JobState.FAILED: "failed at Atlas",
    JobState.CANCELLED: "was cancelled at Atlas",
    JobState.EXPIRED: "expired before it was fetched",
}


def _told(job: AtlasRestoreJob) -> str:
    if job.documents_total:
        done = f"{job.documents_done:,} of {counted(job.documents_total, 'document')}"
        return f"Atlas restores to {job.destination}: {done}"
    return f"Atlas restores {job.origin} to {job.destination}"


def _hint(job: AtlasRestoreJob) -> str:
    if job.delivery is Delivery.DOWNLOAD:
        return "nothing was changed; order the download again"
    return f"look at the data of {job.target_cluster} before anybody uses them, then restore again"


def _result(place: Located, job: AtlasRestoreJob, files: tuple[tuple[Path, int], ...]) -> RunResult:
    if files:
        size = sum(size for _, size in files)
        named = ", ".join(str(path) for path, _ in files)
        return RunResult(f"{size_text(size)} fetched: {named}", figures=(("bytes", float(size)),))
    if job.delivery is Delivery.DOWNLOAD:
        return RunResult(f"the download {job.job_id} of {place.text} is ready")
    warnings: tuple[str, ...] = ()
    if not job.parts:
        warnings = (NO_SECOND.format(cluster=job.target_cluster),)
    what = ", ".join(job.parts) or job.origin
    return RunResult(
        f"{what} of {place.text} restored to {job.target_cluster}",
        warnings=warnings,
        losses=_losses(job),
        targets=(job.target_cluster,),
    )


def _losses(job: AtlasRestoreJob) -> tuple[Loss, ...]:
    missing = job.documents_total - job.documents_done
    if not job.documents_total or missing <= 0:
        return ()
    return (
        Loss(", ".join(job.parts), "Atlas restored fewer documents than it found", (), missing),
    )
