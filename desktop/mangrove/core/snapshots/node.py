"""What a server says of itself before a snapshot of its files is taken."""

from dataclasses import dataclass

from mangrove.core.deployment import ServerFacts
from mangrove.core.snapshots.snapshot import DataLayout


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One server as a snapshot sees it.

    Attributes:
        node: ``host:port``.
        pid: Of its process, as in ``mongod.lock`` in its data folder.
        dbpath: Its data folder; "" when it does not tell.
        engine: ``wiredTiger`` and others.
        is_persistent: Whether the engine keeps data on a disk at all.
        has_journal: Whether the journal is on.
        is_secondary: Whether it takes no writes of clients.
        has_secondaries: Whether the set has others that do not.
        is_locked: Whether somebody holds a lock on it now.
        may_lock: Whether the user may lock and unlock; None when that is not known.
        encrypted_at_rest: Whether the files need a key of the server's own.
        databases: Names, without the server's own; empty when they may not be seen.
    """

    node: str
    pid: int
    dbpath: str
    layout: DataLayout
    server: ServerFacts
    engine: str
    is_persistent: bool
    has_journal: bool
    is_secondary: bool
    has_secondaries: bool
    is_locked: bool
    may_lock: bool | None
    encrypted_at_rest: bool = False
    databases: tuple[str, ...] = ()
