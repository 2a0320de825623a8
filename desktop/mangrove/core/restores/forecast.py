"""What a restore or a copy will need, found out before: space, time, privileges, versions.

Every figure says how it is known. What is not known is said to be unknown; nothing is guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import TypeAlias

from mangrove.core.deployment import DiskUse, PrivilegeFinding
from mangrove.core.explain import duration_text, size_text
from mangrove.core.known import Known, documents_phrase, figure, together
from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace
from mangrove.core.restores.version_conflicts import VersionConflict
from mangrove.core.wording import counted, is_or_are

INDEX_ENTRY_BYTES = 32
"""What an entry of an index takes where nobody measured it.

Measured on WiredTiger (4.4.2, 5.0.4, 6.0.5): 12 bytes for texts that share their beginning, 18 for
doubles, 27 for ``_id`` as int.
"""
DOCUMENT_BYTES = 512
"""What a document is taken for where a dump in files does not say how many it holds."""
BEST_PACKED = 20
"""No storage engine is believed to pack documents better than this."""
LEAST_FILE_BYTES = 4096
"""Source: WiredTiger ``allocation_size``: each collection and each index is a file of its own."""
LEAST_DOCUMENT_BYTES = 14
"""A document with nothing but a number as its ``_id``."""
SAFE_SHARE = 0.9
COMPARABLE = 20
"""A restore tells how long another takes if none is more than so many times as large."""
TELLING_BYTES = 10 * 10**6
TELLING_TIME = timedelta(seconds=2)
"""In smaller or shorter runs most of the time goes into beginning and ending."""
_PLURALS = {"copy": "copies"}
_SHOWN = 3
Moved: TypeAlias = Sequence[tuple[NamespaceEntry, Namespace]]


class Room(StrEnum):
    """Whether what is needed fits."""

    ENOUGH = "enough"
    TIGHT = "tight"
    LACKING = "lacking"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """The file system that a server keeps its data on.

    Attributes:
        free_bytes: None when it could not be found out.
        why_unknown: Why not.
    """

    free_bytes: int | None
    why_unknown: str = ""


@dataclass(frozen=True, slots=True)
class SpaceForecast:
    """What the target's disk must take on top of what it holds.

    Attributes:
        data_bytes, index_bytes: Needed for documents, and for all indexes.
        measured: How many of the collections were measured at their source.
        collections: How many there are.
        replaced_bytes: Existing data that stay until they are replaced, so their space is free
            only afterwards.
        known: Whether that is what is needed, or only the least.
        most_bytes: More than that is never needed, where only the least is known; None if unknown.
    """

    data_bytes: int
    index_bytes: int
    measured: int
    collections: int
    free: FreeSpace
    replaced_bytes: int = 0
    known: Known = Known.EXACT
    most_bytes: int | None = None

    @property
    def needed_bytes(self) -> int:
        """Documents and indexes."""
        return self.data_bytes + self.index_bytes

    @property
    def room(self) -> Room:
        """Whether it fits; above nine tenths of what is free it is tight.

        Where only the least is known, it is enough if even the most would fit.
        """
        if self.free.free_bytes is None:
            return Room.UNKNOWN
        if self.needed_bytes > self.free.free_bytes:
            return Room.LACKING
        if self.needed_bytes > self.free.free_bytes * SAFE_SHARE:
            return Room.TIGHT
        fits = self.most_bytes is not None and self.most_bytes <= self.free.free_bytes * SAFE_SHARE
        return Room.ENOUGH if self.known is Known.EXACT or fits else Room.UNKNOWN

    @property
    def sentence(self) -> str:
        """Say it in words, with what it is known from."""
        need = f"{self._size()}, {size_text(self.index_bytes)} of it for indexes"
        free = self.free.free_bytes
        only = "ONLY " if self.room in (Room.TIGHT, Room.LACKING) else ""
        have = (
            f"{only}{size_text(free)} are free on the target's disk"
            if free is not None
            else f"what is free is unknown: {self.free.why_unknown}"
        )
        return "; ".join(filter(None, (need, have, self._replaced(), self._basis())))

    def _size(self) -> str:
        about = "about" if self.known is Known.EXACT else "at least"
        size = f"{about} {size_text(self.needed_bytes)}"
        if self.known is not Known.EXACT and self.room is Room.ENOUGH:
            size += f" and at most {size_text(self.most_bytes or 0)}"
        if self.known is Known.UNKNOWN:
            return f"unknown, as only reading tells how much comes; {size}"
        return size

    def _replaced(self) -> str:
        if not self.replaced_bytes:
            return ""
        return f"the {size_text(self.replaced_bytes)} that are replaced become free at the end"

    def _basis(self) -> str:
        if self.measured == self.collections:
            return "as it was at the source"
        rest = self.collections - self.measured
        return (
            f"{counted(rest, 'collection')} {'was' if rest == 1 else 'were'} not measured at the "
            f"source and {is_or_are(rest)} counted uncompressed, with {INDEX_ENTRY_BYTES} bytes "
            "an index entry"
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """A restore that ended well.

    Attributes:
        kind: What it was: ``restore``, ``copy``, or ``trial restore``.
    """

    kind: str
    plain_bytes: int
    took: timedelta
    ended_at: datetime

    @property
    def rate(self) -> float:
        """BSON bytes in a second."""
        return self.plain_bytes / max(self.took.total_seconds(), 0.001)

    @property
    def is_telling(self) -> bool:
        """Whether it was large and long enough to tell a rate."""
        return self.plain_bytes >= TELLING_BYTES and self.took >= TELLING_TIME


@dataclass(frozen=True, slots=True)
class TimeForecast:
    """How long it will take, from restores to the same deployment.

    Attributes:
        likely, at_worst: The middle one of the measured rates, and the one that nine of ten
            beat; None when unknown.
        evidence: What that is known from, or why it is not known.
        known: Whether more may come than it was told for, so that it may take longer.
    """

    likely: timedelta | None
    at_worst: timedelta | None
    evidence: str
    known: Known = Known.EXACT

    @property
    def sentence(self) -> str:
        """Say it in words."""
        if self.likely is None or self.at_worst is None:
            return f"unknown: {self.evidence}"
        about = "about" if self.known is Known.EXACT else "at least"
        words = f"{about} {duration_text(self.likely)}"
        if self.at_worst > self.likely:
            words += f", up to {duration_text(self.at_worst)} if it goes badly"
        return f"{words}; {self.evidence}"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Everything that is known of a restore before it begins.

    Attributes:
        indexes: How many secondary indexes will be built.
        privileges: Whether the user may do it.
        conflicts: What the target's version will not take.
        documents_known, bytes_known: What those two figures stand for.
        buckets: So many of the documents are buckets of time series.
    """

    collections: int
    documents: int
    plain_bytes: int
    indexes: int
    space: SpaceForecast
    time: TimeForecast
    privileges: PrivilegeFinding
    conflicts: tuple[VersionConflict, ...] = ()
    documents_known: Known = Known.EXACT
    bytes_known: Known = Known.EXACT
    buckets: int = 0

    @property
    def work(self) -> str:
        """Say how much there is to do."""
        what = counted(self.collections, "collection")
        what += f", {documents_phrase(self.documents, self.documents_known, self.buckets)}"
        indexes = (
            counted(self.indexes, "index") if self.indexes == 1 else f"{self.indexes:,} indexes"
        )
        return f"{what}, {self._size()} of BSON, {indexes}"

    def _size(self) -> str:
        if self.bytes_known is Known.UNKNOWN:
            return "an unknown amount"
        return figure(size_text(self.plain_bytes), self.bytes_known)

    @property
    def allowance(self) -> str:
        """Say whether the user may do it, and what is missing."""
        if self.privileges.allowed:
            return "the user may do all of it"
        if self.privileges.allowed is None:
            return "it could not be found out what the user may do"
        missing = self.privileges.missing
        more = f" and {len(missing) - _SHOWN} more" if missing[_SHOWN:] else ""
        return (
            f"MISSING: {', '.join(missing[:_SHOWN])}{more}; the role {self.privileges.role} "
            "on admin has it"
        )

    @property
    def versions(self) -> str:
        """Say what the target's version does not take."""
        if not self.conflicts:
            return "nothing is known that this server would not take"
        return "; ".join(conflict.sentence for conflict in self.conflicts)

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Return name and words of each part."""
        return (
            ("work", self.work),
            ("space", self.space.sentence),
            ("time", self.time.sentence),
            ("privileges", self.allowance),
            ("versions", self.versions),
        )


def space_forecast(
    moved: Moved,
    free: FreeSpace,
    *,
    filtered: frozenset[Namespace] = frozenset(),
    with_indexes: bool = True,
    replaced_bytes: int = 0,
) -> SpaceForecast:
    """Add up what the target's disk must take.

    Args:
        moved: The collections on their way; views take nothing.
        free: What the target has.
        filtered: Of these only some documents come, so what the source took does not count.
        with_indexes: Whether secondary indexes are built.
        replaced_bytes: What existing collections hold that are replaced at the end.
    """
    needs = [
        _need(e, with_indexes=with_indexes, whole=e.namespace not in filtered) for e, _ in moved
    ]
    size_bytes = sum(entry.plain_bytes for entry, _ in moved)
    return SpaceForecast(
        data_bytes=sum(need.data_bytes for need, _ in needs),
        index_bytes=sum(need.index_bytes for need, _ in needs),
        measured=sum(is_measured for _, is_measured in needs),
        collections=len(moved),
        free=free,
        replaced_bytes=replaced_bytes,
        known=together((entry.bytes_known for entry, _ in moved), size_bytes),
        most_bytes=_most([e for e, _ in moved], with_indexes=with_indexes),
    )


def _most(entries: Sequence[NamespaceEntry], *, with_indexes: bool) -> int | None:
    """Return what collections can take at most, however small their documents; None if unknown."""
    total = 0
    for entry in entries:
        most = entry.plain_bytes if entry.bytes_known is Known.EXACT else entry.most_bytes
        if most is None:
            return None
        indexes = 1 + (_secondary(entry) if with_indexes else 0)
        entries_bytes = (most // LEAST_DOCUMENT_BYTES) * INDEX_ENTRY_BYTES
        total += most + LEAST_FILE_BYTES + indexes * (entries_bytes + LEAST_FILE_BYTES)
    return total


def _need(entry: NamespaceEntry, *, with_indexes: bool, whole: bool) -> tuple[DiskUse, bool]:
    """Return what a collection will take, and whether that was measured at its source."""
    if entry.kind == "view":
        return DiskUse(0, 0), True
    secondary = _secondary(entry) if with_indexes else 0
    by_rule = _entries_bytes(entry, 1 + secondary)
    if entry.disk is None or not whole or not _is_settled(entry, entry.disk):
        return DiskUse(max(entry.plain_bytes, LEAST_FILE_BYTES), by_rule), False
    is_same = secondary == _secondary(entry)
    indexes = entry.disk.index_bytes if is_same else min(by_rule, entry.disk.index_bytes)
    return DiskUse(entry.disk.data_bytes, indexes), True


def time_forecast(
    plain_bytes: int, history: Iterable[Measured], where: str, known: Known = Known.EXACT
) -> TimeForecast:
    """Tell how long it will take from what was measured at the same place.

    Args:
        plain_bytes: What is to be restored.
        history: Restores to that deployment.
        where: The deployment's name.
        known: How well it is known what is to be restored.
    """
    if known is Known.UNKNOWN:
        return TimeForecast(None, None, "only reading tells how much comes")
    measured = [m for m in history if m.plain_bytes > 0]
    if not measured:
        return TimeForecast(None, None, f"no restore to {where} was measured yet")
    alike = [m for m in measured if _is_alike(m.plain_bytes, plain_bytes)]
    telling = [m for m in alike if m.is_telling]
    alike, is_weak = telling or alike, not telling
    if not alike:
        ends = min(m.plain_bytes for m in measured), max(m.plain_bytes for m in measured)
        sizes = " to ".join(dict.fromkeys(map(size_text, ends)))
        which = f"{counted(len(measured), 'restore')} to {where} measured so far"
        return TimeForecast(None, None, f"the {which} moved {sizes}, which says little of this one")
    rates = sorted((m.rate for m in alike), reverse=True)
    newest = max(m.ended_at for m in alike)
    evidence = (
        f"measured by {_kinds(alike)} to {where} at {size_text(rates[-1])}/s"
        + (f" to {size_text(rates[0])}/s" if len(rates) > 1 else "")
        + f", last on {newest:%Y-%m-%d}"
        + ("; all small or short, which tells little" if is_weak else "")
    )
    middle, slow = (rates[ceil(share * len(rates)) - 1] for share in (0.5, 0.9))
    return TimeForecast(_at(plain_bytes, middle), _at(plain_bytes, slow), evidence, known)


def secondary_indexes(moved: Moved) -> int:
    """Count the secondary indexes of these collections."""
    return sum(_secondary(entry) for entry, _ in moved)


def _secondary(entry: NamespaceEntry) -> int:
    return sum(
        '"name":"_id_"' not in text and '"clustered":true' not in text for text in entry.indexes
    )


def _is_settled(entry: NamespaceEntry, disk: DiskUse) -> bool:
    """Whether the storage had written the documents down when it was asked.

    Measured on 6.0.5: ``storageSize`` is that of the last checkpoint, up to a minute old, so a
    collection filled just now seems to take nothing.
    """
    return disk.data_bytes * BEST_PACKED >= entry.plain_bytes


def _entries_bytes(entry: NamespaceEntry, indexes: int) -> int:
    documents = entry.documents or entry.plain_bytes // DOCUMENT_BYTES
    return indexes * max(documents * INDEX_ENTRY_BYTES, LEAST_FILE_BYTES)


def _is_alike(one: int, other: int) -> bool:
    return one <= other * COMPARABLE and other <= one * COMPARABLE


def _kinds(measured: Sequence[Measured]) -> str:
    kinds = [m.kind for m in measured]
    return " and ".join(
        counted(kinds.count(kind), kind, _PLURALS.get(kind, "")) for kind in dict.fromkeys(kinds)
    )


def _at(plain_bytes: int, rate: float) -> timedelta:
    return timedelta(seconds=plain_bytes / max(rate, 1.0))
