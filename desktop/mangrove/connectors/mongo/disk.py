"""How much room a server has on the disk it keeps its data on."""

from collections.abc import Sequence

from mangrove.connectors.mongo.client import Connection
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import MissingPrivilegeError
from mangrove.core.restores.forecast import FreeSpace

_ALWAYS_THERE = "admin"


def free_space(connection: Connection, facts: ServerFacts, databases: Sequence[str]) -> FreeSpace:
    """Ask for the free space of the file system; any database that may be asked will do.

    Source: MongoDB manual, "dbStats": ``fsTotalSize`` and ``fsUsedSize``; measured: both are 0
    for a database that does not exist. The built-in role restore may not ask, readAnyDatabase may.
    """
    if facts.topology is Topology.SHARDED:
        return FreeSpace(None, "in a sharded cluster each shard has a disk of its own")
    why = "the server does not say"
    for name in (*databases, _ALWAYS_THERE):
        try:
            stats = connection.command(name, {"dbStats": 1})
        except MissingPrivilegeError:
            why = "the user may not ask for it (dbStats; the role readAnyDatabase may)"
            continue
        if total := int(stats.get("fsTotalSize", 0)):
            return FreeSpace(max(0, total - int(stats.get("fsUsedSize", 0))))
    return FreeSpace(None, why)
