"""What a restore would do to the target as it is now; the preview and the run share it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from mangrove.core.backup import RestoreRequest
from mangrove.core.command_line import command_line, typed
from mangrove.core.errors import NamespaceConflictError
from mangrove.core.globs import literal
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.restores.leftovers import is_working_name
from mangrove.core.restores.naming import target_databases
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.restores.planning import plan_restore
from mangrove.core.wording import counted
from mangrove.engine.compare import canonical_options
from mangrove.engine.extended_json_write import to_canonical
from mangrove.engine.target_shape import target_info

TIME_SERIES = "timeseries"
_LEFT = (
    "there is what a restore that did not end left or one that runs is loading, {count}; "
    "see {command}"
)


def planned(
    manifest: Manifest, request: RestoreRequest, sink: RestoreSink, at: datetime
) -> RestorePlan:
    """Look at the target and plan; the preview and the run share this."""
    there = {name: sink.existing(name) for name in target_databases(manifest, request, at)}
    existing = {
        name: frozenset(info.namespace.collection for info in infos)
        for name, infos in there.items()
    }
    plan = plan_restore(manifest, request, existing, at, sink.databases())
    found = {info.namespace: info for infos in there.values() for info in infos}
    _refuse_unlike(plan, found)
    disks = [disk for name in plan.replaced if (disk := found[name].disk)]
    left = sum(is_working_name(name.collection) for name in found)
    clean = command_line("profile", "clean", plan.profile)
    notes = (_LEFT.format(count=counted(left, "collection"), command=clean),) if left else ()
    return replace(
        plan,
        validated=tuple(sorted(_validated(plan, found))),
        replaced_bytes=sum(d.data_bytes + d.index_bytes for d in disks),
        notes=(*plan.notes, *notes),
    )


def index_commands(plan: RestorePlan, sink: RestoreSink) -> tuple[str, ...]:
    """Return the createIndexes commands of a plan, one canonical extended JSON document each."""
    moved = {p.entry.namespace: p.target for p in plan.namespaces}
    infos = [target_info(p.entry, p.target, moved) for p in plan.namespaces]
    commands = [sink.index_command(info) for info in infos]
    return tuple(to_canonical(command) for command in commands if command is not None)


def _validated(plan: RestorePlan, there: Mapping[Namespace, CollectionInfo]) -> set[str]:
    """Return the databases where a validator meets what comes: the backup's, or one there."""
    return {
        item.target.database
        for item in plan.namespaces
        if (_has_validator(there[item.target]) if item.fills else item.entry.has_validator)
    }


def _has_validator(info: CollectionInfo) -> bool:
    return info.kind == "collection" and '"validator":' in canonical_options(info.options)


def _refuse_unlike(plan: RestorePlan, there: Mapping[Namespace, CollectionInfo]) -> None:
    """Refuse to fill up what cannot take documents without harm to what it holds.

    Raises:
        NamespaceConflictError: Naming the collection; nothing was changed.
    """
    moved = {p.entry.namespace: p.target for p in plan.namespaces}
    for item in plan.namespaces:
        if not item.fills:
            continue
        found, wanted = there[item.target], target_info(item.entry, item.target, moved)
        options = canonical_options(found.options)
        why = ""
        if found.kind != wanted.kind:
            why = f"is a {found.kind} there, in the backup a {wanted.kind}"
        elif '"capped":true' in options:
            why = "is capped: each new document may push out an old one"
        elif found.kind == TIME_SERIES and options != canonical_options(wanted.options):
            why = "is a time series with other options there"
        if why:
            raise NamespaceConflictError(
                f"{item.target} {why}; nothing was changed",
                hint=f"leave it out ({typed('--exclude', literal(str(item.entry.namespace)))}) "
                "or give it another name",
            )
