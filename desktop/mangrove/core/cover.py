"""What of a deployment a backup protects: whole databases, or only some of their collections."""

from collections.abc import Iterable
from dataclasses import dataclass

from mangrove.core.backup import Selection
from mangrove.core.manifest import Manifest, NamespaceEntry
from mangrove.core.namespace import Namespace

SERVER_OWN = "made and kept by the server itself"
ON_THE_WAY = "users and roles being restored"
_NO_LOSS = frozenset({SERVER_OWN, ON_THE_WAY})
MOST_NAMES = 1000
"""Of a database that is held in part only so many collections are named."""


@dataclass(frozen=True, slots=True)
class DatabaseCover:
    """What of one database is inside.

    Attributes:
        is_whole: Whether all its collections are, with all their documents.
        collections: If not: those that are, with all their documents.
    """

    name: str
    is_whole: bool
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """What a backup protects.

    Attributes:
        is_deployment: Whether everything there was is inside; then no other database existed.
        databases: By name.
        is_filtered: Whether a query left out some documents of a collection.
    """

    is_deployment: bool
    databases: tuple[DatabaseCover, ...]
    is_filtered: bool = False

    def of(self, database: str) -> DatabaseCover | None:
        """Return what of a database is inside; None for nothing."""
        return next((d for d in self.databases if d.name == database), None)

    def holds(self, database: str) -> bool:
        """Whether all of a database is inside."""
        found = self.of(database)
        return found is not None and found.is_whole


@dataclass(frozen=True, slots=True)
class DatabaseContent:
    """What one database in a backup comes to.

    Attributes:
        index_entries: Of its secondary indexes: documents times indexes.
    """

    name: str
    documents: int
    plain_bytes: int
    stored_bytes: int
    index_entries: int


def cover_of(manifest: Manifest) -> Cover:
    """Return what a backup protects; what a query left out, or what got lost, is not protected."""
    if manifest.files is not None:
        return rough_cover(manifest.databases, is_whole=True)
    queried = {query.namespace for query in manifest.selection.queries}
    lacking = {
        n.what.split(".", 1)[0]
        for n in manifest.not_included
        if "." in n.what and n.reason not in _NO_LOSS
    } | {namespace.database for namespace in queried}
    inside: dict[str, list[Namespace]] = {}
    for entry in manifest.namespaces:
        inside.setdefault(entry.namespace.database, []).append(entry.namespace)
    return Cover(
        is_deployment=manifest.selection.is_whole,
        databases=tuple(
            _of_database(name, inside[name], queried, manifest.selection, lacking)
            for name in sorted(inside)
        ),
        is_filtered=manifest.is_filtered,
    )


def rough_cover(databases: Iterable[str], *, is_whole: bool, is_filtered: bool = False) -> Cover:
    """Return the cover of a backup of which only the names of its databases are known."""
    holds = is_whole and not is_filtered
    parts = tuple(DatabaseCover(name, holds) for name in sorted(databases))
    return Cover(holds, parts, is_filtered)


def is_taken_whole(selection: Selection, database: str) -> bool:
    """Whether a selection means all of a database, and no document is left out by a query."""
    if any(query.namespace.database == database for query in selection.queries):
        return False
    everything = {"*", "*.*", f"{database}.*"}
    return (
        not selection.is_chosen
        or database in selection.databases
        or not everything.isdisjoint(selection.include)
    )


def _of_database(
    name: str,
    held: list[Namespace],
    queried: set[Namespace],
    selection: Selection,
    lacking: set[str],
) -> DatabaseCover:
    if is_taken_whole(selection, name) and name not in lacking:
        return DatabaseCover(name, is_whole=True)
    whole = sorted(n.collection for n in held if n not in queried)
    return DatabaseCover(name, is_whole=False, collections=tuple(whole[:MOST_NAMES]))


def contents_of(manifest: Manifest) -> tuple[DatabaseContent, ...]:
    """Add up what each database in a backup comes to, by name."""
    inside: dict[str, list[NamespaceEntry]] = {}
    for entry in manifest.namespaces:
        inside.setdefault(entry.namespace.database, []).append(entry)
    return tuple(
        DatabaseContent(
            name=name,
            documents=sum(e.documents for e in inside[name]),
            plain_bytes=sum(e.plain_bytes for e in inside[name]),
            stored_bytes=sum(b.size_bytes for e in inside[name] for b in e.segments),
            index_entries=sum(e.documents * max(0, len(e.indexes) - 1) for e in inside[name]),
        )
        for name in sorted(inside)
    )
