"""Retention: policies, previews, pins and holds, deletion with undo, and pruning."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import BackupNotFoundError, BackupProtectedError, RetentionError
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.ports.state import RunHistory
from mangrove.core.ports.vault import Vault
from mangrove.core.retention.chains import LostWindow
from mangrove.core.retention.facts import series_words
from mangrove.core.retention.forecast import forecast
from mangrove.core.retention.marks import NO_MARKS, UNDONE_NOTE, Marks, Statement, StatementKind
from mangrove.core.retention.policy import RetentionPolicy, checked_policy
from mangrove.core.retention.rule import Judgement, Policies, Verdict, Why
from mangrove.core.run import RunId, RunKind
from mangrove.core.vaults.lock import LockMode
from mangrove.core.vaults.vault import VaultSpec
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.jobs.vaults.facts import VaultFacts, busy_backups, gather, zone_named
from mangrove.jobs.vaults.prune import MIRRORED_PHASES, PHASES, PruneBody, PrunePlan, plan_prune
from mangrove.services.backups import Backups, BackupTools

LOOK_BACK = 500


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one backup, for whoever looks.

    Attributes:
        series: The backups it is compared with, in words.
        goes_at: When it is removed for good; None when it stays.
        is_marked: Whether its deletion has begun already and can be undone.
    """

    record: BackupRecord
    verdict: Verdict
    series: str
    marks: Marks
    goes_at: datetime | None
    is_marked: bool

    @property
    def stays(self) -> bool:
        """Whether anything keeps it."""
        return self.verdict.stays

    @property
    def sentence(self) -> str:
        """Say what becomes of it and why."""
        if self.goes_at is None:
            return f"stays: {self.verdict.because}"
        return f"goes on {self.goes_at:%Y-%m-%d}: {self.verdict.because}"


