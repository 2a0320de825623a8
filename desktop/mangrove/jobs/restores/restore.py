"""The restore body: check everything first, load, index, compare; replace only at the very end."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import BackupId, IndexChoice, OnExisting, RestoreRequest, SafetyBackup
from mangrove.core.command_line import command_line
from mangrove.core.copy import CopySource, copy_plan
from mangrove.core.errors import MangroveError, RunCancelled
from mangrove.core.manifest import Manifest, documents_of_backup
from mangrove.core.namespace import Namespace
from mangrove.core.pitr.planning import RewindPlan
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.state import MakingRegister
from mangrove.core.profile import Profile
from mangrove.core.restores.leftovers import working_namespace
from mangrove.core.restores.naming import target_namer
from mangrove.core.restores.plan import PlannedNamespace, RestorePlan
from mangrove.core.restores.unfinished import Unfinished
from mangrove.core.run import Phase, RunResult
from mangrove.core.wording import bucket_figure, content_of_all, counted, is_or_are, named
from mangrove.jobs.accounts import clear_leftovers, merge_accounts, reported, with_accounts
from mangrove.jobs.context import RunContext, is_of_cancel
from mangrove.jobs.entering import entering
from mangrove.jobs.pacing import Pace
from mangrove.jobs.restores.destination import Destination
from mangrove.jobs.restores.loading import Loader
from mangrove.jobs.restores.making import Making
from mangrove.jobs.restores.placing import PLAIN, Placement, put_in_place
from mangrove.jobs.restores.planning import planned
from mangrove.jobs.restores.rewinding import OplogPart, Rewinding, oplog_part, refuse_unfit, told
from mangrove.jobs.vaults.mirror import told_of_copies

PHASES = (
    Phase.CONNECT,
    Phase.PREFLIGHT,
    Phase.CHECK_STORED,
    Phase.SAFETY,
    Phase.LOAD,
    Phase.INDEXES,
    Phase.COMPARE,
    Phase.SWAP,
)
REWIND_PHASES = (
    *PHASES[:3],
    Phase.LOOK,
    Phase.SAFETY,
    Phase.LOAD,
    Phase.COMPARE,
    Phase.REPLAY,
    Phase.INDEXES,
    Phase.SWAP,
)
_COMPARED = {
    IndexChoice.AFTER: "counts, digests, options and indexes were compared",
    IndexChoice.BEFORE: "counts, digests, options and indexes were compared",
    IndexChoice.NEVER: "counts, digests and options were compared; no secondary index was built",
}
TakeSafetyBackup = Callable[[RunContext, tuple[Namespace, ...]], str]


def phases_of(request: RestoreRequest, *, has_oplog: bool = False) -> tuple[Phase, ...]:
    """Return the phases a restore goes through."""
    asked = request.users_and_roles is UsersAndRoles.INCLUDE
    is_plain = request.rewind_to is None and not has_oplog
    phases: tuple[Phase, ...] = PHASES if is_plain else REWIND_PHASES
    may_replace = bool(request.replace) or request.on_existing is OnExisting.DROP
    if not may_replace or request.safety is SafetyBackup.SKIP:  # then none is ever taken
        phases = tuple(phase for phase in phases if phase is not Phase.SAFETY)
    return (*phases, Phase.ACCOUNTS) if asked else phases


def _no_mark(_: RunContext) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class RestoreBody:
    """Bring a backup, or a part of it, into a deployment.

    Existing collections stay untouched until their replacement is complete and compared.

    Attributes:
        at: The moment that copies are named after.
        safety: Takes a backup of the collections that will be replaced, returns its id.
        register: Remembers what is made, should this process be killed.
        rewind: Slices that are replayed onto the backup; None for the backup as it is. The
            oplog of an oplog-consistent one is always replayed.
        oplog: Replayed instead of all that: what came with a dump.
        is_stored: Whether it lies in a vault, and so is compared before anything is written.
        source: The deployment that is copied, when no backup is restored; the log says so.
        marking: Notes what happens while its block lasts as a break of the profile's chains.
    """

    request: RestoreRequest
    profile: Profile
    gate: Gate
    vault: Contents
    clock: Clock
    at: datetime
    safety: TakeSafetyBackup
    register: MakingRegister
    parallel: int = 2
    rewind: RewindPlan | None = None
    marking: Callable[[RunContext], AbstractContextManager[None]] = _no_mark
    oplog: OplogPart | None = None
    is_stored: bool = True
    source: CopySource | None = None

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: What was created is dropped again; what existed is as it was.
            TargetNotEmptyError, ReplayRefusedError: Before anything was written.
            ConnectError, VaultError, RestoreError: As the ports raised them.
        """
        started_s = self.clock.monotonic_s()
        ctx.enter(Phase.CONNECT)
        manifest = documents_of_backup(self.vault.manifest(self.request.backup))
        self.vault.require_key(manifest)
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            entering(ctx, self.gate.open_sink(self.profile)) as sink,
        ):
            ctx.enter(Phase.PREFLIGHT)
            with ctx.aborting_on_cancel(sink.abort):
                plan = self._plan(manifest, sink)
                clear_leftovers(ctx, sink)
            for said in (plan.sentence, *plan.notes):
                ctx.log(said)
            part = self.oplog or oplog_part(manifest, self.vault, self.rewind)
            if part is not None:
                refuse_unfit(self.request, plan, manifest)
            loader = self._loader(ctx, manifest, sink, plan, replays=part is not None)
            if self.is_stored:
                loader.check_stored()
            rewinding = self._rewinding(manifest, loader, plan, part) if part else None
            if rewinding is not None:
                rewinding.check()
            saved = self._back_up_replaced(ctx, rewinding.replaced if rewinding else plan.replaced)
            making = Making(ctx, sink, self.register, self.profile.profile_id, self.clock)
            loader.making = making
            with (
                self._marked(ctx, manifest, plan),
                making.of(self._made(plan, rewinding), plan.filled, loader.created),
                _taking_back(loader, plan),
                ctx.aborting_on_cancel(sink.abort),
            ):
                moves = self._fill(loader, rewinding)
                sink.settle()
                self._put_in_place(ctx, loader, plan, moves)
            lost = merge_accounts(ctx, sink, self.vault, manifest, plan.accounts)
            warnings = sink.facts().warnings
        result = self._result(plan, loader, self.clock.monotonic_s() - started_s)
        if rewinding is not None:
            result = _rewound(result, rewinding, self.rewind)
        copies = told_of_copies(ctx, self.vault)
        warnings = (*warnings, *copies, *plan.warnings, *result.warnings)
        result = _with_safety(replace(result, warnings=warnings), saved)
        return reported(result, plan.accounts, lost)

    def _plan(self, manifest: Manifest, sink: RestoreSink) -> RestorePlan:
        """Look at the target, and refuse what nobody confirmed or nobody may do."""
        plan = planned(manifest, self.request, sink, self.at)
        plan = with_accounts(plan, manifest, self.request, self.vault, sink)
        if self.rewind is not None:
            plan = told(plan, self.rewind)
        if self.source is not None:
            self.source.refuse_itself(plan, sink.mark())
            plan = copy_plan(plan)
        plan.require_confirmed()
        sink.check_privileges([*plan.creates, *plan.occupied], plan.validated)
        return plan

    def _fill(self, loader: Loader, rewinding: Rewinding | None) -> list[Placement]:
        """Load, and replay where asked; returns what is to be put in place."""
        loader.load()
        if rewinding is None:
            loader.build_indexes()
            loader.compare()
            return [
                Placement(d.working, d.target, d.entry.kind)
                for d in loader.made
                if d.working != d.target
            ]
        loader.compare()
        rewinding.run()
        rewinding.build_indexes(self.request.indexes)
        return rewinding.placements

    def _made(self, plan: RestorePlan, rewinding: Rewinding | None) -> list[Unfinished]:
        """Return what is created under its final name, with what is known of its size."""
        is_known = rewinding is None
        new = set(plan.creates)
        loaded = [
            Unfinished(
                p.target,
                documents=(p.entry.documents or None) if is_known else None,
                is_estimate=not self.is_stored,
                in_new_database=p.target.database in new,
            )
            for p in plan.namespaces
            if not (p.replaces or p.fills)
        ]
        makes = rewinding.makes if rewinding is not None else ()
        return [*loaded, *(Unfinished(n, in_new_database=n.database in new) for n in makes)]

    def _rewinding(
        self, manifest: Manifest, loader: Loader, plan: RestorePlan, part: OplogPart
    ) -> Rewinding:
        token = secrets.token_hex(4)
        numbers = count()
        return Rewinding(
            ctx=loader.ctx,
            sink=loader.sink,
            vault=self.vault,
            loader=loader,
            plan=plan,
            part=part,
            target_of=target_namer(manifest, self.request, self.at),
            working_name=lambda name: working_namespace(name, f"{token}r{next(numbers)}"),
            confirmed=self.request.replace,
        )

    def _marked(
        self, ctx: RunContext, manifest: Manifest, plan: RestorePlan
    ) -> AbstractContextManager[None]:
        """Note a break while data of the very deployment that was backed up is changed."""
        in_place = any(p.target == p.entry.namespace for p in plan.namespaces)
        if manifest.profile_slug != self.profile.slug or not in_place:
            return nullcontext()
        return self.marking(ctx)

    def _loader(
        self,
        ctx: RunContext,
        manifest: Manifest,
        sink: RestoreSink,
        plan: RestorePlan,
        *,
        replays: bool,
    ) -> Loader:
        token = secrets.token_hex(4)
        return Loader(
            vault=self.vault,
            manifest=manifest,
            sink=sink,
            ctx=ctx,
            destinations=[_destination(p, f"{token}{n}") for n, p in enumerate(plan.namespaces)],
            indexes=IndexChoice.NEVER if replays else self.request.indexes,
            on_refusal=self.request.on_refusal,
            pace=Pace(ctx, self.clock, self.request.limit_bytes_per_s),
            parallel=self.parallel,
        )

    def _back_up_replaced(
        self, ctx: RunContext, replaced: tuple[Namespace, ...]
    ) -> BackupId | None:
        if not replaced or self.request.safety is SafetyBackup.SKIP:
            return None
        ctx.enter(Phase.SAFETY, note="of what will be replaced")
        with ctx.within(Phase.SAFETY):
            taken = self.safety(ctx, replaced)
        ctx.log(f"safety backup taken: {taken}")
        return BackupId(taken)

    def _put_in_place(
        self, ctx: RunContext, loader: Loader, plan: RestorePlan, moves: Sequence[Placement]
    ) -> None:
        ctx.enter(Phase.SWAP)
        replaced: list[str] = []
        sink = loader.sink
        databases = sorted({move.target.database for move in moves})
        there = {i.namespace: i.kind for name in databases for i in sink.existing(name)}
        try:
            for move in moves:
                put_in_place(loader, move, there.get(move.target, PLAIN))
                replaced.append(str(move.target))
                ctx.log(f"{move.target} was replaced")
        except MangroveError as error:
            if replaced:
                names = ", ".join(replaced)
                error.message += f"; replaced before that: {names}"
                error.details["unfinished"] = names
            raise
        loader.created.clear()
        if plan.replaced or moves:
            sink.settle()

    def _result(self, plan: RestorePlan, loader: Loader, seconds: float) -> RunResult:
        names = ", ".join((*plan.creates, *plan.occupied))
        lost = f"; {counted(len(loader.losses), 'problem')} listed" if loader.losses else ""
        same = "" if loader.losses else f"; {self._compared(plan)}"
        there = f"; there already: {counted(loader.already, 'document')}" if plan.filled else ""
        held = content_of_all(loader.inserted, loader.inserted_buckets)
        return RunResult(
            summary=f"{counted(len(loader.made), 'collection')} with {held} "
            f"{is_or_are(len(loader.made))} in {names} on {self.profile.name}{there}{same}{lost}",
            losses=tuple(loader.losses),
            backup=self.request.backup or None,
            figures=(
                ("documents", loader.inserted),
                *bucket_figure(loader.inserted_buckets),
                ("documents_failed", sum(loss.count for loss in loader.losses)),
                ("bson_bytes", loader.read_bytes),
                ("seconds", seconds),
                *((("documents_already_there", loader.already),) if plan.filled else ()),
            ),
            targets=(*plan.creates, *plan.occupied),
        )

    def _compared(self, plan: RestorePlan) -> str:
        if not plan.filled:
            return _COMPARED[self.request.indexes]
        kept = f"{len(plan.filled)} existing collections were not compared with the backup"
        is_all = len(plan.filled) == len(plan.namespaces)
        return kept if is_all else f"{kept}; of the new ones {_COMPARED[self.request.indexes]}"


