"""Runs: one execution of a backup, restore or verification, as a window may look at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from mangrove.core.backup import BackupId

RunId = NewType("RunId", str)


class RunKind(StrEnum):
    """What a run does."""

    BACKUP = "backup"
    RESTORE = "restore"
    VERIFY = "verify"
    EXPORT = "export"
    IMPORT = "import"
    COPY = "copy"
    REBUILD = "rebuild"
    CLEAN = "clean"
    CAPTURE = "capture"
    PRUNE = "prune"
    REWRAP = "rewrap"
    MIRROR = "mirror"
    ATLAS_SNAPSHOT = "atlas-snapshot"
    ATLAS_RESTORE = "atlas-restore"
    DRILL = "drill"
    CHECK = "check"
    SNAPSHOT = "snapshot"


class RunState(StrEnum):
    """Where a run stands; the last five are the only endings, and each run gets one."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded_with_warnings"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (RunState.QUEUED, RunState.RUNNING, RunState.CANCELLING)


class Phase(StrEnum):
    """The steps that runs are made of, in words a person reads."""

    CONNECT = "connect"
    SAFETY = "safety backup"
    PREFLIGHT = "preflight"
    DUMP = "read and store"
    CAPTURE = "capture the oplog"
    OPLOG = "keep the oplog"
    REREAD = "re-read and compare"
    SIGN = "sign"
    CATALOG = "catalog"
    CHECK_STORED = "check stored objects"
    DECODE = "decode"
    OPEN_DUMP = "open and check the dump"
    WRITE_DUMP = "write the dump"
    LOAD = "load documents"
    LOOK = "look through the oplog"
    REPLAY = "replay the oplog"
    INDEXES = "build indexes"
    COMPARE = "compare"
    ASSERT = "ask the assertions"
    REFERENCE = "compare with the backup of that moment"
    SWAP = "put in place"
    ACCOUNTS = "users and roles"
    CLEAN_UP = "clean up"
    DECIDE = "decide what stays"
    MARK = "mark what goes"
    PURGE = "remove what is due"
    SHRINK = "shrink the mirrors"
    INSPECT = "look through the vault"
    MEND = "bring back what is missing"
    REWRAP = "give to other recipients"
    MIRROR = "copy to mirrors"
    ATLAS_ASK = "ask Atlas"
    ATLAS_WAIT = "wait for Atlas"
    ATLAS_FETCH = "fetch files"
    SNAPSHOT = "take the snapshot"
    OPEN_COPY = "open a throw-away copy"
    VALIDATE = "validate every collection"
    REMOVE_SNAPSHOT = "remove the snapshot"
    COPY_FILES = "copy the files"


class NamespaceState(StrEnum):
    """Where one namespace stands within a run."""

    WAITING = "waiting"
    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NamespaceProgress:
    """How far one namespace is.

    Units: bytes are BSON before compression; ``total_bytes`` is an estimate, 0 when unknown.
    """

    namespace: str
    state: NamespaceState
    done_bytes: int = 0
    total_bytes: int = 0
    documents: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that a run could not bring over.

    Attributes:
        subject: A namespace, index or blob.
        reason: One sentence.
        ids: The ``_id`` of documents concerned, as extended JSON; at most a hundred.
        count: How many documents; may exceed ``len(ids)``.
    """

    subject: str
    reason: str
    ids: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to.

    Attributes:
        summary: One sentence a person reads first.
        warnings: Sentences worth knowing that lose nothing.
        losses: What is missing at the end; any entry makes the run "done with losses".
        backup: The backup made or used.
        figures: Named numbers for tables and ``--json`` (documents, bytes, seconds).
        targets: For a restore: the databases written to.
        safety_backup: For a restore: the backup of what it replaced.
    """

    summary: str
    warnings: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    backup: BackupId | None = None
    figures: tuple[tuple[str, float], ...] = ()
    targets: tuple[str, ...] = ()
    safety_backup: BackupId | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run failed, as values: front ends find the words by ``code``."""

    code: str
    message: str
    hint: str = ""
    is_bug: bool = False


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A copy of a run's state, taken under its lock.

    Attributes:
        title: Such as "Back up production".
        profile, vault: Names, "" where the run has none.
        phases: The phases this run will go through, in order.
        passed_by: Those of ``phases`` that turned out not to be needed.
        added: Those of ``phases`` that nobody could announce.
        note: What is being done right now, beyond the phase.
        done_bytes, total_bytes: Of the current phase; total 0 when unknown.
        rate_bytes_per_s: Smoothed; 0 until known.
        remaining: None until it can be told.
        namespaces: Those active, failed or lately done, at most 50.
        waiting_for: Why a queued run waits.
        owner_pid: The process that runs it.
    """

    run_id: RunId
    kind: RunKind
    title: str
    profile: str
    vault: str
    backup: BackupId | None
    state: RunState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    phase: Phase | None = None
    phases: tuple[Phase, ...] = ()
    passed_by: tuple[Phase, ...] = ()
    added: tuple[Phase, ...] = ()
    note: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    documents: int = 0
    rate_bytes_per_s: float = 0.0
    remaining: timedelta | None = None
    namespaces: tuple[NamespaceProgress, ...] = ()
    namespaces_done: int = 0
    namespaces_total: int = 0
    waiting_for: str = ""
    result: RunResult | None = None
    problem: Problem | None = None
    owner_pid: int = 0

    @property
    def place(self) -> tuple[int, int] | None:
        """Which of how many phases this is; None if it is none of them.

        They are counted as they were announced, so the total never changes under way: one that is
        passed by is a jump, and one that comes unannounced counts with the phase before it.
        """
        if self.phase not in self.phases:
            return None
        so_far = self.phases[: self.phases.index(self.phase) + 1]
        return len({*so_far}.difference(self.added)), len({*self.phases}.difference(self.added))

    @property
    def fraction(self) -> float | None:
        """How much of the current phase is done, 0 to 1; None when unknown."""
        if self.total_bytes <= 0:
            return None
        return min(1.0, self.done_bytes / self.total_bytes)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a run's log."""

    at: datetime
    text: str