@dataclass(frozen=True, slots=True)
class RetentionView:
    """Everything a preview shows of one vault.

    Attributes:
        fates: Newest first.
        plan: What a prune would do now.
        is_what_if: Whether this is what another policy would do.
        damaged: Names of statements that cannot be believed; nothing is deleted meanwhile.
    """

    vault: VaultSpec
    now: datetime
    policy: RetentionPolicy
    policies: Policies
    fates: tuple[Fate, ...]
    plan: PrunePlan
    facts: VaultFacts
    is_what_if: bool
    damaged: tuple[str, ...]

    @property
    def going(self) -> tuple[Fate, ...]:
        """The backups that go, now or later."""
        return tuple(fate for fate in self.fates if not fate.stays)

    @property
    def freed_bytes(self) -> int:
        """What the storage gets back in the end."""
        return sum(fate.record.stored_bytes for fate in self.going)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion that was begun: it can be undone until it is due."""

    backups: tuple[BackupId, ...]
    due_at: datetime
    lost: tuple[LostWindow, ...] = ()


class Retention:
    """What stays in the vaults. Calls look at storages and may block."""

    def __init__(
        self,
        tools: BackupTools,
        backups: Backups,
        catalog: WholeCatalog,
        history: RunHistory,
        person: str,
        local_zone: str = "UTC",
    ) -> None:
        self._local_zone = local_zone
        self._catalog = catalog
        self._tools = tools
        self._backups = backups
        self._history = history
        self._person = person

    def policy(self, vault: str) -> RetentionPolicy:
        """Return the policy of a vault; one that keeps everything when none was set.

        That one counts its days where this workstation is.
        """
        held = self._opened(vault).journal.read().policies()
        return held[-1].policy if held else RetentionPolicy(time_zone=self._local_zone)

    def set_policy(self, vault: str, policy: RetentionPolicy) -> RetentionPolicy:
        """Set the policy of a vault; nothing is deleted by that.

        Raises:
            InvalidPolicyError: If it makes no sense; the former one stays.
        """
        checked_policy(policy)
        zone_named(policy.time_zone)
        self._say(
            self._opened(vault),
            Statement(StatementKind.POLICY, self._now, self._person, policy=policy),
        )
        return policy

    def preview(self, vault: str, policy: RetentionPolicy | None = None) -> RetentionView:
        """Say what a prune would do and why; with a policy, what that one would do in the end.

        Raises:
            StorageUnavailableError, StorageDeniedError: As the storage says.
        """
        spec = self._tools.vaults.find(vault)
        return retention_view(spec, self._facts(spec), policy)

    def fate_of(self, backup: BackupId) -> str:
        """Say of one backup whether it stays or when it goes, and why.

        Raises:
            BackupNotFoundError: If it is not in its vault any more.
        """
        record = self._backups.find(backup)
        spec = self._tools.vaults.by_id(record.vault_id)
        fates = retention_view(spec, self._facts(spec)).fates
        found = next((fate for fate in fates if fate.record.backup == record.backup), None)
        if found is None:
            raise BackupNotFoundError(f"{record.backup} is not in its vault any more")
        return found.sentence

    def what_if(
        self, spec: VaultSpec, facts: VaultFacts, policy: RetentionPolicy | None = None
    ) -> tuple[RetentionView, Judgement]:
        """Judge what was gathered by another policy, now and a month ahead.

        Raises:
            InvalidPolicyError: If the policy makes no sense.
        """
        view = retention_view(spec, facts, policy)
        ahead = forecast(facts.entries, view.policies, facts.chains, facts.now, zone_named)
        return view, ahead

    def start_prune(self, vault: str, *, accepts_lost_moments: bool = False) -> RunId:
        """Start to mark what goes and to remove what is due, and return at once.

        Raises:
            VaultNotFoundError: Nothing was started.
        """
        tools, spec = self._tools, self._tools.vaults.find(vault)
        body = PruneBody(
            vault=tools.keeper.open(spec),
            catalog=self._catalog,
            clock=tools.clock,
            busy=self._busy,
            by=self._person,
            accepts_lost_moments=accepts_lost_moments,
            mirrors=tools.mirrors_of(spec),
            parallel=tools.parallel,
        )
        ticket = Ticket(
            kind=RunKind.PRUNE,
            title=f"Prune {spec.name}",
            phases=MIRRORED_PHASES if spec.mirrors else PHASES,
            vault=spec.name,
            claims=(Claim(f"vault {spec.name}"),),
        )
        return tools.runner.start(ticket, body)

    def pin(self, backup: str, note: str = "") -> BackupId:
        """Keep a backup until it is unpinned."""
        return self._mark(backup, StatementKind.PIN, note)

    def unpin(self, backup: str) -> BackupId:
        """Let the policy decide about a backup again.

        Raises:
            RetentionError: If it is not pinned.
        """
        self._require(backup, "pinned", lambda marks: marks.pin)
        return self._mark(backup, StatementKind.UNPIN, "")

    def hold(self, backup: str, note: str) -> BackupId:
        """Put a legal hold on a backup.

        Raises:
            RetentionError: Without a note: a hold says why.
        """
        if not note.strip():
            raise RetentionError(
                "a legal hold says what it is for; nothing was changed", hint="give a note"
            )
        return self._mark(backup, StatementKind.HOLD, note)

    def release(self, backup: str, note: str = "") -> BackupId:
        """Take a legal hold off.

        Raises:
            RetentionError: If there is none.
        """
        self._require(backup, "under a legal hold", lambda marks: marks.hold)
        return self._mark(backup, StatementKind.RELEASE, note)

    def undo(self, backup: str) -> BackupId:
        """Take a deletion back, and pin the backup: its policy would let it go again.

        Raises:
            RetentionError: If it was not to go.
        """
        record = self._backups.find(backup)
        vault = self._vault_of(record)
        marks = vault.journal.read().marks().get(record.backup, NO_MARKS)
        if marks.deletion is None:
            raise RetentionError(f"{record.backup} is not being deleted; nothing was changed")
        now, whom, those = self._now, self._person, (record.backup,)
        self._say(
            vault,
            Statement(StatementKind.PIN, now, whom, those, UNDONE_NOTE),
            Statement(StatementKind.UNDO, now, whom, those),
        )
        return record.backup

    def deletion_of(self, backup: str) -> Deletion:
        """Say what deleting one backup by hand would mean; nothing is changed.

        Raises:
            BackupProtectedError: If it has to stay, with the reasons.
        """
        record = self._backups.find(backup)
        spec = self._tools.vaults.by_id(record.vault_id)
        return self._planned(record, self._facts(spec))

    def delete(
        self, backup: str, note: str = "", *, accepts_lost_moments: bool = False
    ) -> Deletion:
        """Begin to delete one backup: it can be undone until a prune finds it due.

        Raises:
            BackupProtectedError: If it has to stay, with the reasons.
            RetentionError: If moments would stop being restorable and nobody agreed to that.
        """
        record = self._backups.find(backup)
        spec = self._tools.vaults.by_id(record.vault_id)
        facts = self._facts(spec)
        facts.require_readable()
        planned = self._planned(record, facts)
        if planned.lost and not accepts_lost_moments:
            lost = " ".join(f"{window.sentence}." for window in planned.lost)
            raise RetentionError(
                f"{lost} Nothing was deleted", hint="agree with --yes-lose-moments"
            )
        statement = Statement(
            StatementKind.DELETE,
            facts.now,
            self._person,
            planned.backups,
            note,
            planned.due_at,
            by_hand=True,
        )
        self._say(self._tools.keeper.open(spec), statement)
        return planned

    # --- inside --------------------------------------------------------------------------

    @property
    def _now(self) -> datetime:
        return self._tools.clock.now()

    def _opened(self, vault: str) -> Vault:
        return self._tools.keeper.open(self._tools.vaults.find(vault))

    def _vault_of(self, record: BackupRecord) -> Vault:
        return self._tools.keeper.open(self._tools.vaults.by_id(record.vault_id))

    def _busy(self) -> dict[BackupId, str]:
        return busy_backups(self._history.recent(LOOK_BACK))

    def _facts(self, spec: VaultSpec) -> VaultFacts:
        return gather(self._tools.keeper.open(spec), self._catalog, self._busy(), self._now)

    def _require(self, backup: str, what: str, said: Callable[[Marks], Statement | None]) -> None:
        record = self._backups.find(backup)
        marks = self._vault_of(record).journal.read().marks().get(record.backup, NO_MARKS)
        if said(marks) is None:
            raise RetentionError(f"{record.backup} is not {what}; nothing was changed")

    def _mark(self, backup: str, kind: StatementKind, note: str) -> BackupId:
        record = self._backups.find(backup)
        statement = Statement(kind, self._now, self._person, (record.backup,), note.strip())
        self._say(self._vault_of(record), statement)
        return record.backup

    def _say(self, vault: Vault, *statements: Statement) -> None:
        """Store statements beside other writers, but not while somebody deletes."""
        lease = vault.locks.take(LockMode.SHARED, "a note about what stays")
        try:
            for statement in statements:
                vault.journal.add(statement)
        finally:
            lease.release()

    def _planned(self, record: BackupRecord, facts: VaultFacts) -> Deletion:
        before, after = facts.judged(), facts.without(record.backup).judged()
        found = {v.entry.backup: v for v in before.verdicts}.get(record.backup)
        if found is None:
            raise RetentionError(f"{record.backup} is not in its vault any more")
        spared = {v.entry.backup: v for v in after.verdicts}[record.backup]
        reasons = found.guards or spared.reasons
        if reasons:
            raise BackupProtectedError(
                f"{record.backup} has to stay: {', '.join(r.text for r in reasons)}; "
                "nothing was deleted",
                hint=_way_out(reasons[0].why),
            )
        lost = tuple(w for w in after.lost if w not in before.lost)
        return Deletion((record.backup,), facts.now + facts.policy.undo, lost)


def retention_view(
    spec: VaultSpec, facts: VaultFacts, policy: RetentionPolicy | None = None
) -> RetentionView:
    """Judge what was gathered; quick enough to do at every change of a policy's numbers."""
    what_if = None if policy is None else Policies(checked_policy(policy))
    judgement = facts.judged(what_if)
    plan = plan_prune(facts, judgement)
    records = {item.record.backup: item.record for item in facts.seen}
    fates = tuple(
        _fate(verdict, records[verdict.entry.backup], facts, plan) for verdict in judgement.verdicts
    )
    return RetentionView(
        vault=spec,
        now=facts.now,
        policy=policy or facts.policy,
        policies=what_if or facts.policies,
        fates=fates,
        plan=plan,
        facts=facts,
        is_what_if=what_if is not None,
        damaged=facts.journal.damaged,
    )


def _fate(verdict: Verdict, record: BackupRecord, facts: VaultFacts, plan: PrunePlan) -> Fate:
    marks = facts.marks.get(record.backup, NO_MARKS)
    due_at = marks.deletion.due_at if marks.deletion is not None else None
    return Fate(
        record=record,
        verdict=verdict,
        series=series_words(record),
        marks=marks,
        goes_at=None if verdict.stays else due_at or plan.due_at,
        is_marked=due_at is not None and not verdict.stays,
    )


def _way_out(why: Why) -> str:
    return {
        Why.PIN: "unpin it first",
        Why.HOLD: "release the legal hold first",
        Why.BUSY: "wait until that is done",
        Why.CHAIN_BASE: "take a new backup first; the chain can go on from that",
    }.get(why, "take and verify a newer backup first")
