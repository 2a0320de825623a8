"""Which namespaces and commands of an oplog are not for replaying, and why.

Source: MongoDB Database Tools, mongorestore (oplog.go, filter.go): what it passes over; unlike
there the rules hold inside transactions too, and the feature compatibility version is left alone.
"""

from mangrove.core.namespace import Namespace
from mangrove.core.replay import Skipped

_INTERNAL_DATABASES = frozenset({"config", "local"})
_INTERNAL_PREFIX = "__mdb_internal"
NO_OP = "n"
_INTERNAL_OPS = frozenset({"ci", "cd", "cu", "km"})
# startIndexBuild changes nothing until its commit; dbCheck only looks.
BOOKKEEPING_COMMANDS = frozenset({"startIndexBuild", "setMultikeyMetadata", "dropIdent", "dbCheck"})
VIEWS, BUCKETS, SCRIPTS = "system.views", "system.buckets.", "system.js"
ADMIN = "admin"
_USERS = frozenset({"system.users", "system.roles"})


def skipped_op(op: str) -> Skipped | None:
    """Return why entries of this kind are passed over, whatever they concern."""
    if op == NO_OP:
        return Skipped.NO_OP
    return Skipped.BOOKKEEPING if op in _INTERNAL_OPS else None


def skipped_namespace(name: Namespace) -> Skipped | None:
    """Return why what concerns this collection is passed over."""
    if name.database in _INTERNAL_DATABASES or name.database.startswith(_INTERNAL_PREFIX):
        return Skipped.INTERNAL
    if not name.collection.startswith("system."):
        return None
    if name.database == ADMIN:
        if name.collection in _USERS:
            return Skipped.USERS
        is_version = name.collection == "system.version"
        return Skipped.FEATURE_VERSION if is_version else Skipped.INTERNAL
    is_data = name.collection.startswith(BUCKETS) or name.collection in (VIEWS, SCRIPTS)
    return None if is_data else Skipped.INTERNAL
