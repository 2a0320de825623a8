"""Lists what a deployment holds, and decides which namespaces a dump takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bson.binary import Binary
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import NAMESPACE_NOT_FOUND, UNAUTHORIZED, working
from mangrove.connectors.mongo.privileges import BUCKETS
from mangrove.connectors.mongo.sizes import EstimatedSize, disk_use, estimated_size
from mangrove.core.accounts import NOT_ASKED_FOR, TEMPORARY_ACCOUNTS, UsersAndRoles, auth_part
from mangrove.core.backup import Selection
from mangrove.core.cover import ON_THE_WAY, SERVER_OWN
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.globs import database_of, without_match
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo

VIEW, TIME_SERIES, COLLECTION = "view", "timeseries", "collection"
EMPTY_DOCUMENT = b"\x05\0\0\0\0"
_INTERNAL_PREFIX = "__mdb_internal"
# Source: mongo-tools, mongodump/prepare.go: what a full dump takes of the database config.
_CONFIG_KEPT = frozenset(
    {"chunks", "collections", "databases", "settings", "shards", "tags", "version"}
)
_LIST_BATCH = 1_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """What listCollections said of one collection.

    Attributes:
        data_uuid: Of the collection that holds the documents: a time series' buckets; "" for views.
        shape: The whole entry undecoded; two equal ones mean that nothing changed.
    """

    namespace: Namespace
    kind: str
    options: bytes
    data_uuid: str
    shape: bytes

    @property
    def data_namespace(self) -> Namespace:
        """Where the documents are."""
        return data_namespace(self.namespace, self.kind)


def data_namespace(namespace: Namespace, kind: str) -> Namespace:
    """Return where a collection's documents are: a time series keeps them in its buckets."""
    if kind != TIME_SERIES:
        return namespace
    return Namespace(namespace.database, BUCKETS + namespace.collection)


def list_databases(connection: Connection) -> tuple[str, ...]:
    """Return the databases that the user may see, sorted."""
    reply = connection.command("admin", {"listDatabases": 1, "nameOnly": True})
    return tuple(sorted(d["name"] for d in reply["databases"]))


def list_collections(connection: Connection, database: str) -> tuple[Listed, ...]:
    """Return everything in a database, system collections too; nothing if it does not exist."""
    with working(connection.hosts):
        entries = list(_entries(connection, database, {}))
    uuids = {str(e["name"]): _uuid(e) for e in entries}
    return tuple(_listed(database, entry, uuids) for entry in entries)


def list_named(connection: Connection, namespaces: Sequence[Namespace]) -> Iterator[Listed]:
    """Yield those of some collections that are there, at the cost of one question a database."""
    for database in sorted({n.database for n in namespaces}):
        names = {n.collection for n in namespaces if n.database == database}
        asked = sorted(names | {BUCKETS + name for name in names})
        with working(connection.hosts):
            entries = list(_entries(connection, database, {"name": {"$in": asked}}))
        uuids = {str(e["name"]): _uuid(e) for e in entries}
        yield from (_listed(database, e, uuids) for e in entries if str(e["name"]) in names)


def time_series(connection: Connection, database: str) -> tuple[Namespace, ...]:
    """Return the time series of a database."""
    with working(connection.hosts):
        found = list(_entries(connection, database, {"type": TIME_SERIES}))
    return tuple(Namespace(database, str(entry["name"])) for entry in found)


def data_uuid(connection: Connection, namespace: Namespace) -> str | None:
    """Return a collection's UUID now, None when it is gone."""
    with working(connection.hosts):
        found = list(_entries(connection, namespace.database, {"name": namespace.collection}))
    return _uuid(found[0]) if found else None


def data_uuids(connection: Connection, database: str, collections: Sequence[str]) -> dict[str, str]:
    """Return the UUIDs now of those collections that are there, at one question.

    Source: MongoDB server, list_collections.cpp: names in ``$in`` are looked up one by one.
    """
    with working(connection.hosts):
        found = list(_entries(connection, database, {"name": {"$in": list(collections)}}))
    return {str(entry["name"]): _uuid(entry) for entry in found}


