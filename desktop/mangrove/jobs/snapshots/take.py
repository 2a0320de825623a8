"""The take body: look, hold writes back, take the snapshot, let go, register."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError, SnapshotLockError
from mangrove.core.explain import duration_text, size_text
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.snapshot import LockEnd, SnapshotStore
from mangrove.core.profile import Profile
from mangrove.core.run import Phase, RunResult
from mangrove.core.snapshots.preflight import Preflight
from mangrove.core.snapshots.providers import Naming, TakePlan, plan_take, with_reference
from mangrove.core.snapshots.snapshot import LockUse, Provider, Snapshot, SnapshotRequest
from mangrove.jobs.context import RunContext
from mangrove.jobs.snapshots.delete import removed
from mangrove.jobs.snapshots.survey import Site, SiteOpener, refuse_stops

PHASES = (Phase.PREFLIGHT, Phase.SNAPSHOT, Phase.CATALOG)
NO_LOCK_LIMIT_S = 600.0
UNTAKEN = (
    "no snapshot is registered, the server takes writes and its data was not touched; what the"
    " command itself made may be left"
)
UNFINISHED = "it was being taken when the program ended; delete it"


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known right after the commands ended."""

    printed: str
    newest: OplogTimestamp | None
    ended: LockEnd | None


@dataclass(frozen=True, slots=True)
class TakeSnapshotBody:
    """Take one snapshot: afterwards it is registered, or nothing of it is left."""

    request: SnapshotRequest
    profile: Profile
    snapshot: BackupId
    sites: SiteOpener
    store: SnapshotStore
    clock: Clock

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            SnapshotRefusedError: Preflight found what stands against it; nothing was locked.
            SnapshotLockError, SnapshotCommandError: Nothing of the snapshot is left, or the
                register says that there is.
            RunCancelled: So it is then.
        """
        ctx.enter(Phase.PREFLIGHT)
        with (
            self.sites.open(self.profile, self.request) as site,
            ctx.aborting_on_cancel(site.host.abort),
        ):
            for finding in site.checked.findings:
                ctx.log(f"{finding.weight}: {finding.text}")
            refuse_stops(site.checked)
            return self._taken(ctx, site)

    def _taken(self, ctx: RunContext, site: Site) -> RunResult:
        provider = site.checked.provider
        if provider is None:
            raise AssertionError("preflight stops without a provider")
        naming = self._naming(site.checked)
        plan = plan_take(provider, site.checked.volumes, naming)
        planned = self._planned(site.checked, provider, plan, naming)
        for command in plan.prepare:
            site.shell.must(command)
        ctx.enter(Phase.SNAPSHOT, note=_how(self.request))
        self.store.save(planned)
        with self._nothing_left(ctx, planned):
            taken = self._under_lock(site, plan)
            snapshot = self._finished(planned, plan, taken)
        ctx.enter_last(Phase.CATALOG)
        self.store.save(snapshot)
        return _result(snapshot, site.checked)

    def _naming(self, checked: Preflight) -> Naming:
        request = self.request
        return Naming(
            self.snapshot,
            self.profile.name,
            checked.node.dbpath,
            self.clock.now(),
            request.folder,
            request.thick_bytes,
            request.commands,
        )

    def _planned(
        self, checked: Preflight, provider: Provider, plan: TakePlan, naming: Naming
    ) -> Snapshot:
        return Snapshot(
            snapshot=self.snapshot,
            profile_id=self.profile.profile_id,
            profile_name=self.profile.name,
            profile_slug=self.profile.slug,
            node=checked.node.node,
            ssh=self.request.ssh,
            provider=provider,
            parts=plan.parts,
            dbpath=checked.node.dbpath,
            layout=checked.node.layout,
            server=checked.node.server,
            taken_at=naming.taken_at,
            lock=self.request.lock,
            locked_for=None,
            consistent_at=None,
            used_bytes=checked.machine.used_bytes,
            mongod=checked.machine.mongod,
            commands=self.request.commands,
            problem=UNFINISHED,
            databases=checked.node.databases,
        )

    def _under_lock(self, site: Site, plan: TakePlan) -> Taken:
        """Run the commands, with writes held back if that was asked for."""
        if self.request.lock is LockUse.NO_LOCK:
            return Taken(_ran(site, plan, NO_LOCK_LIMIT_S), None, None)
        limit = self.request.lock_limit
        with site.node.lock(limit) as lock:
            printed = _ran(site, plan, limit.total_seconds())
            newest = lock.standing()
            ended = lock.release()
        return Taken(printed, newest, _kept(ended, limit))

    def _finished(self, planned: Snapshot, plan: TakePlan, taken: Taken) -> Snapshot:
        return replace(
            planned,
            parts=with_reference(plan, taken.printed),
            locked_for=taken.ended.held_for if taken.ended else None,
            consistent_at=taken.newest,
            problem="",
        )

    @contextmanager
    def _nothing_left(self, ctx: RunContext, planned: Snapshot) -> Iterator[None]:
        """Remove what was made if the block fails; what cannot be removed stays registered."""
        try:
            yield
        except BaseException:
            left = self._remove(planned)
            if left:
                self.store.save(replace(planned, problem=f"it is not whole: {left}"))
                ctx.log(f"could not be removed: {left}")
            else:
                self.store.remove(planned.snapshot)
            raise

    def _remove(self, planned: Snapshot) -> str:
        """Remove a half-made snapshot over a way of its own; returns why it is still there."""
        try:
            with self.sites.open_host(planned.ssh) as host:
                return removed(host, planned)
        except MangroveError as failure:
            return failure.message


def _ran(site: Site, plan: TakePlan, limit_s: float) -> str:
    printed = ""
    for command in plan.take:
        if site.checked.provider is Provider.COMMANDS:
            printed = site.shell.must_own("take", command[-1], limit_s, UNTAKEN)
        else:
            printed = site.shell.must(command, limit_s)
    return printed


def _kept(ended: LockEnd, limit: timedelta) -> LockEnd:
    """Refuse a snapshot whose lock was gone before it was there."""
    if not ended.was_kept:
        raise SnapshotLockError(
            "the lock was gone before the snapshot was there: the watchdog ended it after "
            f"{duration_text(limit)}, or somebody else did; the snapshot was given up",
            hint="allow more time with --lock-limit, or take it without the lock",
        )
    return ended


def _how(request: SnapshotRequest) -> str:
    if request.lock is LockUse.NO_LOCK:
        return "without a lock"
    return f"writes wait; unlocked after {duration_text(request.lock_limit)} at the latest"


def _result(snapshot: Snapshot, checked: Preflight) -> RunResult:
    with_lock = (
        f"writes waited for {snapshot.locked_for.total_seconds():.2f} s"
        if snapshot.locked_for is not None
        else "no write had to wait"
    )
    figures = [("used_bytes", float(snapshot.used_bytes))]
    if snapshot.locked_for is not None:
        figures.insert(0, ("locked_seconds", snapshot.locked_for.total_seconds()))
    return RunResult(
        summary=f"Snapshot {snapshot.snapshot} of {snapshot.node} with {snapshot.provider}, "
        f"{size_text(snapshot.used_bytes)}; {with_lock}",
        warnings=checked.warnings,
        backup=snapshot.snapshot,
        figures=tuple(figures),
    )
