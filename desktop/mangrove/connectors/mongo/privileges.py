"""Finds out beforehand whether the signed-in user may do what a run needs."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mangrove.connectors.mongo.client import Connection
from mangrove.core.deployment import PrivilegeFinding
from mangrove.core.errors import MissingPrivilegeError
from mangrove.core.namespace import Namespace

BUCKETS = "system.buckets."
DUMP_ROLE, RESTORE_ROLE, READ_ROLE = "backup", "restore", "readAnyDatabase"
# What the built-in role restore has on every database (MongoDB manual, "Built-In Roles"); so
# has readWrite, but for inserts past a validator.
RESTORE_ACTIONS = ("createCollection", "createIndex", "dropCollection", "insert")
BYPASS = "bypassDocumentValidation"
# What was written is read again and compared; the role restore may not.
READ_BACK_ACTIONS = ("find", "listIndexes")


@dataclass(frozen=True, slots=True)
class Privileges:
    """What a user may do.

    Attributes:
        user: ``name@database``; "" when nobody signed in.
        unlimited: Without access control everybody may do everything.
        granted: Each resource with its actions, as connectionStatus says.
    """

    user: str
    unlimited: bool
    granted: tuple[tuple[Mapping[str, Any], frozenset[str]], ...]

    def allows(self, action: str, database: str, collection: str = "") -> bool:
        """Whether an action may be done; without a collection, on all ordinary ones."""
        return self.unlimited or any(
            action in actions and _covers(resource, database, collection)
            for resource, actions in self.granted
        )

    def allows_on_cluster(self, action: str) -> bool:
        """Whether an action on the deployment as a whole may be done."""
        return self.unlimited or any(
            action in actions and (resource.get("cluster") or resource.get("anyResource"))
            for resource, actions in self.granted
        )


def read_privileges(connection: Connection) -> Privileges:
    """Ask who we are and what we may do."""
    info = connection.command("admin", {"connectionStatus": 1, "showPrivileges": True})["authInfo"]
    users = [f"{u['user']}@{u['db']}" for u in info["authenticatedUsers"]]
    granted = tuple(
        (p["resource"], frozenset(p["actions"])) for p in info["authenticatedUserPrivileges"]
    )
    unlimited = not users and _is_open(connection)
    return Privileges(", ".join(users), unlimited, granted)


def _is_open(connection: Connection) -> bool:
    """Whether the server answers strangers: only one without access control does."""
    try:
        connection.command("admin", {"listCollections": 1, "nameOnly": True})
    except MissingPrivilegeError:
        return False
    return True


def _covers(resource: Mapping[str, Any], database: str, collection: str) -> bool:
    """Whether a resource document covers a namespace.

    Source: MongoDB manual, "Resource Document": an empty database or collection name stands for
    all, but an empty collection never for ``system.*`` ones; ``system_buckets`` names the time
    series whose buckets are meant.
    """
    if resource.get("anyResource"):
        return True
    if "system_buckets" in resource:
        series = collection.removeprefix(BUCKETS)
        return (
            series != collection
            and resource["system_buckets"] in ("", series)
            and resource.get("db", "") in ("", database)
        )
    if resource.get("db") not in ("", database):
        return False
    named = resource.get("collection")
    return named == collection or (named == "" and not collection.startswith("system."))


def missing_for_listing(found: Privileges, databases: Iterable[str]) -> tuple[str, ...]:
    """Return what is missing for listing databases' collections, in the server's words."""
    return tuple(
        f"listCollections on {name}"
        for name in databases
        if not found.allows("listCollections", name)
    )


def missing_for_reading(found: Privileges, namespaces: Iterable[Namespace]) -> tuple[str, ...]:
    """Return what is missing for dumping these data collections."""
    return tuple(
        f"{action} on {namespace}"
        for namespace in namespaces
        for action in ("find", "listIndexes")
        if not found.allows(action, namespace.database, _listed_as(namespace, action))
    )


def _listed_as(namespace: Namespace, action: str) -> str:
    """Indexes of a time series are listed under its own name, its data under its buckets'."""
    if action == "listIndexes":
        return namespace.collection.removeprefix(BUCKETS)
    return namespace.collection


