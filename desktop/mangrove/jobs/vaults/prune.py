"""The prune body: decides, marks what goes, and removes for good what was marked long enough."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from mangrove.core.backup import BackupId
from mangrove.core.errors import BackupNotFoundError, ConfirmationMissingError, MangroveError
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.mirror import Mirror
from mangrove.core.ports.vault import Vault
from mangrove.core.retention.chains import LostWindow, SliceVerdict, lost_windows
from mangrove.core.retention.marks import Statement, StatementKind
from mangrove.core.retention.rule import Judgement, Verdict, ageing_slices
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vaults.lock import LockMode
from mangrove.core.vaults.object_lock import NOTHING_HIDDEN, Hidden
from mangrove.core.wording import counted, is_or_are
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults.facts import VaultFacts, gather
from mangrove.jobs.vaults.leasing import leased
from mangrove.jobs.vaults.mirror_sign import require_sign
from mangrove.jobs.vaults.shrinking import Left, shrink
from mangrove.jobs.workers import each, side_by_side

PHASES = (Phase.DECIDE, Phase.MARK, Phase.PURGE)
MIRRORED_PHASES = (*PHASES, Phase.SHRINK)


@dataclass(frozen=True, slots=True)
class PruneBody:
    """Bring a vault in line with its policy.

    Attributes:
        busy: Tells which backups runs of this workstation use.
        by: Who prunes, as statements name people.
        accepts_lost_moments: Whether somebody agreed that moments stop being restorable.
        mirrors: Let go of the same, each by its own listing.
    """

    vault: Vault
    catalog: WholeCatalog
    clock: Clock
    busy: Callable[[], dict[BackupId, str]]
    by: str
    accepts_lost_moments: bool = False
    mirrors: Sequence[Mirror] = ()
    parallel: int = 2

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: Between two backups nothing is half done; one that was being removed is
                no backup any more, and the rest of it is debris.
            RetentionError: If a statement is damaged; nothing was deleted.
            ConfirmationMissingError: If moments would stop being restorable; nothing was deleted.
        """
        ctx.enter(Phase.DECIDE)
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased(ctx, self.vault, LockMode.EXCLUSIVE, f"prune of {self._name}", self.clock),
        ):
            now = self.clock.now()
            facts = gather(self.vault, self.catalog, self.busy(), now, lambda _: ctx.check())
            facts.require_readable()
            plan = plan_prune(facts, facts.judged())
            if plan.lost and not self.accepts_lost_moments:
                lost = " ".join(f"{window.sentence}." for window in plan.lost)
                raise ConfirmationMissingError(
                    f"{lost} Nothing was deleted",
                    hint="agree with --yes-lose-moments, or keep more bases",
                )
            return _Pruning(self, ctx, facts, plan).run()

    @property
    def _name(self) -> str:
        return self.vault.spec.name


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What a prune does now.

    Attributes:
        marks: Go from now on, and can be taken back until they are due.
        kept: Stay.
        spared: Those of them that were to go.
        purges: Are removed for good: marked long enough, and nothing keeps them.
        lost: Moments that stop being restorable by what is marked now.
        due_at: When what is marked now is removed for good.
    """

    marks: tuple[Verdict, ...]
    kept: tuple[Verdict, ...]
    spared: tuple[Verdict, ...]
    purges: tuple[Verdict, ...]
    slices: tuple[SliceVerdict, ...]
    lost: tuple[LostWindow, ...]
    due_at: datetime

    @property
    def purged_bytes(self) -> int:
        """What the storage gets back now."""
        backups = sum(verdict.entry.stored_bytes for verdict in self.purges)
        return backups + sum(verdict.slice.stored_bytes for verdict in self.slices)

    @property
    def marked_bytes(self) -> int:
        """What it gets back when the marks are due."""
        return sum(verdict.entry.stored_bytes for verdict in self.marks)


def plan_prune(facts: VaultFacts, judgement: Judgement) -> PrunePlan:
    """Say what a prune would do now; the preview and the run both come here."""
    marked = {b: m.deletion for b, m in facts.marks.items() if m.deletion is not None}
    due_at = facts.now + facts.policy.undo
    going = judgement.going
    new = tuple(v for v in going if v.entry.backup not in marked)
    purges = tuple(v for v in going if _due(marked.get(v.entry.backup), due_at) <= facts.now)
    kept = tuple(v for v in judgement.verdicts if v.stays)
    gone = {v.entry.backup for v in purges}
    remaining = {e.backup for e in facts.entries} - gone
    points = None if facts.policies.former else facts.policy.points_of_last
    leaving = {v.entry.backup for v in going}
    before = {e.backup for e in facts.entries if e.backup not in marked or e.backup not in leaving}
    after = {e.backup for e in facts.entries} - leaving
    return PrunePlan(
        marks=new,
        kept=kept,
        spared=tuple(v for v in kept if v.entry.backup in marked),
        purges=purges,
        slices=ageing_slices(facts.chains, remaining, facts.now, points),
        lost=lost_windows(facts.chains, before, after, points),
        due_at=due_at,
    )


def _due(statement: Statement | None, otherwise: datetime) -> datetime:
    return statement.due_at if statement is not None and statement.due_at else otherwise


@dataclass(slots=True)
class _Pruning:
    """One prune at work."""

    body: PruneBody
    ctx: RunContext
    facts: VaultFacts
    plan: PrunePlan
    losses: list[Loss] = field(default_factory=list)
    freed_bytes: int = 0
    hidden: Hidden = NOTHING_HIDDEN
    guard: Lock = field(default_factory=Lock)
    mirrored: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def run(self) -> RunResult:
        self.ctx.enter(Phase.MARK)
        self._say(StatementKind.UNDO, self.plan.spared, "it has to stay after all")
        self._say(StatementKind.DELETE, self.plan.marks, "")
        self.ctx.enter(Phase.PURGE, self.plan.purged_bytes)
        purge = each(self._purge, self.plan.purges)
        side_by_side(purge, self.body.parallel, "mangrove-purge")
        self._remove_slices()
        self._shrink_mirrors()
        self._tidy()
        return self._result()

    def _say(self, kind: StatementKind, verdicts: Iterable[Verdict], note: str) -> None:
        backups = tuple(verdict.entry.backup for verdict in verdicts)
        if backups:
            due_at = self.plan.due_at if kind is StatementKind.DELETE else None
            self.body.vault.journal.add(
                Statement(kind, self.facts.now, self.body.by, backups, note, due_at)
            )

    def _purge(self, verdict: Verdict) -> None:
        backup = verdict.entry.backup
        self.ctx.check()
        self.ctx.log(f"{backup} is removed: {verdict.because}")
        with suppress(BackupNotFoundError):
            for info in self.body.vault.purge(backup):
                self.ctx.advance(info.size_bytes)
                self._note(info.size_bytes, NOTHING_HIDDEN)
            rest = self.body.vault.hidden(backup)
            self._note(0, rest)
            if not rest.is_nothing:
                self.ctx.log(f"{backup}: {rest.sentence}")
        try:
            self.body.catalog.remove(self.body.vault.spec.vault_id, backup)
        except MangroveError as error:
            self.ctx.log(f"{backup} is still in the catalog: {error.message}")

    def _note(self, removed_bytes: int, rest: Hidden) -> None:
        with self.guard:  # backups are removed side by side
            self.freed_bytes += removed_bytes
            self.hidden = self.hidden.joined(rest)

    def _remove_slices(self) -> None:
        """Remove slices, then let the catalog say so: it is corrected where a cancel came first."""
        if not self.plan.slices:
            return
        shelf, spec = self.body.vault.slices(), self.body.vault.spec
        try:
            for verdict in self.plan.slices:
                self.ctx.check()
                self._note(verdict.slice.stored_bytes, shelf.remove(verdict.slice.name))
                self.ctx.advance(verdict.slice.stored_bytes)
        finally:
            with suppress(MangroveError):
                slices = tuple(shelf.survey(self.facts.slices))
                self.body.catalog.replace_slices(spec.vault_id, slices, shelf.breaks())

    def _shrink_mirrors(self) -> None:
        """Let mirrors go the same way; one that is late or away is caught up by the next prune."""
        if not self.body.mirrors:
            return
        self.ctx.enter(Phase.SHRINK)
        left = self._left()
        for mirror in self.body.mirrors:
            name = mirror.spec.name
            try:
                with self.ctx.aborting_on_cancel(mirror.abort):
                    require_sign(mirror, self.ctx.cancelled)
                    shrunk = shrink(self.ctx, mirror, left)
            except MangroveError as error:
                self.ctx.check()
                self.warnings.append(
                    f"the mirror {name} was not shrunk, the next prune does it: {error.message}"
                )
                continue
            self.mirrored.append(shrunk.sentence(name))
            if shrunk.kept:
                self.warnings.append(_kept_words(name, shrunk.kept))

    def _left(self) -> Left:
        facts, gone = self.facts, {verdict.entry.backup for verdict in self.plan.purges}
        removed = {verdict.slice.name for verdict in self.plan.slices}
        return Left(
            now=facts.now,
            journal=self.body.vault.journal.read(),
            records=[item.record for item in facts.seen],
            backups={item.record.backup for item in facts.seen} - gone,
            slices=[piece for piece in facts.slices if piece.blob.name not in removed],
            points_of_last=None if facts.policies.former else facts.policy.points_of_last,
        )

    def _tidy(self) -> None:
        """Remove statements that say nothing any more; what stays is only in the way."""
        gone = {verdict.entry.backup for verdict in self.plan.purges}
        there = [e.backup for e in self.facts.entries if e.backup not in gone]
        with suppress(MangroveError):
            journal = self.body.vault.journal
            journal.remove(journal.read().outdated(there, self.facts.now))

    def _result(self) -> RunResult:
        plan = self.plan
        purged, marked = len(plan.purges), len(plan.marks)
        gone = "removed for good" if self.hidden.is_nothing else "hidden, not removed"
        parts = [
            f"{counted(purged, 'backup')} {is_or_are(purged)} {gone}",
            f"{counted(marked, 'more')} goes on {plan.due_at:%Y-%m-%d %H:%M} UTC unless undone"
            if marked
            else "",
            f"{counted(len(plan.slices), 'oplog slice')} {gone}" if plan.slices else "",
            self.hidden.sentence,
            *self.mirrored,
        ]
        nothing = not (purged or marked or plan.slices or any(self.mirrored))
        return RunResult(
            summary="nothing is to go now; every backup stays"
            if nothing
            else "; ".join(filter(None, parts)),
            warnings=(*(window.sentence for window in plan.lost), *self.warnings),
            figures=(
                ("purged", purged),
                ("marked", marked),
                ("kept", len(plan.kept)),
                ("freed_bytes", self.hidden.left_of(self.freed_bytes)),
                ("hidden_bytes", self.hidden.size_bytes),
                ("freed_later_bytes", plan.marked_bytes),
            ),
        )


def _kept_words(name: str, kept: tuple[BackupId, ...]) -> str:
    number, names = len(kept), ", ".join(kept[:3])
    return (
        f"the mirror {name} holds {counted(number, 'backup')} that {is_or_are(number)} gone from"
        f" the vault although nobody deleted {'it' if number == 1 else 'them'}: {names};"
        " bring back what was lost with: mangrove vault check NAME --repair"
    )
