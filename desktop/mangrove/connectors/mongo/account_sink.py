"""Adds users and roles to a deployment as mongorestore does: the port ``AccountSink``.

Source: mongo-tools, mongorestore/metadata.go (RestoreUsersOrRoles): the documents go into
``admin.tempusers`` and ``admin.temproles``, which ``_mergeAuthzCollections`` reads; the built-in
role ``restore`` may read temporary collections of these two names only (measured on 6.0).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo import listing
from mangrove.connectors.mongo.batch_reader import BatchReader
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import (
    NAMESPACE_NOT_FOUND,
    explain,
    while_working,
    working,
)
from mangrove.connectors.mongo.inserting import Inserter
from mangrove.connectors.mongo.privileges import (
    RESTORE_ROLE,
    Privileges,
    read_privileges,
    require,
)
from mangrove.core.accounts import (
    ADMIN,
    TEMPORARY_ACCOUNTS,
    Account,
    AccountKind,
    auth_namespace,
)
from mangrove.core.errors import MangroveError, MissingPrivilegeError, WriteRefusedError
from mangrove.core.namespace import Namespace

TEMPORARY = dict(zip(AccountKind, TEMPORARY_ACCOUNTS, strict=True))
MARKER = "mangrove_merging"
"""Made first and dropped last: while it is there, the temporary collections are ours."""
MERGE_ACTIONS = ("createUser", "createRole", "grantRole", "revokeRole", "viewUser", "viewRole")
_ASKED_AT_ONCE = 500
_ASK = {AccountKind.USER: "usersInfo", AccountKind.ROLE: "rolesInfo"}


@dataclass(frozen=True, slots=True)
class MongoAccountSink:
    """The users and roles of a deployment that is restored to."""

    connection: Connection
    inserter: Inserter

    def check_privileges(self) -> None:
        """Raise MissingPrivilegeError, naming the role, if we may not add users and roles."""
        missing = missing_for_merging(read_privileges(self.connection))
        require(missing, RESTORE_ROLE, self.connection.hosts)

    def existing(self, accounts: Sequence[Account]) -> frozenset[Account]:
        """Return those of the given users and roles that are there."""
        found: set[Account] = set()
        for kind in AccountKind:
            wanted = [a for a in accounts if a.kind is kind]
            for start in range(0, len(wanted), _ASKED_AT_ONCE):
                found |= self._ask(kind, wanted[start : start + _ASKED_AT_ONCE])
        return frozenset(found)

    def merge(self, users: Sequence[bytes], roles: Sequence[bytes]) -> None:
        """Add the missing ones of these documents; what exists stays as it is."""
        self._refuse_strangers()
        with self._temporary():
            for kind, documents in ((AccountKind.USER, users), (AccountKind.ROLE, roles)):
                self._fill(kind, documents)
            self._run(
                {
                    "_mergeAuthzCollections": 1,
                    "tempUsersCollection": _temporary_name(AccountKind.USER, users),
                    "tempRolesCollection": _temporary_name(AccountKind.ROLE, roles),
                    "drop": False,
                    "db": "",
                    "writeConcern": {"w": "majority"},
                },
                "the users and roles could not be merged",
            )

    def clear_leftovers(self) -> bool:
        """Remove what an interrupted merge of ours left; returns whether there was anything."""
        if MARKER not in self._names():
            return False
        self._drop_all()
        return True

    def read(self, kind: AccountKind) -> Iterator[bytes]:
        """Yield all users or roles as the server keeps them; only for a server of our own."""
        with working(self.connection.hosts):
            yield from BatchReader(self.connection, auth_namespace(kind.part))

    def _ask(self, kind: AccountKind, wanted: Sequence[Account]) -> set[Account]:
        names = [{kind.value: a.name, "db": a.database} for a in wanted]
        reply = self.connection.command(ADMIN, {_ASK[kind]: names})
        return {Account(kind, str(d["db"]), str(d[kind.value])) for d in reply[f"{kind}s"]}

    def _refuse_strangers(self) -> None:
        names = self._names()
        if MARKER in names:
            self._drop_all()
        elif strange := sorted(names & set(TEMPORARY.values())):
            raise WriteRefusedError(
                f"{ADMIN}.{strange[0]} on {self.connection.hosts} is there: another restore of "
                "users is running, or left it; no user was changed",
                hint="wait for the other restore, or drop the collection by hand",
            )

    def _names(self) -> set[str]:
        found = listing.list_collections(self.connection, ADMIN)
        return {listed.namespace.collection for listed in found}

    @contextmanager
    def _temporary(self) -> Iterator[None]:
        """Keep the temporary collections for as long as the block lasts, however it ends."""
        self._run({"create": MARKER}, "the merge could not be begun")
        try:
            yield
        except MangroveError as error:
            self._drop_after(error)
            raise
        except BaseException:
            self._drop_all()
            raise
        self._drop_all()

    def _drop_after(self, error: MangroveError) -> None:
        try:
            self._drop_all()
        except MangroveError as second:
            error.message += f"; {second.message}"

    def _drop_all(self) -> None:
        for name in (*TEMPORARY.values(), MARKER):
            try:
                self.connection.run(ADMIN, {"drop": name})
            except PyMongoError as error:
                if isinstance(error, OperationFailure) and error.code == NAMESPACE_NOT_FOUND:
                    continue
                raise WriteRefusedError(
                    f"{ADMIN}.{name} on {self.connection.hosts} could not be dropped, and may "
                    "hold password hashes",
                    hint="the next restore by mangrove drops it, or drop it by hand",
                ) from error

    def _fill(self, kind: AccountKind, documents: Sequence[bytes]) -> None:
        try:
            outcome = self.inserter.insert(Namespace(ADMIN, TEMPORARY[kind]), documents)
        except PyMongoError as error:
            # the driver's message may quote the command, and the command holds password hashes
            raise while_working(error, self.connection.hosts) from None
        if outcome.refused:
            raise WriteRefusedError(
                f"{len(outcome.refused)} {kind}s could not be prepared: "
                f"{outcome.refused[0].reason}; none was added"
            )

    def _run(self, command: dict[str, Any], what: str) -> None:
        try:
            self.connection.run(ADMIN, command)
        except OperationFailure as error:
            ours = while_working(error, self.connection.hosts)
            if isinstance(ours, MissingPrivilegeError):
                raise ours from None
            raise WriteRefusedError(
                f"{what}: {explain(error)}", hint="check that both servers are of like versions"
            ) from None  # the server's own message may quote a user's document
        except PyMongoError as error:
            raise while_working(error, self.connection.hosts) from error


def missing_for_merging(found: Privileges) -> tuple[str, ...]:
    """Return what is missing for adding users and roles, in the server's words.

    Source: MongoDB server, user_management_commands_common.cpp
    (checkAuthForTypedCommand of _mergeAuthzCollections).
    """
    everywhere = (f"{a} on every database" for a in MERGE_ACTIONS if not found.allows(a, ""))
    temporary = (
        f"{action} on {ADMIN}.{name}"
        for name in TEMPORARY.values()
        for action in ("createCollection", "insert", "dropCollection", "find")
        if not found.allows(action, ADMIN, name)
    )
    listed = () if found.allows("listCollections", ADMIN) else (f"listCollections on {ADMIN}",)
    return (*everywhere, *temporary, *listed)


def _temporary_name(kind: AccountKind, documents: Sequence[bytes]) -> str:
    return f"{ADMIN}.{TEMPORARY[kind]}" if documents else ""
