"""Verification: levels, findings, and the evidence that is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.assertion import AssertionResult
from mangrove.core.backup import BackupId
from mangrove.core.oplog import OplogTimestamp


class Level(StrEnum):
    """How deep a verification went; each includes the ones before it."""

    STORED = "stored"
    DECODED = "decoded"
    RESTORED = "restored"
    DRILLED = "drilled"

    @property
    def depth(self) -> int:
        """0 for ``stored``, growing."""
        return _DEPTHS[self]


_DEPTHS = {level: depth for depth, level in enumerate(Level)}


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


Steps = tuple[tuple[str, timedelta], ...]
"""Name and duration of each step, in order."""
Amounts = tuple[tuple[str, int], ...]
"""What the steps moved, by name: ``documents``, ``plain_bytes``, ``stored_bytes``, ``indexes``,
``slices``, ``entries``, ``operations``. Bytes are BSON before compression, or as stored."""


class StepName(StrEnum):
    """The steps of a verification or drill that figures are made of."""

    LOCATE = "locate"
    MANIFEST = "signature and manifest"
    STORED = "stored objects"
    DECODED = "decoded documents"
    SERVER = "server"
    LOAD = "load"
    INDEXES = "indexes"
    COMPARE = "compare"
    LOOK = "look through the oplog"
    REPLAY = "replay"
    REFERENCE = "compare with the backup of that moment"
    ASSERTIONS = "assertions"
    CLEAN_UP = "clean up"


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill went back to.

    Attributes:
        limit: Everything before it was replayed, itself not; None for the backup as it stands.
        seed: What the moment was drawn with; "" when it was named.
        compared_with: A younger backup that stands at that very moment, which the replayed copy
            was compared with; "" without one.
    """

    limit: OplogTimestamp | None
    seed: str = ""
    compared_with: str = ""

    @property
    def goal(self) -> str:
        """What a drill went back to, for a sentence."""
        if self.limit is None:
            return "the backup itself"
        return f"before {self.limit.at:%Y-%m-%d %H:%M:%S} UTC ({self.limit})"


@dataclass(frozen=True, slots=True)
class EvidenceSummary:
    """The result of one verification as a catalog row shows it.

    Attributes:
        steps, amounts: How long each step took and how much it moved; empty in rows of before.
    """

    level: Level
    passed: bool
    finished_at: datetime
    duration: timedelta
    target: str
    steps: Steps = ()
    amounts: Amounts = ()

    @property
    def is_test_restore(self) -> bool:
        """Whether everything was restored on trial, and nothing was wrong."""
        return self.passed and self.level.depth >= Level.RESTORED.depth

    def step(self, name: StepName) -> timedelta | None:
        """How long a step took; None if it was not measured."""
        return dict(self.steps).get(name)

    def amount(self, name: str) -> int | None:
        """How much was moved; None if it was not measured."""
        return dict(self.amounts).get(name)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The kept result of one verification.

    Attributes:
        passed: Whether nothing at all was wrong.
        target: Where it was restored to (profile name or ``embedded``); "" below ``restored``.
        assertions: What was asked of the restored copy, and what it said.
        drill: What a drill went back to; None for any other level.
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
    steps: Steps
    tool_version: str
    amounts: Amounts = ()
    assertions: tuple[AssertionResult, ...] = ()
    drill: Drill | None = None

    @property
    def duration(self) -> timedelta:
        """How long it took."""
        return self.finished_at - self.started_at

    @property
    def summary(self) -> EvidenceSummary:
        """The same without its details."""
        return EvidenceSummary(
            level=self.level,
            passed=self.passed,
            finished_at=self.finished_at,
            duration=self.duration,
            target=self.target,
            steps=self.steps,
            amounts=self.amounts,
        )


def most_telling_first(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Order evidence so that what tells most of a backup stands first.

    The newest comes first if it failed; then the deepest, and of the same depth the newest: a
    shallow look of today takes nothing from the trial restore of yesterday.
    """
    found = sorted(evidence, key=lambda e: e.finished_at, reverse=True)
    failed = found[:1] if found and not found[0].passed else []
    rest = sorted(found[len(failed) :], key=lambda e: (e.passed, e.level.depth), reverse=True)
    return (*failed, *rest)


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
