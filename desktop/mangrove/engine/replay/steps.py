"""What a replay does to a target: writes, which may be sent together, and single commands."""

from dataclasses import dataclass
from typing import TypeAlias

from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.dump import CollectionInfo


@dataclass(frozen=True, slots=True)
class Write:
    """An insert, update or delete as ``applyOps`` takes it; raw BSON.

    Sent twice in the same order, a run of them comes to the same as sent once.
    """

    operation: bytes


@dataclass(frozen=True, slots=True)
class Create:
    """Create a collection, view or time series; one that is there stays as it is."""

    info: CollectionInfo


@dataclass(frozen=True, slots=True)
class Drop:
    """Drop what has this name; nothing there is no error."""

    target: Namespace


@dataclass(frozen=True, slots=True)
class Move:
    """Rename a collection, with its indexes, to a name that is free."""

    source: Namespace
    target: Namespace


@dataclass(frozen=True, slots=True)
class Modify:
    """Change a collection's, view's or existing index's options: the fields of collMod."""

    target: Namespace
    options: bytes


@dataclass(frozen=True, slots=True)
class DropIndex:
    """Drop an index that the target may have already; ``*`` for all but that of ``_id``."""

    target: Namespace
    name: str


@dataclass(frozen=True, slots=True)
class Cap:
    """Make an ordinary collection a capped one."""

    target: Namespace
    size_bytes: int


Step: TypeAlias = Write | Create | Drop | Move | Modify | DropIndex | Cap


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step, and the entry it comes from."""

    step: Step
    ts: OplogTimestamp
    kind: str
