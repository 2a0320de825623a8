"""Which collections a stored view names, and how it names them where a restore puts them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace

# Source: MongoDB manual, "Aggregation Stages": where each stage names a collection, and which
# hold pipelines of their own.
_FIELD_OF_STAGE = {
    "$lookup": "from",
    "$graphLookup": "from",
    "$unionWith": "coll",
    "$merge": "into",
    "$out": "coll",
}
_SOURCE = "viewOn"


@dataclass(frozen=True, slots=True)
class Reference:
    """A collection that a pipeline names, and the stage it does so in."""

    stage: str
    namespace: Namespace


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a pipeline a collection is named: ``holder[field]`` is its name."""

    reference: Reference
    holder: dict[str, Any]
    field: str


def view_source(entry: NamespaceEntry) -> Namespace | None:
    """Return what a view stands on; None for anything else."""
    name = _options(entry).get(_SOURCE) if entry.kind == "view" else None
    return Namespace(entry.namespace.database, name) if isinstance(name, str) else None


def pipeline_references(entry: NamespaceEntry) -> tuple[Reference, ...]:
    """Return every collection that a view's pipeline names, nested pipelines too."""
    if entry.kind != "view":
        return ()
    places = _places(_options(entry).get("pipeline"), entry.namespace.database)
    return tuple(place.reference for place in places)


def moved_pipeline(entry: NamespaceEntry, within: Mapping[Namespace, Namespace]) -> str:
    """Return a view's options where its pipeline names what it reads as the target has it.

    A view sees only its own database, so it follows what goes there with it, and nothing else.

    Args:
        entry: The view as the manifest has it.
        within: Every namespace that goes to the database of the view, and where.
    """
    options, database = _options(entry), entry.namespace.database
    is_changed = False
    for place in _places(options.get("pipeline"), database):
        name = place.reference.namespace
        goes = within.get(name, name)
        if name.database == database and goes.collection != name.collection:
            place.holder[place.field] = goes.collection
            is_changed = True
    return json.dumps(options, ensure_ascii=False) if is_changed else entry.options


def notes_on_views(
    entries: Iterable[NamespaceEntry], moved: Mapping[Namespace, Namespace]
) -> Iterator[str]:
    """Say which views will not find after the restore what they found before it.

    Args:
        entries: What is made, views and others.
        moved: Every namespace that is restored, and where it goes.
    """
    for entry in entries:
        target = moved[entry.namespace]
        source = view_source(entry)
        if source is not None:
            verb = f"the view {target} stands on"
            yield from _note_on(verb, source, target, moved.get(source))
        for reference in pipeline_references(entry):
            verb = f"the view {target} reads in {reference.stage}"
            yield from _note_on(verb, reference.namespace, target, moved.get(reference.namespace))


def _note_on(
    verb: str, source: Namespace, target: Namespace, goes: Namespace | None
) -> Iterator[str]:
    if goes is None:
        yield f"{verb} {source.collection}, which is not restored with it"
    elif goes.database != target.database:
        yield (
            f"{verb} {source}, which goes to {goes}: a view sees only its own database, so it "
            "will find nothing there"
        )


def _options(entry: NamespaceEntry) -> dict[str, Any]:
    try:
        found: object = json.loads(entry.options or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _places(pipeline: object, database: str) -> Iterator[_Place]:
    """Yield where a pipeline names collections; what is no stage is none of its business."""
    for stage in pipeline if isinstance(pipeline, list) else ():
        for name, value in stage.items() if isinstance(stage, dict) else ():
            if name in _FIELD_OF_STAGE:
                yield from _named(name, stage, database)
            if isinstance(value, dict):
                inner = value.values() if name == "$facet" else [value.get("pipeline")]
                for pipeline_within in inner:
                    yield from _places(pipeline_within, database)


def _named(stage: str, holder: dict[str, Any], database: str) -> Iterator[_Place]:
    field = stage
    for within in (_FIELD_OF_STAGE[stage], "coll"):  # {"$merge": {"into": {"db": …, "coll": …}}}
        if isinstance(holder[field], dict) and within in holder[field]:
            holder, field = holder[field], within
    name, other = holder[field], holder.get("db", database)
    if isinstance(name, str) and isinstance(other, str):
        yield _Place(Reference(stage, Namespace(other, name)), holder, field)
