"""Users and roles: what they are called, which of them a restore adds, and when it refuses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from typing_extensions import override

from mangrove.core.errors import ConfirmationMissingError, InvalidSelectionError, WriteRefusedError
from mangrove.core.namespace import Namespace

ADMIN = "admin"
SERVERS_OWN = frozenset({ADMIN, "config", "local", "$external", ""})
AUTH_SCHEMA = 5
"""Source: MongoDB server, authorization_manager.cpp: ``schemaVersion28SCRAM``, since 3.0."""
_NO_SCHEMA_SINCE = (8, 1)
"""Source: mongo-tools, TOOLS-3782: servers from 8.1 keep no ``authSchema`` document."""
_DATABASE_PREFIX = "$admin."
_SHOWN = 5
TEMPORARY_ACCOUNTS = ("tempusers", "temproles")
"""The collections of ``admin`` that users and roles are merged from; they hold password hashes.

Source: MongoDB server, builtin_roles.cpp: the role ``restore`` may read these two only.
"""
NOT_ASKED_FOR = "not asked for: --users-and-roles"


class AuthPart(StrEnum):
    """The collections of ``admin`` that users and roles are kept in."""

    USERS = "system.users"
    ROLES = "system.roles"
    VERSION = "system.version"


class AccountKind(StrEnum):
    """What a document of ``system.users`` or ``system.roles`` describes."""

    USER = "user"
    ROLE = "role"

    @property
    def part(self) -> AuthPart:
        """Where the server keeps them."""
        return AuthPart.USERS if self is AccountKind.USER else AuthPart.ROLES


class UsersAndRoles(StrEnum):
    """Whether a run takes users and roles along; nobody gets them unasked."""

    LEAVE_OUT = "leave-out"
    INCLUDE = "include"


class PlainCredentials(StrEnum):
    """Whether password hashes may go into a vault that is not encrypted."""

    REFUSE = "refuse"
    ALLOW = "allow"


def users_and_roles_of(*, asked: bool) -> UsersAndRoles:
    """Return what a person asked for."""
    return UsersAndRoles.INCLUDE if asked else UsersAndRoles.LEAVE_OUT


@dataclass(frozen=True, slots=True)
class Account:
    """A user or a role by name, without its credentials.

    Attributes:
        database: Where it was created; part of its identity.
        refers_to: The databases that its roles and privileges name.
    """

    kind: AccountKind
    database: str
    name: str
    refers_to: frozenset[str] = field(default=frozenset(), compare=False)

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.name}@{self.database}"


@dataclass(frozen=True, slots=True)
class AccountsPlan:
    """Which users and roles a restore adds, and which it leaves as they are."""

    added: tuple[Account, ...]
    existing: tuple[Account, ...]
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Name everybody, one line each."""
        added = tuple(f"would be added: {account}" for account in self.added)
        return added + tuple(f"exists already, unchanged: {account}" for account in self.existing)

    def sentence(self) -> str:
        """Say what will happen in one sentence."""
        if not self.added and not self.existing:
            return "There are no users and roles that go along."
        unchanged = f"; {counts(self.existing)} exist already and stay as they are"
        return f"{counts(self.added)} are added{unchanged if self.existing else ''}."


def counts(accounts: Iterable[Account]) -> str:
    """Count users and roles in words, such as ``2 users and 1 role``."""
    kinds = [account.kind for account in accounts]
    return counted(kinds.count(AccountKind.USER), kinds.count(AccountKind.ROLE))


def counted(users: int, roles: int) -> str:
    """Say two numbers in words, such as ``2 users and 1 role``."""
    return (
        f"{users:,} user{'s' if users != 1 else ''} and {roles:,} role{'s' if roles != 1 else ''}"
    )


def auth_namespace(part: AuthPart, database: str = "") -> Namespace:
    """Name a part as mongodump does: in ``admin``, or with its database as ``$admin.…``.

    Source: mongodump 100.x, ``--dumpDbUsersAndRoles``.
    """
    if database in ("", ADMIN):
        return Namespace(ADMIN, part.value)
    return Namespace(database, f"{_DATABASE_PREFIX}{part}")


def auth_part(namespace: Namespace) -> AuthPart | None:
    """Return which part a namespace is, None for ordinary collections."""
    name = namespace.collection
    if namespace.database != ADMIN:
        if not name.startswith(_DATABASE_PREFIX):
            return None
        name = name.removeprefix(_DATABASE_PREFIX)
    return AuthPart(name) if name in set(AuthPart) else None


