"""Entries on ``system.views``: views are made, changed and dropped by writes to that collection.

They become commands, because nobody may write there: not even the role root (measured on 6.0).
Source: MongoDB server, src/mongo/db/views/durable_view_catalog.cpp.
"""

from collections.abc import Iterator

from mangrove.core.documents import document_of, raw_element
from mangrove.core.errors import ReplayRefusedError
from mangrove.core.namespace import BUCKETS_PREFIX, Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.replay import ReplayMapping, Skipped
from mangrove.engine.bson_walk import elements
from mangrove.engine.oplog_entry import OplogEntry, spans, string_element
from mangrove.engine.replay.places import VIEW, Place, key_for
from mangrove.engine.replay.rules import skipped_namespace
from mangrove.engine.replay.steps import Create, Drop, Modify, Step, Stepped
from mangrove.engine.replay.whole import Whole

_VIEW_ON, _ID, _STRING = b"viewOn", b"_id", 0x02


class ViewTranslator:
    """Turns the writes into commands."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole

    def steps(self, entry: OplogEntry) -> Iterator[Stepped]:
        """Yield what to do about one view.

        Raises:
            ReplayRefusedError: If the entry is of a kind that no known server writes.
        """
        if reason := skipped_namespace(Namespace(entry.database, "system.views")):
            self._whole.tally.passed(reason)
            return
        document = entry.o
        source = _named(entry.o2 or document) or _named(document)
        if source is None or (entry.op == "u" and _VIEW_ON not in spans(document)):
            raise ReplayRefusedError(
                f"the entry {entry.ts} changes a view in a way that is not known",
                hint="choose a moment before it",
            )
        step = self._dropped(source) if entry.op == "d" else self._put(source, document)
        if step is None:
            self._whole.tally.passed(
                Skipped.NOT_SELECTED if self._whole.working(source) is None else Skipped.BOOKKEEPING
            )
            return
        self._whole.tally.did(entry.op)
        yield _stepped(step, entry.ts, entry.op)

    def _dropped(self, source: Namespace) -> Step | None:
        place = self._whole.places.named(source)
        if place is None or place.target is None or place.kind == "collection":
            return None
        self._whole.places.remove(place)
        self._whole.moved()
        return Drop(place.target)

    def _put(self, source: Namespace, document: bytes) -> Step | None:
        target = self._whole.working(source)
        if target is None or _stands_on_buckets(document):
            return None  # that of a time series comes and goes with it
        options = moved_view(document, source.database, self._whole.mapping, target.database)
        place = self._whole.places.named(source)
        if place is not None and place.kind == VIEW and place.target is not None:
            place.options = options
            return Modify(place.target, options)
        made = Place(key_for(None, source), source, target, VIEW, options)
        self._whole.places.add(made)
        return Create(CollectionInfo(target, VIEW, options, (), None))


def moved_view(
    document: bytes, database: str, mapping: ReplayMapping, target_database: str
) -> bytes:
    """Return a view's options, standing on what its source is called at the target."""
    parts = []
    for kind, name, value in elements(document):
        if name == _ID:
            continue
        part = raw_element(kind, name, value)
        if name == _VIEW_ON and kind == _STRING:
            source = Namespace(database, value[4:-1].decode(errors="surrogateescape"))
            final = mapping.target_of(source)
            if final is not None and final.database == target_database:
                part = string_element("viewOn", final.collection)
        parts.append(part)
    return document_of(*parts)


def _stepped(step: Step, ts: OplogTimestamp, kind: str) -> Stepped:
    return Stepped(step, ts, f"view {kind}")


def _named(document: bytes) -> Namespace | None:
    kind, start, after = spans(document).get(_ID, (0, 0, 0))
    if kind != _STRING:
        return None
    database, _, name = document[start + 4 : after - 1].decode(errors="replace").partition(".")
    return Namespace(database, name) if name else None


def _stands_on_buckets(document: bytes) -> bool:
    kind, start, after = spans(document).get(_VIEW_ON, (0, 0, 0))
    text = document[start + 4 : after - 1] if kind == _STRING else b""
    return text.startswith(BUCKETS_PREFIX.encode())