def _destination(item: PlannedNamespace, token: str) -> Destination:
    """Load beside what exists, under a name that nobody else has."""
    if not item.replaces:
        return Destination(item.entry, item.target, item.target, item.fills)
    return Destination(item.entry, item.target, working_namespace(item.target, token))


def _with_safety(result: RunResult, saved: BackupId | None) -> RunResult:
    """Say where what was replaced is now."""
    if saved is None:
        return result
    summary = f"{result.summary}; what was replaced is in the safety backup {saved}"
    return replace(result, summary=summary, safety_backup=saved)


def _rewound(result: RunResult, rewinding: Rewinding, rewind: RewindPlan | None) -> RunResult:
    """Say what was replayed, and what stays of what was not there at the moment."""
    outcome, summary = rewinding.outcome, result.summary
    if rewind is not None:
        moment = f"{rewind.limit.at:%Y-%m-%d %H:%M:%S} UTC ({rewind.limit})"
        summary = f"as it was before {moment}: first {rewind.base.backup}: {summary}"
    left = tuple(
        f"{name} did not exist at the moment; the existing one was left as it is"
        for name in rewinding.left_over
    )
    return replace(
        result,
        summary=f"{summary}; then {outcome.sentence()}",
        warnings=(*result.warnings, *left),
        figures=(
            *result.figures,
            ("oplog_entries", sum(outcome.entries.values())),
            ("operations", outcome.operations),
        ),
    )


@contextmanager
def _taking_back(loader: Loader, plan: RestorePlan) -> Iterator[None]:
    try:
        yield
    except (Exception, RunCancelled) as error:
        is_cancelled = loader.ctx.cancelled.is_set()
        if is_cancelled:
            loader.sink.abort()  # a server that does not answer is not waited for
        loader.ctx.note(f"dropping {len(loader.created)} unfinished collections")
        loader.take_back(plan.creates)
        if got := ", ".join(f"{n} ({count:,})" for n, count in loader.added.items() if count):
            said = f"documents were added to existing collections and stay: {got}"
            loader.ctx.log(said)
            if isinstance(error, MangroveError):
                error.message += f"; {said}"
        names = sorted(map(str, loader.created))
        clean = command_line("profile", "clean", plan.profile)
        left = f"{named(names)} stayed there incomplete; list and remove what stayed with: {clean}"
        if names and is_cancelled and is_of_cancel(error):
            raise RunCancelled(f"cancelled; {left}") from error
        if isinstance(error, MangroveError) and names:
            error.message += f"; {left}"
            error.details["unfinished"] = ", ".join(names)
        raise
