"""Command entries as steps: collections made, dropped, renamed and changed, and their indexes."""

from collections.abc import Callable, Iterator

from mangrove.core.documents import document_of
from mangrove.core.errors import ReplayRefusedError
from mangrove.core.namespace import BUCKETS_PREFIX, Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.replay import Skipped
from mangrove.engine.oplog_entry import Command, OplogEntry, spans
from mangrove.engine.replay.index_entries import IndexTranslator
from mangrove.engine.replay.places import COLLECTION, TIME_SERIES, VIEW, Place, key_for, logical
from mangrove.engine.replay.renames import RenameTranslator
from mangrove.engine.replay.rules import BOOKKEEPING_COMMANDS, VIEWS, skipped_namespace
from mangrove.engine.replay.steps import Cap, Create, Drop, Step, Stepped
from mangrove.engine.replay.view_entries import moved_view
from mangrove.engine.replay.whole import Whole

# What makes a time series; the server derives the rest of its buckets' options from it.
_OF_TIME_SERIES = ("timeseries", "expireAfterSeconds", "collation", "storageEngine")
_NOT_OPTIONS = ("create", "idIndex", "uuid")


class CommandTranslator:
    """Turns commands into steps."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self._indexes = IndexTranslator(whole)
        self._renames = RenameTranslator(whole)
        self._verbs: dict[str, Callable[[OplogEntry, Command], Iterator[Step]]] = {
            "create": self._create,
            "drop": self._drop,
            "dropDatabase": self._drop_database,
            "renameCollection": self._renames.steps,
            "convertToCapped": self._cap,
            **self._indexes.verbs,
        }

    def steps(self, entry: OplogEntry, command: Command) -> Iterator[Stepped]:
        """Yield the steps of one command entry.

        Raises:
            ReplayRefusedError: If it is not known, or cannot be done right.
        """
        if command.name in BOOKKEEPING_COMMANDS:
            self._whole.tally.passed(Skipped.BOOKKEEPING)
            return
        if reason := skipped_namespace(self._about(entry, command)):
            self._whole.tally.passed(reason)
            return
        verb = self._verbs.get(command.name)
        if verb is None:
            raise ReplayRefusedError(
                f"the command {command.name} at {entry.ts} on {entry.database} cannot be replayed",
                hint="choose a moment before it",
            )
        kind, before = f"c:{command.name}", self._whole.tally.skipped.copy()
        steps = [Stepped(step, entry.ts, kind) for step in verb(entry, command)]
        if self._whole.tally.skipped == before:
            self._whole.tally.did(kind)
        yield from steps

    def _about(self, entry: OplogEntry, command: Command) -> Namespace:
        name = command.text(command.name) or ""
        return Namespace(entry.database, name if command.name != "renameCollection" else "")

    def _create(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        name = command.text("create") or ""
        whole, source = self._whole, logical(entry.database, name)
        if name == VIEWS:
            whole.tally.passed(Skipped.BOOKKEEPING)
            return
        if whole.places.of_uuid(entry.uuid) is not None:
            return  # the base has it already, maybe under its later name
        known = whole.places.named(source)
        if known is not None and known.uuid and entry.uuid and known.uuid != entry.uuid:
            if known.target is not None:
                whole.lacks(entry.uuid, source, entry.ts)
                whole.tally.passed(Skipped.DROPPED_LATER)
                return
            whole.places.remove(known)
        elif known is not None and known.target is not None:
            known.uuid = entry.uuid
            whole.places.add(known)
            return
        yield from self._made(entry, command, name, source)

    def _made(
        self, entry: OplogEntry, command: Command, name: str, source: Namespace
    ) -> Iterator[Step]:
        whole, key = self._whole, key_for(entry.uuid, source)
        target = whole.working(source)
        if target is None:
            target = whole.foresight.carried.get(key)
        kind, options = self._shape(command, name, source, target)
        whole.places.add(Place(key, source, target, kind, options, entry.uuid))
        whole.moved()
        if target is None:
            whole.tally.passed(Skipped.NOT_SELECTED)
            return
        if whole.notebook is not None and (final := whole.mapping.target_of(source)):
            whole.notebook.created.add(final)
        own_id = command.value("idIndex")
        yield Create(CollectionInfo(target, kind, options, (own_id,) if own_id else (), None))

    def _shape(
        self, command: Command, name: str, source: Namespace, target: Namespace | None
    ) -> tuple[str, bytes]:
        if name.startswith(BUCKETS_PREFIX):
            others = [n.decode() for n in command.at if n.decode() not in _OF_TIME_SERIES]
            return TIME_SERIES, command.without(*others)
        options = command.without(*_NOT_OPTIONS)
        if b"viewOn" not in command.at:
            return COLLECTION, options
        where = (target or source).database
        return VIEW, moved_view(options, source.database, self._whole.mapping, where)

    def _drop(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        name = command.text("drop") or ""
        whole, source = self._whole, logical(entry.database, name)
        if name == VIEWS:
            whole.tally.passed(Skipped.BOOKKEEPING)
            return
        if whole.notebook is not None:
            whole.notebook.gone(key_for(entry.uuid, source))
        place = whole.places.find(entry.uuid, source)
        if place is None:
            if whole.working(source) is None:
                whole.tally.passed(Skipped.NOT_SELECTED)
            return
        yield from self._gone(place)
        if place.target is None:
            whole.tally.passed(Skipped.NOT_SELECTED)

    def _drop_database(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        del command
        whole = self._whole
        if whole.notebook is not None:
            whole.notebook.database_gone(entry.database)
        for place in [p for p in whole.places if p.source.database == entry.database]:
            yield from self._gone(place)

    def _gone(self, place: Place) -> Iterator[Step]:
        self._whole.places.remove(place)
        self._whole.moved()
        if place.target is not None:
            yield Drop(place.target)

    def _cap(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        source = logical(entry.database, command.text("convertToCapped") or "")
        place = self._whole.places.find(entry.uuid, source)
        if place is None or place.target is None:
            self._whole.tally.passed(Skipped.NOT_SELECTED)
            return
        size = int.from_bytes(command.value("size") or b"\0", "little")
        place.indexes.clear()  # the command drops them; source: MongoDB manual, convertToCapped
        place.options = capped(place.options, size)
        yield Cap(place.target, size)


def capped(options: bytes, size_bytes: int) -> bytes:
    """Return options with ``capped`` and its size."""
    known = spans(options)
    kept = b"" if b"capped" in known else options[4:-1]
    size = b"\x12size\0" + size_bytes.to_bytes(8, "little")
    return document_of(b"\x08capped\0\x01", size, kept)
