"""Restore planning: where each namespace goes, what stands there already, and what to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from mangrove.core.backup import BackupId, Rename, RestoreRequest
from mangrove.core.errors import (
    InvalidSelectionError,
    NamespaceConflictError,
    TargetNotEmptyError,
)
from mangrove.core.manifest import Manifest, NamespaceEntry
from mangrove.core.namespace import Namespace

MAX_DATABASE_BYTES = 63
PROTECTED_DATABASES = frozenset({"admin", "config", "local"})
_FORBIDDEN_IN_DATABASE = frozenset('/\\. "$\0')


@dataclass(frozen=True, slots=True)
class PlannedNamespace:
    """One namespace on its way.

    Attributes:
        replaces: Whether a collection of the target's name exists and will be dropped first.
    """

    entry: NamespaceEntry
    target: Namespace
    replaces: bool


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """Exactly what a restore will do.

    Attributes:
        creates: Target databases that do not exist yet.
        occupied: Target databases that hold data already.
        unconfirmed: Those of ``occupied`` that nobody named in ``replace``.
        sentence: What will happen, in one sentence, as the dialog shows it.
    """

    backup: BackupId
    profile: str
    namespaces: tuple[PlannedNamespace, ...]
    creates: tuple[str, ...]
    occupied: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    sentence: str

    @property
    def documents(self) -> int:
        """All documents to be inserted."""
        return sum(p.entry.documents for p in self.namespaces)

    @property
    def plain_bytes(self) -> int:
        """All BSON to be inserted."""
        return sum(p.entry.plain_bytes for p in self.namespaces)

    @property
    def replaced(self) -> tuple[Namespace, ...]:
        """The existing collections that will be dropped."""
        return tuple(p.target for p in self.namespaces if p.replaces)

    def require_confirmed(self) -> None:
        """Raise unless every target database with data in it was named by the person.

        Raises:
            TargetNotEmptyError: Naming the databases; nothing was touched.
        """
        if self.unconfirmed:
            names = ", ".join(self.unconfirmed)
            raise TargetNotEmptyError(
                f"{names} on {self.profile} holds data already; nothing was changed",
                hint="restore into a copy, or confirm with "
                + " ".join(f"--yes-replace {name}" for name in self.unconfirmed),
                databases=names,
            )


def copy_name(database: str, at: datetime) -> str:
    """Name the copy of a database: ``<db>_restored_<timestamp>``, within 63 bytes.

    Source: MongoDB manual, "Limits and Thresholds": database names are under 64 bytes.
    """
    suffix = f"_restored_{at:%Y%m%d_%H%M%S}"
    head = database.encode()[: MAX_DATABASE_BYTES - len(suffix)].decode(errors="ignore")
    return head + suffix


def plan_restore(
    manifest: Manifest,
    request: RestoreRequest,
    existing: Mapping[str, frozenset[str]],
    at: datetime,
) -> RestorePlan:
    """Decide where everything goes.

    Args:
        manifest: The backup to restore.
        request: What the person asked for.
        existing: Collections of each database on the target that could be concerned.
        at: The moment that copies are named after.

    Raises:
        InvalidSelectionError: If nothing matches, or a name is malformed.
        NamespaceConflictError: If two namespaces would land in one.
    """
    chosen = [n for n in manifest.namespaces if _is_chosen(n.namespace, request)]
    if not chosen:
        raise InvalidSelectionError(
            "no namespace of the backup matches the selection; nothing was changed",
            hint="look at its contents with: mangrove show BACKUP",
        )
    rename = _Renamer(request, at)
    planned = []
    for entry in chosen:
        target = rename.target_of(entry.namespace)
        there = existing.get(target.database, frozenset())
        planned.append(PlannedNamespace(entry, target, target.collection in there))
    _refuse_conflicts(planned)
    _refuse_irreplaceable(planned)
    targets = sorted({p.target.database for p in planned})
    occupied = tuple(t for t in targets if existing.get(t))
    return RestorePlan(
        backup=manifest.backup,
        profile=request.profile,
        namespaces=tuple(planned),
        creates=tuple(t for t in targets if t not in occupied),
        occupied=occupied,
        unconfirmed=tuple(t for t in occupied if t not in request.replace),
        sentence=_sentence(planned, request, occupied),
    )


def target_databases(manifest: Manifest, request: RestoreRequest, at: datetime) -> tuple[str, ...]:
    """Return the databases a restore would write to, so that they can be looked at first."""
    rename = _Renamer(request, at)
    chosen = (n.namespace for n in manifest.namespaces if _is_chosen(n.namespace, request))
    return tuple(sorted({rename.target_of(n).database for n in chosen}))


class _Renamer:
    """Applies the renames of a request; the last one that fits wins, namespaces first."""

    def __init__(self, request: RestoreRequest, at: datetime) -> None:
        self._at = at
        self._namespaces: dict[Namespace, Namespace] = {}
        for name in request.replace:
            _check_database(name)
        self._databases = {name: name for name in request.replace}
        for rename in request.renames:
            self._learn(rename)

    def _learn(self, rename: Rename) -> None:
        if ("." in rename.source) != ("." in rename.target):
            raise InvalidSelectionError(
                f"'{rename.source}={rename.target}' renames a database to a collection",
                hint="give two databases, or two namespaces",
            )
        if "." in rename.source:
            target = Namespace.parse(rename.target)
            _check_database(target.database)
            self._namespaces[Namespace.parse(rename.source)] = target
        else:
            _check_database(rename.target)
            self._databases[rename.source] = rename.target

    def target_of(self, source: Namespace) -> Namespace:
        if source in self._namespaces:
            return self._namespaces[source]
        database = self._databases.get(source.database) or copy_name(source.database, self._at)
        return Namespace(database, source.collection)


def _is_chosen(namespace: Namespace, request: RestoreRequest) -> bool:
    text = str(namespace)
    wanted = not request.include or any(fnmatchcase(text, glob) for glob in request.include)
    return wanted and not any(fnmatchcase(text, glob) for glob in request.exclude)


def _check_database(name: str) -> None:
    if not name or set(name) & _FORBIDDEN_IN_DATABASE or len(name.encode()) > MAX_DATABASE_BYTES:
        raise InvalidSelectionError(
            f"'{name}' cannot be the name of a database",
            hint='it has 1 to 63 bytes and none of / \\ . space " $',
        )
    if name in PROTECTED_DATABASES:
        raise InvalidSelectionError(f"nothing is restored into {name}; choose another database")


def _refuse_conflicts(planned: Sequence[PlannedNamespace]) -> None:
    seen: dict[Namespace, Namespace] = {}
    for item in planned:
        if item.target in seen:
            raise NamespaceConflictError(
                f"{seen[item.target]} and {item.entry.namespace} would both become {item.target}",
                hint="give one of them another name",
            )
        seen[item.target] = item.entry.namespace


def _refuse_irreplaceable(planned: Sequence[PlannedNamespace]) -> None:
    """Refuse to replace what the server neither drops nor renames (measured on 6.0)."""
    for item in planned:
        if item.replaces and item.target.collection.startswith("system."):
            raise NamespaceConflictError(
                f"{item.target} exists and the server lets nobody replace it; nothing was changed",
                hint=f"leave it out with --exclude {item.entry.namespace}",
            )


def _sentence(
    planned: Sequence[PlannedNamespace], request: RestoreRequest, occupied: Sequence[str]
) -> str:
    documents = sum(p.entry.documents for p in planned)
    names = ", ".join(sorted({p.target.database for p in planned}))
    count = f"{len(planned)} collection" + ("s" if len(planned) != 1 else "")
    start = f"Restore {count} with {documents:,} documents into {names} on {request.profile}."
    replaced = [str(p.target) for p in planned if p.replaces]
    if replaced:
        which = "collection is" if len(replaced) == 1 else "collections are"
        return f"{start} {len(replaced)} existing {which} dropped and replaced."
    if occupied:
        return f"{start} Existing collections stay as they are."
    return f"{start} Nothing existing is changed."
