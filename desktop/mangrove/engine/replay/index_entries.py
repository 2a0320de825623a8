"""Index commands of the oplog: they edit the list of indexes to be built, or the target's own.

Secondary indexes are built after the replay: until then a temporary violation does no harm, as
in mongorestore.
"""

from collections.abc import Callable, Iterator

from mangrove.core.documents import document_of
from mangrove.core.namespace import BUCKETS_PREFIX
from mangrove.core.replay import Skipped
from mangrove.engine.bson_walk import ARRAY, DOCUMENT, STRING, elements
from mangrove.engine.compare import index_name
from mangrove.engine.oplog_entry import Command, OplogEntry, spans
from mangrove.engine.replay.pending import ALL, edited, found_by, is_of_id
from mangrove.engine.replay.places import Place, logical
from mangrove.engine.replay.steps import DropIndex, Modify, Step
from mangrove.engine.replay.whole import Whole

# Source: mongo-tools, mongorestore (oplog.go): of old storage engines, no server takes them now.
_OLD_OPTIONS = ("noPadding", "usePowerOf2Sizes")
Verb = Callable[[OplogEntry, Command], Iterator[Step]]


class IndexTranslator:
    """Turns index commands into edits and steps."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        drops = dict.fromkeys(("dropIndexes", "dropIndex", "deleteIndexes", "deleteIndex"))
        self.verbs: dict[str, Verb] = {
            "createIndexes": self._created,
            "commitIndexBuild": self._committed,
            "abortIndexBuild": self._aborted,
            "collMod": self._modified,
            **dict.fromkeys(drops, self._dropped),
        }

    def _place(self, entry: OplogEntry, command: Command) -> Place | None:
        source = logical(entry.database, command.text(command.name) or "")
        place = self._whole.places.find(entry.uuid, source)
        if place is None and self._whole.working(source) is not None:
            self._whole.lacks(entry.uuid, source, entry.ts)
            self._whole.tally.passed(Skipped.DROPPED_LATER)
            return None
        if place is None:
            self._whole.tally.passed(Skipped.NOT_SELECTED)
        return place

    def _created(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        if place := self._place(entry, command):
            _add(place, command, command.without("createIndexes"))
        yield from ()

    def _committed(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        if place := self._place(entry, command):
            for spec in command.items("indexes"):
                _add(place, command, spec)
        yield from ()

    def _aborted(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        """Take an aborted index out: a base that was read meanwhile lists it as if it were one."""
        if place := self._place(entry, command):
            for spec in command.items("indexes"):
                place.indexes.pop(index_name(spec), None)
                place.bucket_indexes.pop(index_name(spec), None)
        yield from ()

    def _dropped(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        place = self._place(entry, command)
        if place is None:
            return
        for name, key in _meant(command):
            if name == ALL:
                place.indexes.clear()
                place.bucket_indexes.clear()
            elif not _pop(place, name, key) and place.data is not None and name is not None:
                yield DropIndex(place.data, name)
            if name == ALL and place.data is not None:
                yield DropIndex(place.data, ALL)

    def _modified(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        place = self._place(entry, command)
        if place is None:
            return
        change = command.value("index")
        rest = command.without("collMod", "index", *_OLD_OPTIONS)
        if place.target is None:
            self._whole.tally.passed(Skipped.NOT_SELECTED)
            return
        if change is not None and not _edit(place, change):
            yield Modify(place.target, document_of(b"\x03index\0", change))
        if spans(rest):
            yield Modify(place.target, rest)


def _add(place: Place, command: Command, spec: bytes) -> None:
    if is_of_id(spec):
        return
    of_buckets = (command.text(command.name) or "").startswith(BUCKETS_PREFIX)
    place.indexes.pop(index_name(spec), None)
    (place.bucket_indexes if of_buckets else place.indexes)[index_name(spec)] = spec


def _meant(command: Command) -> Iterator[tuple[str | None, bytes | None]]:
    """Yield which indexes a drop means, each by name or by key pattern."""
    span = command.at.get(b"index")
    if span is None:
        return
    kind, start, after = span
    value = command.body[start:after]
    inner = elements(value) if kind == ARRAY else iter([(kind, b"", value)])
    for one, _, data in inner:
        if one == STRING:
            yield data[4:-1].decode(errors="surrogateescape"), None
        elif one == DOCUMENT:
            yield None, data


def _pop(place: Place, name: str | None, key: bytes | None) -> bool:
    found = False
    for held in (place.indexes, place.bucket_indexes):
        own = found_by(held, name, key)
        found = (own is not None and held.pop(own, None) is not None) or found
    return found


def _edit(place: Place, change: bytes) -> bool:
    """Change a pending specification; returns whether there is one."""
    at = spans(change)
    name_at, key_at = at.get(b"name"), at.get(b"keyPattern")
    name = change[name_at[1] + 4 : name_at[2] - 1].decode() if name_at else None
    key = change[key_at[1] : key_at[2]] if key_at else None
    for held in (place.indexes, place.bucket_indexes):
        own = found_by(held, name, key)
        if own is not None:
            held[own] = edited(held[own], change)
            return True
    return False