def _entries(
    connection: Connection, database: str, only: Mapping[str, Any]
) -> Iterator[RawBSONDocument]:
    """Yield listCollections entries undecoded, through all of its cursor."""
    with connection.client.start_session(causal_consistency=False) as session:
        command: dict[str, Any] = {"listCollections": 1, "filter": dict(only)}
        command["cursor"] = {"batchSize": _LIST_BATCH}
        cursor = connection.raw_command(database, command, session)["cursor"]
        yield from cursor["firstBatch"]
        while cursor["id"]:
            more = {"getMore": cursor["id"], "collection": "$cmd.listCollections"}
            cursor = connection.raw_command(database, more, session)["cursor"]
            yield from cursor["nextBatch"]


def _uuid(entry: RawBSONDocument) -> str:
    found = entry["info"].get("uuid") if "info" in entry else None
    return bytes(found).hex() if isinstance(found, (Binary, bytes)) else ""


def _listed(database: str, entry: RawBSONDocument, uuids: Mapping[str, str]) -> Listed:
    name, kind = str(entry["name"]), str(entry.get("type", COLLECTION))
    options = bytes(entry["options"].raw) if "options" in entry else EMPTY_DOCUMENT
    own = uuids.get(BUCKETS + name, "") if kind == TIME_SERIES else uuids[name]
    return Listed(Namespace(database, name), kind, options, own, bytes(entry.raw))


def list_indexes(connection: Connection, listed: Listed) -> tuple[bytes, ...]:
    """Return a collection's index documents as the server sent them; none for views."""
    if listed.kind == VIEW:
        return ()
    database, name = listed.namespace.database, listed.namespace.collection
    with connection.client.start_session(causal_consistency=False) as session:
        command: dict[str, Any] = {"listIndexes": name, "cursor": {"batchSize": _LIST_BATCH}}
        cursor = connection.raw_command(database, command, session)["cursor"]
        found = [bytes(d.raw) for d in cursor["firstBatch"]]
        while cursor["id"]:
            more = {"getMore": cursor["id"], "collection": str(cursor["ns"]).partition(".")[2]}
            cursor = connection.raw_command(database, more, session)["cursor"]
            found += [bytes(d.raw) for d in cursor["nextBatch"]]
    return tuple(found)


def describe(connection: Connection, listed: Listed) -> CollectionInfo:
    """Complete a listed collection with indexes and, for progress, estimated sizes.

    Errors: the driver's own when it is gone; unreadable sizes are 0, unreadable indexes none
        only where the user may not list them.
    """
    data = None if listed.kind == VIEW else listed.data_namespace
    size = estimated_size(connection, data) if data else EstimatedSize()
    disk = disk_use(connection, data) if data and size.is_worth_a_closer_look else None
    return CollectionInfo(
        listed.namespace,
        listed.kind,
        listed.options,
        list_indexes(connection, listed),
        _own_uuid(listed),
        size.documents,
        size.data_bytes,
        disk,
    )


def describe_leniently(connection: Connection, listed: Listed) -> CollectionInfo | None:
    """Describe a collection of a target: None if it is gone; without indexes if not allowed."""
    try:
        return describe(connection, listed)
    except OperationFailure as error:
        if error.code == NAMESPACE_NOT_FOUND:
            return None
        if error.code != UNAUTHORIZED:
            raise
    return described_bare(listed)


def described_bare(listed: Listed) -> CollectionInfo:
    """Describe a collection by what was listed of it: without indexes and sizes."""
    return CollectionInfo(listed.namespace, listed.kind, listed.options, (), _own_uuid(listed))


def _own_uuid(listed: Listed) -> str | None:
    return listed.data_uuid or None if listed.kind == COLLECTION else None


