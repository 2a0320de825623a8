"""Oplog entries that make a dump taken meanwhile useless, whatever is replayed.

Source: mongo-tools, mongodump/oplog_dump.go (oplogDocumentValidator), without its mistakes: what
was renamed or dropped is no hindrance for us.
"""

from mangrove.engine.oplog_entry import COMMAND, Command, OplogEntry, spans

_NEVER = frozenset({"importCollection", "upgradeDowngradeViewlessTimeseries"})
_RESHARDING = ("reshardingOperations", "localReshardingOperations.")
_VERSION_ID = b"featureCompatibilityVersion"


def why_impossible(entry: OplogEntry) -> str | None:
    """Say what happened that no replay makes good; None for anything else."""
    if entry.ns == "admin.system.version":
        document = entry.o2 or entry.o
        _, start, after = spans(document).get(b"_id", (0, 4, 4))
        is_version = document[start + 4 : after - 1] == _VERSION_ID
        return "the feature compatibility version was changed" if is_version else None
    if entry.op != COMMAND:
        return None
    command = Command.of(entry)
    if command.name in _NEVER:
        return f"{command.name} ran on {entry.database}"
    name = command.text("create") or ""
    if entry.database == "config" and name.startswith(_RESHARDING):
        return "a collection was being resharded"
    return None
