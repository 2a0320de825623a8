"""Finds the users and roles that a dump takes: in ``admin``, at the dump's own moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bson

from mangrove.connectors.mongo import listing
from mangrove.connectors.mongo.batch_reader import BatchReader
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import working
from mangrove.connectors.mongo.listing import Listed
from mangrove.connectors.mongo.privileges import (
    DUMP_ROLE,
    Privileges,
    missing_for_listing,
    missing_for_reading,
    require,
)
from mangrove.core.accounts import (
    ADMIN,
    NOT_ASKED_FOR,
    AuthPart,
    UsersAndRoles,
    auth_namespace,
    auth_part,
)
from mangrove.core.backup import Selection
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo

_LABEL = "users and roles"


@dataclass(frozen=True, slots=True)
class AccountSource:
    """The parts of one dump that hold users and roles.

    Attributes:
        infos: Each part under the name that mongodump gives it.
        only_admins: Whether the parts in ``admin`` hold that database's own users only.
        uuids: Of the collections in ``admin``, by part.
        not_included: Why some or all are left out.
    """

    infos: tuple[CollectionInfo, ...] = ()
    only_admins: bool = False
    uuids: Mapping[AuthPart, str] = field(default_factory=dict)
    not_included: tuple[NotIncluded, ...] = ()

    def reader(
        self, connection: Connection, info: CollectionInfo, concern: Mapping[str, Any]
    ) -> tuple[BatchReader, str]:
        """Return what reads one of ``infos``, and the UUID of what it reads."""
        part = _part(info.namespace)
        where = auth_namespace(part)
        owner = info.namespace.database
        is_whole = owner == ADMIN and not self.only_admins
        query = _query(part, "" if is_whole else owner)
        return BatchReader(connection, where, concern, query=query), self.uuids[part]


def check_accounts(privileges: Privileges, selection: Selection, hosts: str) -> None:
    """Make sure, before anything is read, that users and roles can be had if asked for.

    Raises:
        MissingPrivilegeError: Naming what is missing.
        InvalidSelectionError: If only collections are chosen: users belong to databases.
    """
    _check_not_plain(selection)
    if selection.users_and_roles is UsersAndRoles.LEAVE_OUT:
        return
    if selection.is_chosen and not selection.databases:
        raise InvalidSelectionError(
            "users and roles belong to whole databases, and only collections are chosen; "
            "nothing was read",
            hint="name a database with --db, or leave out --users-and-roles",
        )
    parts = [auth_namespace(part) for part in AuthPart]
    missing = tuple(m for m in missing_for_reading(privileges, parts) if m.startswith("find"))
    require((*missing_for_listing(privileges, (ADMIN,)), *missing), DUMP_ROLE, hosts)


def find_accounts(
    connection: Connection, selection: Selection, concern: Mapping[str, Any]
) -> AccountSource:
    """Find what there is at the moment that the read concern names.

    A database without users or roles of its own gets no parts, and the dump says so.
    """
    if selection.users_and_roles is UsersAndRoles.LEAVE_OUT:
        return AccountSource(not_included=_not_asked(selection))
    held = {
        part: listed
        for listed in listing.list_collections(connection, ADMIN)
        if (part := auth_part(listed.namespace)) is not None
    }
    infos: list[CollectionInfo] = []
    without: list[NotIncluded] = []
    for database in selection.databases or ("",):
        if _is_any(connection, held, database, concern):
            with working(connection.hosts):
                infos += [_described(connection, li, p, database) for p, li in held.items()]
        else:
            whose = f" of {database}" if database else ""
            without.append(NotIncluded(_LABEL + whose, "asked for, but there are none"))
    uuids = {part: listed.data_uuid for part, listed in held.items()}
    return AccountSource(tuple(infos), ADMIN in selection.databases, uuids, tuple(without))


def _check_not_plain(selection: Selection) -> None:
    """Keep password hashes out of what is stored and restored as ordinary collections."""
    for namespace in selection.collections:
        if auth_part(namespace) is not None:
            raise InvalidSelectionError(
                f"{namespace} is no collection to choose; nothing was read",
                hint="users and roles are taken with --users-and-roles",
            )


def _not_asked(selection: Selection) -> tuple[NotIncluded, ...]:
    """Say it for chosen databases; for the whole deployment the list of collections does."""
    names = ", ".join(d for d in selection.databases if d != ADMIN)
    return (NotIncluded(f"{_LABEL} of {names}", NOT_ASKED_FOR),) if names else ()


def _is_any(
    connection: Connection,
    held: Mapping[AuthPart, Listed],
    database: str,
    concern: Mapping[str, Any],
) -> bool:
    only = {"db": database} if database else {}
    for part in held.keys() - {AuthPart.VERSION}:
        command: dict[str, Any] = {"find": part.value, "filter": only, "limit": 1}
        command["projection"] = {"_id": 1}
        if concern:
            command["readConcern"] = dict(concern)
        if connection.command(ADMIN, command)["cursor"]["firstBatch"]:
            return True
    return False


def _described(
    connection: Connection, listed: Listed, part: AuthPart, database: str
) -> CollectionInfo:
    """Describe a part; those of one database have no metadata, so no indexes either."""
    where = auth_namespace(part, database)
    if where.database != ADMIN:
        return CollectionInfo(where, listing.COLLECTION, listing.EMPTY_DOCUMENT, (), None)
    indexes = listing.list_indexes(connection, listed)
    return CollectionInfo(where, listed.kind, listed.options, indexes, listed.data_uuid or None)


def _part(namespace: Namespace) -> AuthPart:
    part = auth_part(namespace)
    if part is None:
        raise ValueError(f"{namespace} holds no users and roles")
    return part


def _query(part: AuthPart, owner: str) -> bytes:
    """Take one database's users and roles; the version always as a whole, as mongodump does."""
    return bson.encode({"db": owner}) if owner and part is not AuthPart.VERSION else b""
