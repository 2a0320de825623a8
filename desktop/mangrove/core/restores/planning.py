"""Restore planning: what is restored, what stands there already, and what is refused."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mangrove.core.backup import OnExisting, RestoreRequest
from mangrove.core.command_line import typed
from mangrove.core.errors import InvalidSelectionError, NamespaceConflictError
from mangrove.core.globs import literal, without_match
from mangrove.core.manifest import Manifest, NamespaceEntry
from mangrove.core.namespace import MAX_NAMESPACE_BYTES, Namespace, other_case
from mangrove.core.restores.naming import Renamer, is_chosen, rules_of
from mangrove.core.restores.plan import PlannedNamespace, RestorePlan
from mangrove.core.restores.words import notes_on, sentence_for

SHOWN_DATABASES = 10


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
    rename = Renamer(manifest, request, at)
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
        sentence=sentence_for(planned, request, occupied),
        notes=tuple(dict.fromkeys(notes_on(manifest, request, planned))),
    )


def _chosen(manifest: Manifest, request: RestoreRequest) -> Sequence[NamespaceEntry]:
    names = [str(n.namespace) for n in manifest.namespaces]
    found = [n for n in manifest.namespaces if is_chosen(n.namespace, request)]
    idle = without_match((*request.include, *request.exclude), names)
    if idle or not found:
        what = f"the pattern '{idle[0]}'" if idle else "the selection"
        raise InvalidSelectionError(
            f"no namespace of the backup matches {what}; nothing was changed",
            hint="look at its contents with: mangrove show BACKUP",
        )
    return found


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
    system = [p for p in planned if p.replaces and p.target.collection.startswith("system.")]
    if not system:
        return
    names = " and ".join(str(p.target) for p in system)
    which, them = ("exists", "it") if len(system) == 1 else ("exist", "them")
    out = " ".join(typed("--exclude", literal(str(p.entry.namespace))) for p in system)
    raise NamespaceConflictError(
        f"{names} {which} and the server lets nobody replace {them}; nothing was changed",
        hint=f"leave {them} out with {out}; what is missing in {them} a second run can add, "
        "with --only-missing",
    )
