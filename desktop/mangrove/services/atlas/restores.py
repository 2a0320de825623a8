"""Restores by Atlas: preview with what it costs, start, watch, cancel, fetch, history."""

from dataclasses import dataclass, replace
from pathlib import Path

from mangrove.core.atlas.cluster import Wish
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.restore import (
    AtlasJobId,
    AtlasRestoreJob,
    RestoreOrder,
    consequence,
    require_possible,
)
from mangrove.core.atlas.windows import Continuous, continuous, require_reachable
from mangrove.core.command_line import command_line
from mangrove.core.errors import AtlasConflictError, AtlasNotFoundError
from mangrove.core.run import RunId, RunKind
from mangrove.jobs.atlas.restore import ORDER_PHASES, WATCH_PHASES, RestoreBody
from mangrove.jobs.atlas.watching import lane_of
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.services.atlas.clusters import AtlasClusters
from mangrove.services.atlas.tools import AtlasTools


@dataclass(frozen=True, slots=True)
class RestorePreview:
    """What a restore would do.

    Attributes:
        sentence: What happens to the target.
        needs_confirmation: The name to type; "" where nothing goes away.
    """

    order: RestoreOrder
    sentence: str
    needs_confirmation: str


class AtlasRestores:
    """Calls go to Atlas and block for as long as that takes; starts return at once after that."""

    def __init__(self, tools: AtlasTools, clusters: AtlasClusters) -> None:
        self._tools = tools
        self._clusters = clusters

    def all(self, place: Located) -> tuple[AtlasRestoreJob, ...]:
        """Return the restores from a cluster's snapshots, newest first."""
        with self._tools.opened(place) as api:
            return api.restores(place.cluster)

    def find(self, place: Located, text: str) -> AtlasRestoreJob:
        """Return a restore by its id or the beginning of it.

        Raises:
            AtlasNotFoundError: If there is none, or more than one.
        """
        wanted = text.strip().lower()
        found = [j for j in self.all(place) if wanted and j.job_id.startswith(wanted)]
        if len(found) != 1:
            how = "more than one restore" if found else "no restore"
            raise AtlasNotFoundError(
                f"{place.text} has {how} '{text}'",
                hint=f"list them: {command_line('atlas', 'jobs', place.text)}",
            )
        return found[0]

    def reach(self, place: Located) -> Continuous:
        """Return which seconds of a cluster Atlas can bring back."""
        if place.cluster.why_not(Wish.POINT_IN_TIME):
            return Continuous(why_none=place.cluster.why_not(Wish.POINT_IN_TIME))
        with self._tools.opened(place) as api:
            schedule = api.schedule(place.cluster)
            snapshots = api.snapshots(place.cluster)
            restores = api.restores(place.cluster)
        now = self._tools.clock.now()
        days = schedule.restore_window_days
        return continuous(place.cluster, days, snapshots, restores, now)

    def preview(
        self, place: Located, order: RestoreOrder, target: Located | None
    ) -> RestorePreview:
        """Say what a restore would do.

        Raises:
            AtlasUnsupportedError, PointNotReachableError: If it cannot be had.
        """
        name = target.cluster.name if target else ""
        self._require(place, replace(order, confirmed=name), target)
        if target is None:
            return RestorePreview(order, "Atlas packs the snapshot's files; nothing changes", "")
        needed = name if order.replaces else ""
        return RestorePreview(order, consequence(order, target.cluster), needed)

    def start(
        self,
        place: Located,
        order: RestoreOrder,
        target: Located | None = None,
        folder: Path | None = None,
    ) -> RunId:
        """Start a restore, and return at once.

        Args:
            place: Whose snapshot it is.
            order: What to restore; its ``confirmed`` is what a person typed.
            target: The cluster it goes to; None for a download.
            folder: Where a download's files go.

        Raises:
            AtlasUnsupportedError, PointNotReachableError, ConfirmationMissingError: Nothing was
                asked of Atlas.
        """
        self._require(place, order, target)
        where = target.text if target else str(folder or "a download")
        lane = lane_of(target or place)
        ticket = Ticket(
            kind=RunKind.ATLAS_RESTORE,
            title=f"Restore {place.text} to {where}",
            phases=ORDER_PHASES,
            claims=(Claim(lane),),
        )
        body = RestoreBody(self._tools.gate, place, self._tools.poll_s, order, folder)
        return self._tools.runner.start(ticket, body)

    def start_watch(
        self, place: Located, job: AtlasRestoreJob, folder: Path | None = None
    ) -> RunId:
        """Start to watch a restore to its end, and to fetch its files if a folder is given."""
        title = f"Watch the restore {job.job_id[:8]} of {place.text}"
        ticket = Ticket(kind=RunKind.ATLAS_RESTORE, title=title, phases=WATCH_PHASES)
        body = RestoreBody(self._tools.gate, place, self._tools.poll_s, job, folder)
        return self._tools.runner.start(ticket, body)

    def cancel(self, place: Located, job: AtlasRestoreJob) -> AtlasJobId:
        """Let Atlas cancel a restore.

        Raises:
            AtlasConflictError: If it is over already, or of a kind that cannot be cancelled.
        """
        place.cluster.require(Wish.CANCEL)
        if job.state.is_over:
            raise AtlasConflictError(
                f"the restore {job.job_id} is over already: {job.state}",
                hint="nothing was changed",
            )
        if job.parts:
            raise AtlasConflictError(
                "Atlas cannot cancel a restore of single databases or collections",
                hint="nothing was changed; wait until it has ended",
            )
        with self._tools.opened(place) as api:
            api.cancel_restore(place.cluster, job.job_id)
        return job.job_id

    def _require(self, place: Located, order: RestoreOrder, target: Located | None) -> None:
        require_possible(order, place.cluster, target.cluster if target else None)
        if order.point is not None:
            require_reachable(order.point, self.reach(place))
