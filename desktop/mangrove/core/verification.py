"""Verification: levels, findings, and the evidence that is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.backup import BackupId


class Level(StrEnum):
    """How deep a verification went; each includes the ones before it."""

    STORED = "stored"
    DECODED = "decoded"
    RESTORED = "restored"
    DRILLED = "drilled"

    @property
    def depth(self) -> int:
        """0 for ``stored``, growing."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        subject: A blob name or a namespace.
        problem: One sentence.
    """

    subject: str
    problem: str


@dataclass(frozen=True, slots=True)
class NamespaceResult:
    """What the verification counted for one namespace."""

    namespace: str
    documents: int
    digest: str
    indexes: int
    good: bool


@dataclass(frozen=True, slots=True)
class EvidenceSummary:
    """The result of one verification as a catalog row shows it."""

    level: Level
    passed: bool
    finished_at: datetime
    duration: timedelta
    target: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The kept result of one verification.

    Attributes:
        passed: Whether nothing at all was wrong.
        target: Where it was restored to (profile name or ``embedded``); "" below ``restored``.
        steps: Name and duration of each step, in order.
    """

    backup: BackupId
    level: Level
    started_at: datetime
    finished_at: datetime
    passed: bool
    findings: tuple[Finding, ...]
    namespaces: tuple[NamespaceResult, ...]
    blobs: int
    stored_bytes: int
    target: str
    server_version: str
    steps: tuple[tuple[str, timedelta], ...]
    tool_version: str

    @property
    def duration(self) -> timedelta:
        """How long it took."""
        return self.finished_at - self.started_at

    @property
    def summary(self) -> EvidenceSummary:
        """The same without its details."""
        return EvidenceSummary(
            self.level, self.passed, self.finished_at, self.duration, self.target
        )


EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What a verification run shall do.

    Attributes:
        target: For ``restored``: a profile's name, or ``embedded`` for a throw-away server.
    """

    backup: BackupId
    level: Level = Level.RESTORED
    target: str = EMBEDDED
