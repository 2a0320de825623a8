"""What a restore that did not end leaves on a deployment: under working names, or half-filled."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mangrove.core.deployment import CollectionSize
from mangrove.core.explain import size_text
from mangrove.core.namespace import BUCKETS_PREFIX, MAX_NAMESPACE_BYTES, SCRATCH, Namespace
from mangrove.core.wording import content_of, counted

_LAST_CHARACTER = 4  # bytes of UTF-8 that a cut may take away as a whole
_SCRATCH = re.compile(rf"(?:{SCRATCH}|mgv)[0-9a-f]{{16}}")
_WORKING = re.compile(r"mangrove_[0-9a-f]{8}r?[0-9]+_(?P<meant>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Leftover:
    """One collection that was to take the place of another, or that was never finished.

    Attributes:
        meant_for: The name it was to get; a long one may be cut.
        is_only_copy: Whether there is nothing of that name, so these may be the only documents.
        is_unfinished: Whether it has its final name and was being filled, where nothing was before.
        expected: How many documents it was to get; None where nobody knows.
        is_certain: Whether a restore made it and nobody else wrote to it; else it is never removed.
    """

    namespace: Namespace
    meant_for: str
    is_only_copy: bool
    documents: int
    data_bytes: int
    is_unfinished: bool = False
    expected: int | None = None
    is_certain: bool = True
    kind: str = "collection"

    @property
    def is_safe(self) -> bool:
        """Whether it may be removed without looking: what it was to hold is elsewhere too."""
        return self.is_certain and not self.is_only_copy

    @property
    def sentence(self) -> str:
        """Say what it is."""
        if self.is_unfinished:
            return f"{self.namespace}: {self._state()}"
        said = f"{self.namespace}: {counted(self.documents, 'document')}"
        if not self.is_only_copy:
            return f"{said}, was to replace {self.meant_for}, which is there"
        return f"{said}; {self.meant_for} is NOT there, so this may be its only copy"

    def _state(self) -> str:
        if self.kind == "view":
            said = "a view of a restore that did not end"
        elif self.expected is None:
            said = f"incomplete, {content_of(self.kind, self.documents)}"
        elif self.documents == self.expected:
            number = content_of(self.kind, self.documents)
            said = f"{number}, as many as it was to get, but the restore did not end"
        else:
            number = content_of(self.kind, self.expected)
            said = f"incomplete: {self.documents:,} of {number}"
        if self.is_certain:
            return said
        return f"{said}; it may be somebody else's, so it is not removed: look at it"


@dataclass(frozen=True, slots=True)
class StrangeScratch:
    """A database under a name that proofs give, which no proof of this workstation noted.

    Another workstation's proof left it, or is at work in it right now: nobody here can tell, so it
    is listed and never removed from here.
    """

    database: str
    collections: int
    data_bytes: int

    @property
    def sentence(self) -> str:
        """Say what it is, and who may remove it."""
        held = f"{counted(self.collections, 'collection')}, {size_text(self.data_bytes)}"
        return (
            f"{self.database}: {held}, of unknown origin: a proof of another workstation or profile"
            " left it, or works there now; it is not removed from here: drop it by hand once no"
            " proof runs"
        )


def strange_scratch_in(
    found: Iterable[CollectionSize], noted: Collection[str]
) -> tuple[StrangeScratch, ...]:
    """Pick out the databases of proofs that were noted elsewhere, of everything there is.

    Args:
        found: Everything a deployment holds.
        noted: Those that this workstation knows of and drops itself.
    """
    held: dict[str, list[CollectionSize]] = {}
    for row in found:
        if _SCRATCH.fullmatch(row.database) and row.database not in noted:
            held.setdefault(row.database, []).append(row)
    return tuple(
        StrangeScratch(name, len(rows), sum(row.data_bytes for row in rows))
        for name, rows in sorted(held.items())
    )


def working_namespace(target: Namespace, token: str) -> Namespace:
    """Name the collection that is loaded beside another one, which it is to replace.

    A time series keeps its documents under a longer name, which has to fit too.

    Args:
        target: What is replaced.
        token: Eight random hex digits and a number (after an "r" where it was replayed), which no
            other restore has.
    """
    head = f"{target.database}.{BUCKETS_PREFIX}mangrove_{token}_"
    room = MAX_NAMESPACE_BYTES - len(head.encode())
    tail = target.collection.encode()[:room].decode(errors="ignore").rstrip(".")
    return Namespace(target.database, f"mangrove_{token}_{tail}")


def is_working_name(collection: str) -> bool:
    """Whether a restore made a collection of this name for itself."""
    return _WORKING.fullmatch(collection) is not None


def leftovers_in(found: Iterable[CollectionSize]) -> tuple[Leftover, ...]:
    """Pick out what restores left, of everything a deployment holds."""
    everything = tuple(found)
    names: dict[str, set[str]] = {}
    for row in everything:
        names.setdefault(row.database, set()).add(row.name)
    return tuple(
        Leftover(
            namespace=Namespace(row.database, row.name),
            meant_for=f"{row.database}.{match['meant']}",
            is_only_copy=not _is_there(row, match["meant"], names[row.database]),
            documents=row.documents,
            data_bytes=row.data_bytes,
        )
        for row in everything
        if (match := _WORKING.fullmatch(row.name))
    )


def _is_there(row: CollectionSize, meant: str, names: Iterable[str]) -> bool:
    """Whether the target exists; of a name that may have been cut any longer one will do."""
    whole = f"{row.database}.{BUCKETS_PREFIX}{row.name}".encode()
    if len(whole) > MAX_NAMESPACE_BYTES - _LAST_CHARACTER:
        return any(name.startswith(meant) for name in names)
    return meant in names
