"""Restore planning: where each namespace goes, what stands there already, and what to say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.accounts import AccountsPlan
from mangrove.core.backup import (
    BackupId,
    IndexChoice,
    OnExisting,
    OnRefusal,
    Rename,
    RestoreRequest,
)
from mangrove.core.errors import (
    InvalidSelectionError,
    NamespaceConflictError,
    TargetNotEmptyError,
)
from mangrove.core.forecast import Forecast
from mangrove.core.globs import literal, matches_any, without_match
from mangrove.core.manifest import Manifest, NamespaceEntry
from mangrove.core.namespace import MAX_NAMESPACE_BYTES, SERVER_DATABASES, Namespace, other_case
from mangrove.core.renaming import Rule, renamed, rule_of
from mangrove.core.view_references import notes_on_views
from mangrove.core.wording import counted

MAX_DATABASE_BYTES = 63
SHOWN_DATABASES = 10
_FORBIDDEN_IN_DATABASE = frozenset('/\\. "$\0')


@dataclass(frozen=True, slots=True)
class PlannedNamespace:
    """One namespace on its way.

    Attributes:
        replaces: Whether a collection of the target's name exists and will be dropped first.
        fills: Whether it exists and only gets the documents it lacks.
    """

    entry: NamespaceEntry
    target: Namespace
    replaces: bool
    fills: bool = False


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """Exactly what a restore will do.

    Attributes:
        creates: Target databases that do not exist yet.
        occupied: Target databases that hold data already.
        unconfirmed: Those of ``occupied`` that nobody named in ``replace``.
        sentence: What will happen, in one sentence, as the dialog shows it.
        notes: What a careful person should know besides, each a sentence.
        accounts: The users and roles that go along; None unless asked for.
        replaced_bytes: What the existing collections that are dropped take on the disk.
        forecast: What it will need; None before somebody looked.
    """

    backup: BackupId
    profile: str
    namespaces: tuple[PlannedNamespace, ...]
    creates: tuple[str, ...]
    occupied: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    sentence: str
    notes: tuple[str, ...] = ()
    accounts: AccountsPlan | None = None
    replaced_bytes: int = 0
    forecast: Forecast | None = None

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

    @property
    def filled(self) -> tuple[Namespace, ...]:
        """The existing collections that only get the documents they lack."""
        return tuple(p.target for p in self.namespaces if p.fills)

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
        hint=f"name the target, such as --rename {database}=other",
    )


def plan_restore(
    manifest: Manifest,
    request: RestoreRequest,
    existing: Mapping[str, frozenset[str]],
    at: datetime,
    databases: Sequence[str] = (),
) -> RestorePlan:
    """Decide where everything goes.

    Args:
        manifest: The backup to restore.
        request: What the person asked for.
        existing: Collections of each database on the target that could be concerned.
        at: The moment that copies are named after.
        databases: All databases of the target.

    Raises:
        InvalidSelectionError: If nothing matches, a pattern or a renaming matches nothing, a name
            is malformed or two choices contradict each other.
        NamespaceConflictError: If two namespaces would land in one, or the server would not take
            the name of a database.
    """
    only_missing = request.on_existing is OnExisting.ONLY_MISSING
    if only_missing and request.replace:
        raise InvalidSelectionError(
            "existing collections either get what they lack or are replaced, not both; "
            "nothing was changed",
            hint="leave out --yes-replace, and name the target with --rename",
        )
    _refuse_idle_renames(manifest, request)
    rename = _Renamer(manifest, request, at)
    planned = []
    for entry in _chosen(manifest, request):
        target = rename.target_of(entry.namespace)
        exists = target.collection in existing.get(target.database, frozenset())
        planned.append(
            PlannedNamespace(
                entry, target, replaces=exists and not only_missing, fills=exists and only_missing
            )
        )
    _refuse_conflicts(planned)
    _refuse_too_long(planned)
    _refuse_irreplaceable(planned)
    targets = sorted({p.target.database for p in planned})
    _refuse_other_case(targets, databases)
    occupied = tuple(t for t in targets if existing.get(t))
    confirmed = targets if only_missing else request.replace
    return RestorePlan(
        backup=manifest.backup,
        profile=request.profile,
        namespaces=tuple(planned),
        creates=tuple(t for t in targets if t not in occupied),
        occupied=occupied,
        unconfirmed=tuple(t for t in occupied if t not in confirmed),
        sentence=_sentence(planned, request, occupied),
        notes=tuple(dict.fromkeys(_notes(manifest, request, planned))),
    )


def target_namer(
    manifest: Manifest, request: RestoreRequest, at: datetime
) -> Callable[[Namespace], Namespace | None]:
    """Return what says where any namespace would go, also one the backup does not hold.

    It returns None for what is not selected, now or when the backup was taken.
    """
    rename = _Renamer(manifest, request, at)

    def target_of(source: Namespace) -> Namespace | None:
        is_meant = manifest.selection.matches(source) and _is_chosen(source, request)
        return rename.target_of(source) if is_meant else None

    return target_of


def target_databases(manifest: Manifest, request: RestoreRequest, at: datetime) -> tuple[str, ...]:
    """Return the databases a restore would write to, so that they can be looked at first."""
    rename = _Renamer(manifest, request, at)
    chosen = (n.namespace for n in manifest.namespaces if _is_chosen(n.namespace, request))
    return tuple(sorted({rename.target_of(n).database for n in chosen}))


class _Renamer:
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


def _chosen(manifest: Manifest, request: RestoreRequest) -> Sequence[NamespaceEntry]:
    names = [str(n.namespace) for n in manifest.namespaces]
    found = [n for n in manifest.namespaces if _is_chosen(n.namespace, request)]
    idle = without_match((*request.include, *request.exclude), names)
    if idle or not found:
        what = f"the pattern '{idle[0]}'" if idle else "the selection"
        raise InvalidSelectionError(
            f"no namespace of the backup matches {what}; nothing was changed",
            hint="look at its contents with: mangrove show BACKUP",
        )
    return found


def _is_chosen(namespace: Namespace, request: RestoreRequest) -> bool:
    text = str(namespace)
    wanted = not request.include or matches_any(request.include, text)
    return wanted and not matches_any(request.exclude, text)


def _notes(
    manifest: Manifest, request: RestoreRequest, planned: Sequence[PlannedNamespace]
) -> Iterator[str]:
    """Yield what the sentence leaves out."""
    chosen = {p.entry.namespace for p in planned}
    for query in manifest.selection.queries:
        if query.namespace in chosen:
            yield (
                f"of {query.namespace} the backup holds only the documents that a query chose: "
                f"{query.text}"
            )
    for rule in rules_of(request):
        if all(rule.renamed(str(name)) is None for name in chosen):
            yield f"the renaming '{rule.text}' fits nothing that is restored"
    yield from notes_on_views(
        [p.entry for p in planned], {p.entry.namespace: p.target for p in planned}
    )
    yield from _notes_on_choices(request, planned)


def _notes_on_choices(
    request: RestoreRequest, planned: Sequence[PlannedNamespace]
) -> Iterator[str]:
    if request.on_existing is OnExisting.ONLY_MISSING:
        if any(p.fills for p in planned):
            yield (
                "documents whose _id is there already stay as they are, indexes and options of "
                "existing collections too; what exists is not compared with the backup"
            )
        else:
            yield (
                "none of the targets exists, so everything is missing; to fill up existing "
                "collections name their database, such as --rename shop=shop"
            )
    match request.indexes:
        case IndexChoice.BEFORE:
            yield "indexes are built before the documents: slower, and unique ones refuse documents"
        case IndexChoice.NEVER:
            yield "no secondary index is built"
        case IndexChoice.AFTER:
            pass
    if request.on_refusal is OnRefusal.STOP:
        yield "the first refused document or failed index ends the run; what it created is dropped"


def _check_database(name: str) -> None:
    if not name or set(name) & _FORBIDDEN_IN_DATABASE or len(name.encode()) > MAX_DATABASE_BYTES:
        raise InvalidSelectionError(
            f"'{name}' cannot be the name of a database",
            hint='it has 1 to 63 bytes and none of / \\ . space " $',
        )
    if name in SERVER_DATABASES:
        raise InvalidSelectionError(f"nothing is restored into {name}; choose another database")


def _refuse_too_long(planned: Sequence[PlannedNamespace]) -> None:
    for item in planned:
        database = item.target.database.encode()
        if len(database) + 1 + item.entry.name_bytes_as(item.target) > MAX_NAMESPACE_BYTES:
            raise InvalidSelectionError(
                f"{item.entry.namespace} would have a name of more than {MAX_NAMESPACE_BYTES} "
                "bytes in its new place; nothing was changed",
                hint="choose a shorter name",
            )


def _refuse_conflicts(planned: Sequence[PlannedNamespace]) -> None:
    seen: dict[Namespace, Namespace] = {}
    for item in planned:
        if item.target in seen:
            raise NamespaceConflictError(
                f"{seen[item.target]} and {item.entry.namespace} would both become {item.target}",
                hint="give one of them another name",
            )
        seen[item.target] = item.entry.namespace


def _refuse_idle_renames(manifest: Manifest, request: RestoreRequest) -> None:
    """Refuse a renaming that fits nothing: without it, all would go into copies."""
    names = [str(n.namespace) for n in manifest.namespaces]
    for rule in rules_of(request):
        if all(rule.renamed(name) is None for name in names):
            held = sorted({n.namespace.database for n in manifest.namespaces})
            more = f" and {len(held) - SHOWN_DATABASES} more" if held[SHOWN_DATABASES:] else ""
            where = "the backup" if manifest.backup else manifest.profile_name
            raise InvalidSelectionError(
                f"the renaming '{rule.text}' fits nothing in {where}; nothing was changed",
                hint=f"it holds the databases {', '.join(held[:SHOWN_DATABASES])}{more}",
            )


def _refuse_other_case(targets: Sequence[str], databases: Sequence[str]) -> None:
    for name in targets:
        if other := other_case(name, (*databases, *targets)):
            raise NamespaceConflictError(
                f"a server takes no database {name} beside {other}: the names differ only in "
                "case; nothing was changed",
                hint=f"choose another name, or {other} as it is written there",
            )


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
    what = counted(len(planned), "collection")
    if documents or not sum(p.entry.plain_bytes for p in planned):  # a dump does not say how many
        what += f" with {counted(documents, 'document')}"
    start = f"Restore {what} into {names} on {request.profile}."
    replaced = [str(p.target) for p in planned if p.replaces]
    if replaced:
        which = "collection is" if len(replaced) == 1 else "collections are"
        return f"{start} {len(replaced)} existing {which} dropped and replaced."
    filled = [str(p.target) for p in planned if p.fills]
    if filled:
        which = "collection gets" if len(filled) == 1 else "collections get"
        return f"{start} {len(filled)} existing {which} only the documents missing there."
    if occupied:
        return f"{start} Existing collections stay as they are."
    return f"{start} Nothing existing is changed."
