"""Where a restore puts each namespace."""

from dataclasses import dataclass

from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one namespace of a backup goes.

    Attributes:
        working: The collection that is filled; differs from ``target`` when an existing
            collection is replaced only at the very end.
        fills: Whether the collection exists and only gets the documents it lacks.
    """

    entry: NamespaceEntry
    target: Namespace
    working: Namespace
    fills: bool = False
