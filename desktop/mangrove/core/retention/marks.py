"""What people and policies have said about a vault's backups: pins, holds, deletions, policies.

Each saying is a statement that stays in the vault, signed, so that all workstations agree; the
newest one on a matter counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.backup import BackupId
from mangrove.core.retention.policy import PolicyInForce, RetentionPolicy

TOLD_FOR = timedelta(days=90)
UNDONE_NOTE = "its deletion was undone"


class StatementKind(StrEnum):
    """What is said."""

    PIN = "pin"
    UNPIN = "unpin"
    HOLD = "hold"
    RELEASE = "release"
    DELETE = "delete"
    UNDO = "undo"
    POLICY = "policy"

    @property
    def matter(self) -> "StatementKind":
        """What it is about: of several statements on one matter the newest counts."""
        return _MATTERS.get(self, self)


_MATTERS = {
    StatementKind.UNPIN: StatementKind.PIN,
    StatementKind.RELEASE: StatementKind.HOLD,
    StatementKind.UNDO: StatementKind.DELETE,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """Something said about backups, or about the whole vault.

    Attributes:
        by: Who said it, as ``user@host``.
        note: Why, in that person's words.
        due_at: For a deletion: when the backups are removed for good.
        by_hand: For a deletion: whether a person chose the backups, and not the policy.
        policy: For a policy.
        name: Its name in the vault; "" until it is stored.
    """

    kind: StatementKind
    at: datetime
    by: str
    backups: tuple[BackupId, ...] = ()
    note: str = ""
    due_at: datetime | None = None
    by_hand: bool = False
    policy: RetentionPolicy | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is said of one backup at the moment.

    Attributes:
        pin, hold, deletion: The statement that counts; None when nothing was said or it was
            taken back.
    """

    pin: Statement | None = None
    hold: Statement | None = None
    deletion: Statement | None = None


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Journal:
    """All statements of a vault.

    Attributes:
        damaged: Names of statements that cannot be read or believed: one may be a pin, so nothing
            is removed while there are any.
    """

    statements: tuple[Statement, ...] = ()
    damaged: tuple[str, ...] = ()

    def marks(self) -> dict[BackupId, Marks]:
        """Return what counts for each backup that anything is said of."""
        newest: dict[tuple[BackupId, StatementKind], Statement] = {}
        for statement in _in_order(self.statements):
            for backup in statement.backups:
                newest[backup, statement.kind.matter] = statement
        found: dict[BackupId, Marks] = {}
        for backup in {backup for backup, _ in newest}:
            said = (newest.get((backup, matter)) for matter in _SHOWN)
            pin, hold, deletion = (s if s and s.kind in _SHOWN else None for s in said)
            found[backup] = Marks(pin, hold, deletion)
        return found

    def policies(self) -> tuple[PolicyInForce, ...]:
        """Return every policy the vault has had, oldest first."""
        return tuple(
            PolicyInForce(s.policy, s.at)
            for s in _in_order(self.statements)
            if s.policy is not None
        )

    def outdated(self, existing: Iterable[BackupId], now: datetime) -> tuple[str, ...]:
        """Return the names of statements that say nothing any more.

        Those about backups that are gone, and those that later ones took the place of. Deletions
        stay for a while after they were due, so that other workstations learn what became of the
        backups; policies stay: they say why something was kept, and there are few.
        """
        there = set(existing)
        newest: dict[tuple[BackupId, StatementKind], str] = {}
        for statement in _in_order(self.statements):
            for backup in statement.backups:
                newest[backup, statement.kind.matter] = statement.name
        counting = {name for (backup, _), name in newest.items() if backup in there}
        return tuple(
            s.name
            for s in self.statements
            if s.policy is None and s.name not in counting and not _is_news(s, now)
        )


_SHOWN = (StatementKind.PIN, StatementKind.HOLD, StatementKind.DELETE)


def _is_news(statement: Statement, now: datetime) -> bool:
    return statement.due_at is not None and now - statement.due_at < TOLD_FOR


def _in_order(statements: Iterable[Statement]) -> list[Statement]:
    return sorted(statements, key=lambda statement: (statement.at, statement.name))
