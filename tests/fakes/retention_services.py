"""A stand-in for the retention service: the real rule over sample backups, statements in memory."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fakes import sample_data
from fakes.activity import FakeActivity
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import SeenBackup
from mangrove.core.errors import MangroveError
from mangrove.core.growth import Growth, growth_of
from mangrove.core.retention.facts import entries_of
from mangrove.core.retention.forecast import forecast
from mangrove.core.retention.marks import Journal, Statement, StatementKind
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy, checked_policy
from mangrove.core.retention.rule import Judgement
from mangrove.core.run import RunId, RunKind
from mangrove.core.vaults.vault import VaultSpec
from mangrove.jobs.vaults.facts import VaultFacts, zone_named
from mangrove.services.retention import Deletion, RetentionView, retention_view

if TYPE_CHECKING:
    from fakes.services import FakeBackups, FakeVaults

BY = "ann@desk"
POLICY = RetentionPolicy(
    (KeepRule(Period.LAST, 3), KeepRule(Period.DAILY, 7), KeepRule(Period.WEEKLY, 4))
)


@dataclass
class FakeRetention:
    """What stays in the sample vaults. ``problem`` makes every look fail, ``refusal`` every act."""

    backups: "FakeBackups"
    vaults: "FakeVaults"
    activity: FakeActivity
    problem: MangroveError | None = None
    refusal: MangroveError | None = None
    statements: list[Statement] = field(default_factory=list)
    damaged: tuple[str, ...] = ()
    prunes: list[tuple[str, bool]] = field(default_factory=list)

    def facts(self, vault: str) -> VaultFacts:
        spec = self.vaults.find(vault)
        seen = tuple(SeenBackup(r) for r in self.backups.rows if r.vault_id == spec.vault_id)
        first = Statement(
            StatementKind.POLICY, sample_data.NOW - timedelta(days=90), BY, policy=POLICY
        )
        journal = Journal((first, *self.statements), self.damaged)
        marks = journal.marks()
        entries = tuple(entries_of(seen, marks, {}))
        return VaultFacts(sample_data.NOW, seen, journal, marks, entries, ())

    def policy(self, vault: str) -> RetentionPolicy:
        return self.facts(vault).policy

    def set_policy(self, vault: str, policy: RetentionPolicy) -> RetentionPolicy:
        del vault
        checked_policy(policy)
        self._say(StatementKind.POLICY, policy=policy)
        return policy

    def preview(self, vault: str, policy: RetentionPolicy | None = None) -> RetentionView:
        if self.problem:
            raise self.problem
        return retention_view(self.vaults.find(vault), self.facts(vault), policy)

    def what_if(
        self, spec: VaultSpec, facts: VaultFacts, policy: RetentionPolicy | None = None
    ) -> tuple[RetentionView, Judgement]:
        view = retention_view(spec, facts, policy)
        ahead = forecast(facts.entries, view.policies, facts.chains, facts.now, zone_named)
        return view, ahead

    def fate_of(self, backup: str) -> str:
        record = self.backups.find(backup)
        spec = self.vaults.by_id(record.vault_id)
        fates = self.preview(spec.name).fates
        return next(f.sentence for f in fates if f.record.backup == record.backup)

    def start_prune(self, vault: str, *, accepts_lost_moments: bool = False) -> RunId:
        self.prunes.append((vault, accepts_lost_moments))
        return self.activity.begin(RunKind.PRUNE, f"Prune {vault}", "", vault)

    def pin(self, backup: str, note: str = "") -> BackupId:
        return self._say(StatementKind.PIN, backup, note)

    def unpin(self, backup: str) -> BackupId:
        return self._say(StatementKind.UNPIN, backup)

    def hold(self, backup: str, note: str) -> BackupId:
        return self._say(StatementKind.HOLD, backup, note)

    def release(self, backup: str, note: str = "") -> BackupId:
        return self._say(StatementKind.RELEASE, backup, note)

    def undo(self, backup: str) -> BackupId:
        self._say(StatementKind.UNDO, backup)
        return self._say(StatementKind.PIN, backup)

    def deletion_of(self, backup: str) -> Deletion:
        if self.refusal:
            raise self.refusal
        return Deletion((BackupId(backup),), sample_data.NOW + timedelta(days=7))

    def delete(
        self, backup: str, note: str = "", *, accepts_lost_moments: bool = False
    ) -> Deletion:
        del accepts_lost_moments
        planned = self.deletion_of(backup)
        self._say(StatementKind.DELETE, backup, note)
        made = self.statements.pop()
        self.statements.append(replace(made, due_at=planned.due_at, by_hand=True))
        return planned

    def _say(
        self,
        kind: StatementKind,
        backup: str = "",
        note: str = "",
        policy: RetentionPolicy | None = None,
    ) -> BackupId:
        if self.refusal:
            raise self.refusal
        at = sample_data.NOW + timedelta(microseconds=len(self.statements))
        whom = (BackupId(backup),) if backup else ()
        self.statements.append(Statement(kind, at, BY, whom, note, policy=policy))
        return BackupId(backup)


@dataclass
class FakeUpkeep:
    """The real figures over sample backups."""

    backups: "FakeBackups"
    vaults: "FakeVaults"
    started: list[str] = field(default_factory=list)
    has_copies: bool = True

    def start_check(self, vault: str) -> RunId:
        self.started.append(f"check {vault}")
        return RunId("check")

    def start_mending(self, vault: str) -> RunId | None:
        self.started.append(f"mend {vault}")
        return RunId("mend") if self.has_copies else None

    def growth(self, vault: str, free_bytes: int | None = None) -> tuple[Growth, ...]:
        vault_id = self.vaults.find(vault).vault_id
        records = [r for r in self.backups.rows if r.vault_id == vault_id]
        return growth_of(records, sample_data.NOW, free_bytes)
