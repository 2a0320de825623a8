"""Rows of the database tree: what they hold, which are shown, and in which order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from mangrove.core.known import Known, together
from mangrove.core.namespace import Namespace


class TreeColumn(Enum):
    """What a column of the tree shows."""

    NAME = "name"
    KIND = "kind"
    DOCUMENTS = "documents"
    SIZE = "size"
    STORED = "stored"
    INDEXES = "indexes"

    @property
    def is_number(self) -> bool:
        """Whether its figures stand at the right."""
        return self not in (TreeColumn.NAME, TreeColumn.KIND)


LIVE_COLUMNS = (TreeColumn.NAME, TreeColumn.DOCUMENTS, TreeColumn.SIZE, TreeColumn.KIND)
STORED_COLUMNS = (
    TreeColumn.NAME,
    TreeColumn.DOCUMENTS,
    TreeColumn.SIZE,
    TreeColumn.STORED,
    TreeColumn.INDEXES,
)


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """One collection, view or time series as a row.

    Units: bytes of BSON, and bytes as stored.
    """

    database: str
    collection: str
    kind: str
    documents: int
    plain_bytes: int
    stored_bytes: int = 0
    indexes: int = 0
    documents_known: Known = Known.EXACT
    bytes_known: Known = Known.EXACT

    @property
    def namespace(self) -> Namespace:
        """The namespace it shows."""
        return Namespace(self.database, self.collection)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is checked in the tree.

    Attributes:
        databases: Those whose every collection is checked.
        collections: The checked ones of the other databases.
        left_out: Those of these databases that are not checked.
        is_all: Whether everything there is is checked.
    """

    databases: tuple[str, ...] = ()
    collections: tuple[Namespace, ...] = ()
    is_all: bool = False
    left_out: tuple[Namespace, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is checked."""
        return not (self.databases or self.collections)


@dataclass(frozen=True, slots=True)
class Branch:
    """A database with its collections, and a row that sums them up."""

    name: str
    rows: tuple[NamespaceRow, ...]
    total: NamespaceRow


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which rows are shown, in which order; what it names are places in the branches.

    Attributes:
        order: The databases shown.
        rows: For every database, its collections shown.
        places: For every database, where it stands in ``order``; -1 when it is hidden.
    """

    order: tuple[int, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()
    places: tuple[int, ...] = ()


def arranged(
    branches: Sequence[Branch], wanted: str, column: TreeColumn, *, descending: bool
) -> Arrangement:
    """Keep the databases and collections that hold a text in their name, and sort them.

    A database that holds it is shown whole; one of which a collection does, with those.
    """
    letters = wanted.casefold()
    rows = tuple(
        _sorted_rows(branch.rows, _found_in(branch, letters), column, descending=descending)
        for branch in branches
    )
    totals = [branch.total for branch in branches]
    shown = [n for n, own in enumerate(rows) if own]
    order = _sorted_rows(totals, shown, column, descending=descending)
    places = [-1] * len(branches)
    for place, number in enumerate(order):
        places[number] = place
    return Arrangement(order, rows, tuple(places))


def branches_of(rows: Iterable[NamespaceRow]) -> tuple[Branch, ...]:
    """Gather rows under their databases, both in the order of their names."""
    by_database: dict[str, list[NamespaceRow]] = {}
    for row in sorted(rows, key=lambda r: (r.database, r.collection)):
        by_database.setdefault(row.database, []).append(row)
    return tuple(Branch(name, tuple(own), _total(name, own)) for name, own in by_database.items())


def _found_in(branch: Branch, letters: str) -> Sequence[int]:
    if not letters or letters in branch.name.casefold():
        return range(len(branch.rows))
    return [n for n, row in enumerate(branch.rows) if letters in row.collection.casefold()]


def _sorted_rows(
    rows: Sequence[NamespaceRow], shown: Sequence[int], column: TreeColumn, *, descending: bool
) -> tuple[int, ...]:
    return tuple(sorted(shown, key=lambda n: _sort_key(rows[n], column), reverse=descending))


def _total(name: str, rows: Sequence[NamespaceRow]) -> NamespaceRow:
    documents = sum(r.documents for r in rows)
    plain_bytes = sum(r.plain_bytes for r in rows)
    return NamespaceRow(
        database=name,
        collection="",
        kind="database",
        documents=documents,
        plain_bytes=plain_bytes,
        stored_bytes=sum(r.stored_bytes for r in rows),
        indexes=sum(r.indexes for r in rows),
        documents_known=together((r.documents_known for r in rows), documents),
        bytes_known=together((r.bytes_known for r in rows), plain_bytes),
    )


def _sort_key(row: NamespaceRow, column: TreeColumn) -> str | int:
    match column:
        case TreeColumn.NAME:
            return (row.collection or row.database).casefold()
        case TreeColumn.KIND:
            return row.kind
        case TreeColumn.DOCUMENTS:
            return row.documents
        case TreeColumn.SIZE:
            return row.plain_bytes
        case TreeColumn.STORED:
            return row.stored_bytes
        case TreeColumn.INDEXES:
            return row.indexes
