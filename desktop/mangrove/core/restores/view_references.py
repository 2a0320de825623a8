"""Which collections a stored view names, and which of them a restore puts somewhere else."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace

# Source: MongoDB manual, "Aggregation Stages": where each stage names a collection.
_FIELD_OF_STAGE = {
    "$lookup": "from",
    "$graphLookup": "from",
    "$unionWith": "coll",
    "$merge": "into",
    "$out": "coll",
}
_VALUES = frozenset({"$literal"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A collection that a pipeline names, and the stage it does so in."""

    stage: str
    namespace: Namespace


def view_source(entry: NamespaceEntry) -> Namespace | None:
    """Return what a view stands on; None for anything else."""
    name = _options(entry).get("viewOn") if entry.kind == "view" else None
    return Namespace(entry.namespace.database, name) if isinstance(name, str) else None


def pipeline_references(entry: NamespaceEntry) -> tuple[Reference, ...]:
    """Return every collection that a view's pipeline names, nested pipelines too."""
    if entry.kind != "view":
        return ()
    return tuple(_found(_options(entry).get("pipeline"), entry.namespace.database))


def notes_on_views(
    entries: Iterable[NamespaceEntry], moved: Mapping[Namespace, Namespace]
) -> Iterator[str]:
    """Say which views will not find after the restore what they found before it.

    Args:
        entries: What is restored.
        moved: Every namespace that is restored, and where it goes.
    """
    for entry in entries:
        target = moved[entry.namespace]
        source = view_source(entry)
        if source is not None:
            yield from _note_on_source(target, source, moved.get(source))
        for reference in pipeline_references(entry):
            yield from _note_on_reference(target, reference, moved.get(reference.namespace))


def _note_on_source(target: Namespace, source: Namespace, goes: Namespace | None) -> Iterator[str]:
    if goes is None:
        yield f"the view {target} stands on {source.collection}, which is not restored with it"
    elif goes.database != target.database:
        yield (
            f"the view {target} stands on {source}, which goes to {goes}: a view sees only its "
            "own database, so it will find nothing"
        )


def _note_on_reference(
    target: Namespace, reference: Reference, goes: Namespace | None
) -> Iterator[str]:
    if goes is None or goes == Namespace(target.database, reference.namespace.collection):
        return
    yield (
        f"the view {target} names {reference.namespace.collection} in {reference.stage}, which "
        f"becomes {goes}: pipelines are not rewritten, change the view afterwards"
    )


def _options(entry: NamespaceEntry) -> Mapping[str, object]:
    try:
        found: object = json.loads(entry.options or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _found(value: object, database: str) -> Iterator[Reference]:
    if isinstance(value, list):
        for item in value:
            yield from _found(item, database)
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        if name in _FIELD_OF_STAGE:
            yield from _named(name, inner, database)
        if name not in _VALUES:
            yield from _found(inner, database)


def _named(stage: str, value: object, database: str) -> Iterator[Reference]:
    field = _FIELD_OF_STAGE[stage]
    inner = value.get(field) if isinstance(value, dict) else value
    if isinstance(inner, dict):  # {"$merge": {"into": {"db": …, "coll": …}}}
        value, inner = inner, inner.get("coll")
    if not isinstance(inner, str):
        return
    other = value.get("db") if isinstance(value, dict) else None
    yield Reference(stage, Namespace(other if isinstance(other, str) else database, inner))
