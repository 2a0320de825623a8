"""What restores were making under its final name when they were killed: listed, told apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mangrove.core.deployment import CollectionSize
from mangrove.core.namespace import Namespace
from mangrove.core.restores.leftovers import Leftover


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One collection that a restore makes where nothing of that name was.

    Attributes:
        identity: What tells it from a later collection of that name; "" while unknown.
        documents: How many it shall hold; None where nobody knows.
        is_estimate: Whether that number is one: a copy reads what others still write to.
        in_new_database: Whether its database was not there before either.
    """

    namespace: Namespace
    identity: str = ""
    documents: int | None = None
    is_estimate: bool = False
    in_new_database: bool = False


def unfinished_in(
    found: Iterable[CollectionSize],
    noted: Iterable[Unfinished],
    identities: Mapping[Namespace, str],
) -> tuple[Leftover, ...]:
    """Pick out what is still there of what killed restores were making.

    What somebody else made there since is left out. One of which nobody knows whose it is, or
    that holds more than it was to get, is named, but never certain.

    Args:
        found: Everything that the deployment holds.
        noted: What those restores were making.
        identities: What tells the collections of those names that are there now from others.
    """
    sizes = {Namespace(row.database, row.name): row for row in found}
    return tuple(
        _leftover(entry, sizes[entry.namespace])
        for entry in sorted(noted, key=lambda e: e.namespace)
        if entry.namespace in sizes
        and entry.identity in ("", identities.get(entry.namespace, ""))
        and entry.namespace in identities
    )


def _leftover(entry: Unfinished, row: CollectionSize) -> Leftover:
    wanted = entry.documents
    is_more = wanted is not None and not entry.is_estimate and row.documents > wanted
    return Leftover(
        namespace=entry.namespace,
        meant_for=str(entry.namespace),
        is_only_copy=False,
        documents=row.documents,
        data_bytes=row.data_bytes,
        is_unfinished=True,
        expected=wanted,
        is_certain=bool(entry.identity) and not is_more,
        kind=row.kind,
    )
