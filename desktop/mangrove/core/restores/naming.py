"""Where each namespace of a restore goes: the renamings asked for, and the names of copies."""

from collections.abc import Callable
from datetime import datetime

from mangrove.core.backup import OnExisting, Rename, RestoreRequest
from mangrove.core.command_line import typed
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.globs import literal, matches_any
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import SERVER_DATABASES, Namespace
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.restores.renaming import Rule, renamed, rule_of

MAX_DATABASE_BYTES = 63
_FORBIDDEN_IN_DATABASE = frozenset('/\\. "$\0')


def copy_name(database: str, at: datetime, room: int = MAX_DATABASE_BYTES) -> str:
    """Name the copy of a database: ``<db>_restored_<timestamp>``, within 63 bytes.

    Source: MongoDB manual, "Limits and Thresholds": database names are under 64 bytes.

    Args:
        database: The original's name.
        at: The moment of the restore.
        room: How many bytes the names of its collections leave; with little room the name
            is ``<db>_r<time>``.

    Raises:
        InvalidSelectionError: If there is no room even for that.
    """
    limit = min(MAX_DATABASE_BYTES, room)
    for suffix in (f"_restored_{at:%Y%m%d_%H%M%S}", f"_r{at:%H%M%S}"):
        if len(suffix) < limit:
            head = database.encode()[: limit - len(suffix)].decode(errors="ignore")
            return head + suffix
    raise InvalidSelectionError(
        f"the names of {database}'s collections leave no room for the name of a copy; "
        "nothing was changed",
        hint=f"name the target, such as {typed('--rename', f'{database}=other')}",
    )


def target_namer(
    manifest: Manifest, request: RestoreRequest, at: datetime
) -> Callable[[Namespace], Namespace | None]:
    """Return what says where any namespace would go, also one the backup does not hold.

    It returns None for what is not selected, now or when the backup was taken.
    """
    rename = Renamer(manifest, request, at)

    def target_of(source: Namespace) -> Namespace | None:
        is_meant = manifest.selection.matches(source) and is_chosen(source, request)
        return rename.target_of(source) if is_meant else None

    return target_of


def target_databases(manifest: Manifest, request: RestoreRequest, at: datetime) -> tuple[str, ...]:
    """Return the databases a restore would write to, so that they can be looked at first."""
    rename = Renamer(manifest, request, at)
    chosen = (n.namespace for n in manifest.namespaces if is_chosen(n.namespace, request))
    return tuple(sorted({rename.target_of(n).database for n in chosen}))


class Renamer:
    """Applies the renames of a request; what none of them fits goes into a copy."""

    def __init__(self, manifest: Manifest, request: RestoreRequest, at: datetime) -> None:
        self._manifest = manifest
        self._at = at
        for name in request.replace:
            _check_database(name)
        self._replace = request.replace
        self._keeps_names = request.on_existing is OnExisting.DROP
        self._rules = rules_of(request)

    def target_of(self, source: Namespace) -> Namespace:
        """Return where a namespace goes; raises InvalidSelectionError if nothing may go there."""
        new = renamed(source, self._rules)
        if new is not None:
            _check_database(new.database)
            return new
        is_ordinary = source.database not in SERVER_DATABASES
        if source.database in self._replace or (self._keeps_names and is_ordinary):
            return source
        room = self._manifest.database_room(source.database)
        return Namespace(copy_name(source.database, self._at, room), source.collection)


def copies_of(request: RestoreRequest, plan: RestorePlan) -> tuple[Rename, ...]:
    """Return the copies that a plan makes, as renamings that name them outright."""
    rules = rules_of(request)
    moved = {
        (p.entry.namespace.database, p.target.database)
        for p in plan.namespaces
        if p.entry.namespace.database != p.target.database
        and renamed(p.entry.namespace, rules) is None
    }
    return tuple(Rename(f"{literal(a)}.*", f"{literal(b)}.*") for a, b in sorted(moved))


def rules_of(request: RestoreRequest) -> tuple[Rule, ...]:
    """Understand a request's renames, in their order.

    Raises:
        InvalidSelectionError: If one makes no sense.
    """
    return tuple(map(rule_of, request.renames))


def is_chosen(namespace: Namespace, request: RestoreRequest) -> bool:
    """Whether a request's patterns take a namespace."""
    text = str(namespace)
    wanted = not request.include or matches_any(request.include, text)
    return wanted and not matches_any(request.exclude, text)


def _check_database(name: str) -> None:
    if not name or set(name) & _FORBIDDEN_IN_DATABASE or len(name.encode()) > MAX_DATABASE_BYTES:
        raise InvalidSelectionError(
            f"'{name}' cannot be the name of a database",
            hint='it has 1 to 63 bytes and none of / \\ . space " $',
        )
    if name in SERVER_DATABASES:
        raise InvalidSelectionError(f"nothing is restored into {name}; choose another database")