def restore_finding(
    found: Privileges, databases: Sequence[str], validated: Collection[str]
) -> PrivilegeFinding:
    """Say whether these databases may be restored and compared; "" stands for every one.

    Into those of ``validated`` documents go past validators, which is a privilege of its own.
    With all of it a collection may also be renamed over another of its database. Source: MongoDB
    server, rename_collection_common.cpp (``checkAuthForRenameCollectionCommand``).
    """
    missing, roles = [], []
    for role, actions in ((RESTORE_ROLE, RESTORE_ACTIONS), (READ_ROLE, READ_BACK_ACTIONS)):
        lacking = [
            f"{action} on {name or 'every database'}"
            for name in databases
            for action in actions
            if not found.allows(action, name)
        ]
        if role == RESTORE_ROLE:
            lacking += _missing_past_validators(found, validated)
        missing += lacking
        roles += [role] if lacking else []
    return PrivilegeFinding("restore", not missing, tuple(missing), " and ".join(roles))


def _missing_past_validators(found: Privileges, validated: Collection[str]) -> Iterator[str]:
    for name in sorted(validated):
        if not found.allows(BYPASS, name):
            where = f"{name}, where a collection has a validator" if name else "every database"
            yield f"{BYPASS} on {where}"


def require(missing: Sequence[str], role: str, hosts: str) -> None:
    """Raise MissingPrivilegeError if anything is missing, naming the role that has it."""
    if not missing:
        return
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""  # noqa: PLR2004 - a few
    raise MissingPrivilegeError(
        f"the user may not do this on {hosts}: {', '.join(missing[:3])}{more}; nothing was touched",
        hint=f"grant the built-in role {role} on the database admin",
        role=role,
        host=hosts,
    )


def findings(
    found: Privileges,
    databases: Sequence[str],
    *,
    has_oplog: bool,
    series: Sequence[Namespace] = (),
) -> tuple[PrivilegeFinding, ...]:
    """Say for a whole deployment whether dump, restore and oplog reading are allowed.

    A restore goes into new databases unless told otherwise, so it is asked for on every database.
    Of an oplog nothing is said where there is none to be read.

    Args:
        found: What the user may do.
        databases: Those that the user sees.
        has_oplog: Whether there is one.
        series: Time series in them, where it is not plain that their buckets may be read.
    """
    return (
        _dump_finding(found, databases, series),
        restore_finding(found, ("",), ("",)),
        *(_oplog_findings(found) if has_oplog else ()),
    )


def sees_no_buckets(found: Privileges, database: str) -> bool:
    """Whether a database may be listed, but not the buckets of just any time series in it."""
    return found.allows("listCollections", database) and not found.allows(
        "find", database, f"{BUCKETS}*"
    )


def _dump_finding(
    found: Privileges, databases: Sequence[str], series: Sequence[Namespace]
) -> PrivilegeFinding:
    """Say whether all of a deployment may be dumped, and if not, what of it may be.

    Who may not list all databases is shown only some, without a word. Source: MongoDB manual,
    "listDatabases" (authorizedDatabases).
    """
    lacking = {
        name: [
            f"{action} on {name or 'every database'}"
            for action in ("listCollections", "find", "listIndexes")
            if not found.allows(action, name)
        ]
        for name in databases or ("",)
    }
    hidden = [n for n in series if not found.allows("find", n.database, f"{BUCKETS}{n.collection}")]
    missing = (
        *(() if found.allows_on_cluster("listDatabases") else ("listDatabases on the cluster",)),
        *(words for own in lacking.values() for words in own),
        *(f"find on {n.database}.{BUCKETS}{n.collection}" for n in hidden),
    )
    cut = {n.database for n in hidden}
    some = tuple(
        f"{name} without its time series" if name in cut else name
        for name in databases
        if missing and not lacking[name]
    )
    return PrivilegeFinding("dump", not missing, missing, DUMP_ROLE if missing else "", some)


def _oplog_findings(found: Privileges) -> tuple[PrivilegeFinding, ...]:
    missing = () if found.allows("find", "local", "oplog.rs") else ("find on local.oplog.rs",)
    return (PrivilegeFinding("oplog", not missing, missing, DUMP_ROLE if missing else ""),)
