"""Replaying an oplog: what is applied up to where, what is passed over and why, and the result."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.run import Loss
from mangrove.core.wording import counted

OpenEntries = Callable[[], Iterable[bytes]]
"""Opens the entries from their beginning: chunks of whole BSON documents, in oplog order.

It is called twice, once to look and once to apply, and must give the same bytes both times.
"""


class Skipped(StrEnum):
    """Why an entry, or an operation inside one, is not applied."""

    NO_OP = "that only say that time went by"
    INTERNAL = "of the server's own collections (config, local and the like)"
    BOOKKEEPING = "of the server's own bookkeeping"
    USERS = "users and roles"
    FEATURE_VERSION = "the feature compatibility version"
    NOT_SELECTED = "not selected"
    ABORTED = "of transactions that were not committed before the moment"
    MISSING = "of collections that are not there"
    DROPPED_LATER = "of collections that were dropped again before the moment"
    IN_BASE = "of transactions that the base holds already"


@dataclass(frozen=True, slots=True)
class ReplayWindow:
    """Which entries are applied.

    Attributes:
        after: Up to and with this one everything is in the base; None to begin at once.
        limit: This one and what comes after it is not applied, as mongorestore's --oplogLimit
            has it; None for everything.
    """

    after: OplogTimestamp | None = None
    limit: OplogTimestamp | None = None

    def is_over(self, ts: OplogTimestamp) -> bool:
        """Whether an entry and all after it lie beyond the limit."""
        return self.limit is not None and ts >= self.limit

    def is_before(self, ts: OplogTimestamp) -> bool:
        """Whether an entry is in the base already."""
        return self.after is not None and ts <= self.after


@dataclass(frozen=True, slots=True)
class ReplayBase:
    """A collection that is there when a replay begins.

    Attributes:
        source: What it was called where the oplog comes from.
        target: The collection that the entries are applied to.
        kind: ``collection``, ``view`` or ``timeseries``.
        options: As listCollections had them, raw BSON.
        uuid: 32 hex digits, where the backup knows it.
        indexes: The secondary indexes that are yet to be built, raw BSON.
    """

    source: Namespace
    target: Namespace
    kind: str = "collection"
    options: bytes = b"\x05\0\0\0\0"
    uuid: str | None = None
    indexes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayMapping:
    """Where things go.

    Attributes:
        target_of: The final name of a source namespace; None when it is not selected. A time
            series is asked for by its own name, never by that of its buckets.
        working_of: Where a final name is filled, until it is put in its place.
    """

    target_of: Callable[[Namespace], Namespace | None]
    working_of: Callable[[Namespace], Namespace] = lambda name: name


@dataclass(slots=True)
class Tally:
    """Entries and operations, counted by kind; commands as ``c:create``."""

    entries: dict[str, int] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    skipped: dict[Skipped, int] = field(default_factory=dict)

    def saw(self, kind: str) -> None:
        """Count an entry of the window."""
        self.entries[kind] = self.entries.get(kind, 0) + 1

    def did(self, kind: str) -> None:
        """Count an operation that is applied."""
        self.applied[kind] = self.applied.get(kind, 0) + 1

    def passed(self, reason: Skipped) -> None:
        """Count an operation that is not."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1

    @property
    def total(self) -> int:
        """All entries of the window."""
        return sum(self.entries.values())

    @property
    def operations(self) -> int:
        """All operations that were applied."""
        return sum(self.applied.values())


@dataclass(frozen=True, slots=True)
class Replayed:
    """A collection as a replay left it.

    Attributes:
        source, target: As in ``ReplayBase``, by now.
        final: Where it belongs in the end; differs from ``target`` while it is being filled.
        indexes: The secondary indexes to build, raw BSON.
        bucket_indexes: Those to build on a time series' buckets, as the oplog had them.
    """

    source: Namespace
    target: Namespace
    final: Namespace
    kind: str
    options: bytes
    indexes: tuple[bytes, ...] = ()
    bucket_indexes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """What a replay came to.

    Attributes:
        entries: Entries of the window by kind; each was applied or skipped.
        applied: Operations by kind; those inside transactions count each.
        skipped: Operations that were passed over, by reason.
        last_ts: The last entry that was looked at; None if there was none.
        collections: What is there now.
        losses: What could not be done as the oplog has it.
    """

    entries: Mapping[str, int]
    applied: Mapping[str, int]
    skipped: Mapping[Skipped, int]
    last_ts: OplogTimestamp | None
    collections: tuple[Replayed, ...]
    losses: tuple[Loss, ...] = ()

    @property
    def operations(self) -> int:
        """How many operations were applied."""
        return sum(self.applied.values())

    def sentence(self) -> str:
        """Say in one sentence what was done."""
        total = counted(sum(self.entries.values()), "oplog entry", "oplog entries")
        until = f" to {self.last_ts}" if self.last_ts else ""
        left = ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.skipped.items()))
        skipped = f"; skipped: {left}" if left else ""
        done = counted(self.operations, "operation")
        return f"replayed {total}{until}: {done}{skipped}"