def choose(
    selection: Selection, found: Iterable[Listed]
) -> tuple[tuple[Listed, ...], tuple[NotIncluded, ...]]:
    """Apply the rules of mongodump and the selection to what the server holds.

    Raises:
        InvalidSelectionError: If something named is not there, or nothing is selected.
    """
    everything = tuple(found)
    _check_named(selection, everything)
    _check_patterns(selection, everything)
    chosen: list[Listed] = []
    left_out: dict[str, NotIncluded] = {}
    for listed in everything:
        reason = _why_not(listed.namespace, selection)
        if reason is None and selection.matches(listed.namespace):
            chosen.append(listed)
        elif reason and reason.what and _is_asked_for(listed.namespace, selection):
            left_out.setdefault(reason.what, reason)
        elif reason is None and _is_asked_for(listed.namespace, selection):
            what = str(listed.namespace)
            left_out[what] = NotIncluded(what, "excluded by the selection")
    if not chosen:
        raise InvalidSelectionError(
            f"nothing to dump: {selection.describe()} holds no collection",
            hint="choose databases or collections that exist",
        )
    return tuple(chosen), tuple(left_out.values())


def _is_asked_for(namespace: Namespace, selection: Selection) -> bool:
    """Whether a person might expect it: chosen before anything is taken away."""
    return replace(selection, exclude=()).matches(namespace)


def _why_not(namespace: Namespace, selection: Selection) -> NotIncluded | None:
    """Return why a namespace is never dumped, or None.

    Source: mongo-tools, mongodump/prepare.go (shouldSkipSystemNamespace).
    """
    database, name = namespace.database, namespace.collection
    if name.startswith(BUCKETS) or name == "system.views":
        return NotIncluded("", "")  # come with their time series and views
    if namespace in selection.collections or name == "system.js":
        return None
    if database == "config" and name not in _CONFIG_KEPT:
        return NotIncluded("config", "the server's own bookkeeping: sessions and transactions")
    if auth_part(namespace):
        is_taken = selection.users_and_roles is UsersAndRoles.INCLUDE
        return NotIncluded("" if is_taken else "users and roles", NOT_ASKED_FOR)
    if name.startswith("system.") or "$" in name:
        return NotIncluded(str(namespace), SERVER_OWN)
    is_on_the_way = database == "admin" and name in TEMPORARY_ACCOUNTS
    return NotIncluded(str(namespace), ON_THE_WAY) if is_on_the_way else None


def _check_named(selection: Selection, found: tuple[Listed, ...]) -> None:
    names = {listed.namespace for listed in found}
    for database in selection.databases:
        if not any(n.database == database for n in names):
            raise InvalidSelectionError(
                f"there is no database {database}; nothing was read", database=database
            )
    for namespace in selection.collections:
        if namespace.collection.startswith(BUCKETS):
            raise InvalidSelectionError(
                f"{namespace} is a part of a time series; nothing was read",
                hint=f"name the time series: {namespace.collection.removeprefix(BUCKETS)}",
            )
        if namespace not in names:
            raise InvalidSelectionError(
                f"there is no collection {namespace}; nothing was read", namespace=str(namespace)
            )


def _check_patterns(selection: Selection, found: tuple[Listed, ...]) -> None:
    names = [str(c.namespace) for c in found if _why_not(c.namespace, selection) is None]
    if idle := without_match((*selection.include, *selection.exclude), names):
        raise InvalidSelectionError(
            f"the pattern '{idle[0]}' matches no collection; nothing was read",
            hint="a pattern is held against database.collection, and only * stands for something",
            pattern=idle[0],
        )


def databases_of(selection: Selection, present: Iterable[str]) -> tuple[str, ...]:
    """Return which databases must be listed for a selection.

    Raises:
        InvalidSelectionError: If it names ``local``, which belongs to one node only.
    """
    named = named_databases(selection)
    if "local" in named:
        raise InvalidSelectionError(
            "the database local belongs to one node and is not backed up", database="local"
        )
    if selection.is_chosen and None not in named:
        return tuple(sorted(name for name in named if name))
    return tuple(sorted(n for n in present if n != "local" and not n.startswith(_INTERNAL_PREFIX)))


def named_databases(selection: Selection) -> frozenset[str | None]:
    """Return the databases that a selection names; None among them if a pattern fits any."""
    return frozenset(
        {
            *selection.databases,
            *(c.database for c in selection.collections),
            *map(database_of, selection.include),
        }
    )