def require_safe_place(*, is_encrypted: bool, vault: str, plain: PlainCredentials) -> None:
    """Refuse to store password hashes where everybody may read them.

    Raises:
        ConfirmationMissingError: Nothing was read or stored.
    """
    if not is_encrypted and plain is not PlainCredentials.ALLOW:
        raise ConfirmationMissingError(
            f"users come with password hashes, and the vault {vault} is not encrypted; "
            "nothing was read or stored",
            hint="use an encrypted vault, or say --yes-unencrypted-credentials",
            vault=vault,
        )


def require_auth_schema(schema: int | None, server_version: Sequence[int]) -> None:
    """Refuse users and roles in a form that today's servers do not take.

    Args:
        schema: What the backup's ``authSchema`` document says; None without one.
        server_version: Of the server that was backed up.

    Raises:
        WriteRefusedError: Nothing was changed.
    """
    if schema == AUTH_SCHEMA:
        return
    if schema is None and tuple(server_version[:2]) >= _NO_SCHEMA_SINCE:
        return
    found = "of an unknown auth schema" if schema is None else f"of auth schema {schema}"
    raise WriteRefusedError(
        f"the users and roles are {found}, and servers take {AUTH_SCHEMA}; nothing was changed",
        hint="leave out --users-and-roles, and create the users anew",
    )


@dataclass(frozen=True, slots=True)
class RestoredDatabases:
    """Which databases of a backup a restore brings back, and under which names.

    Attributes:
        targets: Each source database with all databases that collections of it go to.
        is_everything: Whether the request leaves nothing of the backup out.
    """

    targets: Mapping[str, frozenset[str]]
    is_everything: bool

    @property
    def kept(self) -> frozenset[str]:
        """Those that keep their name."""
        return frozenset(s for s, found in self.targets.items() if found == {s})

    @property
    def moved(self) -> frozenset[str]:
        """Those that get another name; the server's own never keep theirs and do not count."""
        return frozenset(self.targets) - self.kept - SERVERS_OWN

    def takes(self, account: Account) -> bool:
        """Whether a user or role comes along.

        Those of ``admin``, of ``$external`` and of databases without collections belong to the
        deployment: they come only when everything is restored under its own name.
        """
        return account.database in self.kept or (self.is_everything and not self.moved)


def plan_accounts(
    held: Sequence[Account], existing: Iterable[Account], restored: RestoredDatabases
) -> AccountsPlan:
    """Decide which users and roles are added.

    Roles name databases, and a password that opens the original would open a copy as well, which
    nobody asked for. So users and roles go with databases that keep their names, or not at all.

    Args:
        held: What the backup has.
        existing: Those of them that the target has already.
        restored: Where the databases go.

    Raises:
        InvalidSelectionError: If a database gets another name and the backup has users of it.
    """
    stranded = sorted({a.database for a in held if a.database in restored.moved})
    if stranded:
        raise InvalidSelectionError(
            f"users and roles of {', '.join(stranded)} cannot go along, because the database gets "
            "another name; nothing was changed",
            hint="let it keep its name there, or leave out --users-and-roles",
        )
    chosen = [a for a in held if restored.takes(a)]
    there = frozenset(existing)
    added = tuple(a for a in chosen if a not in there)
    return AccountsPlan(
        added=added,
        existing=tuple(a for a in chosen if a in there),
        notes=tuple(_notes(held, chosen, added, restored)),
    )


def _notes(
    held: Sequence[Account],
    chosen: Sequence[Account],
    added: Sequence[Account],
    restored: RestoredDatabases,
) -> Iterable[str]:
    left = sorted({a.database for a in held} - {a.database for a in chosen})
    if left:
        yield (
            f"users and roles of {', '.join(left)} stay out: they come only when everything goes "
            "along under its own name"
        )
    strangers: dict[str, list[Account]] = {}
    for account in added:
        for database in account.refers_to - restored.kept - SERVERS_OWN:
            strangers.setdefault(database, []).append(account)
    for database, accounts in sorted(strangers.items()):
        names = ", ".join(map(str, accounts[:_SHOWN]))
        more = f" and {len(accounts) - _SHOWN} more" if len(accounts) > _SHOWN else ""
        yield f"{names}{more} refer to the database {database}, which does not come with them"
