"""Renames: inside the selection, out of it, into it, and over something that is there."""

from collections.abc import Iterator

from mangrove.core.errors import ReplayRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.replay import Skipped
from mangrove.engine.oplog_entry import Command, OplogEntry, uuid_of
from mangrove.engine.replay.places import Key, Place, key_for, logical
from mangrove.engine.replay.steps import Drop, Move, Step
from mangrove.engine.replay.whole import Whole

WAITING = "mangrove_waiting_"


class RenameTranslator:
    """Turns renames into steps.

    A collection that leaves the selection is dropped, or waits under a name of our own when the
    first look saw it come back. One that comes into it has to have been in sight all the time.
    """

    def __init__(self, whole: Whole) -> None:
        self._whole = whole

    def steps(self, entry: OplogEntry, command: Command) -> Iterator[Step]:
        """Yield what to do about one rename."""
        old = _named(command.text("renameCollection"), entry.ts)
        new = _named(command.text("to"), entry.ts)
        place = self._whole.places.find(entry.uuid, old)
        yield from self._overwritten(command, new, place)
        if place is None:
            self._of_unknown(entry, old, new)
            return
        wanted = self._whole.working(new)
        if wanted is None:
            yield from self._out(place, new)
        elif place.target is None:
            self._in(place, new, wanted)
        else:
            yield from self._within(place, new, wanted)
        self._whole.moved()

    def _overwritten(
        self, command: Command, new: Namespace, renamed: Place | None
    ) -> Iterator[Step]:
        """Drop what the renamed collection takes the place of.

        Source: MongoDB server, oplog_entry.idl: dropTarget is the UUID of the source's own
        collection, in old oplogs true.
        """
        if not command.is_true("dropTarget"):
            return
        uuid = uuid_of(command.body, command.at.get(b"dropTarget"))
        whole = self._whole
        if whole.notebook is not None:
            whole.notebook.gone(key_for(uuid, new))
        place = whole.places.find(uuid, new)
        if place is None or place is renamed:
            return
        whole.places.remove(place)
        if place.target is not None:
            yield Drop(place.target)

    def _of_unknown(self, entry: OplogEntry, old: Namespace, new: Namespace) -> None:
        """Deal with a collection that is not there: nothing to rename, or something to refuse."""
        whole = self._whole
        if whole.working(new) is None:
            whole.tally.passed(Skipped.NOT_SELECTED)
            return
        if whole.working(old) is None:
            if whole.notebook is not None:
                key = key_for(entry.uuid, new)
                why = f"{old} was renamed to {new} at {entry.ts}, into what is restored"
                whole.notebook.missing.setdefault(key, (new, why))
            whole.tally.passed(Skipped.DROPPED_LATER)
            return
        if whole.places.has_uuids:
            whole.lacks(entry.uuid, old, entry.ts)
            whole.tally.passed(Skipped.DROPPED_LATER)
        else:  # a dump that does not say which collection is which: as mongorestore does
            whole.lose(str(new), f"{old} is not there, so its renaming at {entry.ts} did nothing")
            whole.tally.passed(Skipped.MISSING)

    def _out(self, place: Place, new: Namespace) -> Iterator[Step]:
        whole = self._whole
        waiting = whole.foresight.carried.get(place.key)
        if place.target is not None and waiting is None:
            yield Drop(place.target)
        elif place.target is not None and waiting is not None and place.target != waiting:
            yield Move(place.target, waiting)
        else:
            whole.tally.passed(Skipped.NOT_SELECTED)
        whole.places.rename(place, new, None if place.target is None else waiting)

    def _in(self, place: Place, new: Namespace, wanted: Namespace) -> None:
        """Note, on the first look, that a collection has to be carried until it comes in."""
        whole = self._whole
        if whole.notebook is None:
            raise ReplayRefusedError(f"{place.source} was renamed to {new} without being known")
        whole.notebook.carried[place.key] = _waiting(place.key, wanted)
        self._note(new)
        whole.places.rename(place, new, wanted)

    def _within(self, place: Place, new: Namespace, wanted: Namespace) -> Iterator[Step]:
        whole = self._whole
        self._note(new)
        if place.target == wanted:  # the base was read after the rename
            whole.places.rename(place, new, wanted)
            return
        there = whole.places.at_target(wanted)
        if there is not None and there is not place:  # a later one that the base was read with
            wanted = _waiting(place.key, wanted)
        before = place.target
        whole.places.rename(place, new, wanted)
        if before is not None:
            yield Move(before, wanted)

    def _note(self, new: Namespace) -> None:
        notebook, final = self._whole.notebook, self._whole.mapping.target_of(new)
        if notebook is not None and final is not None:
            notebook.created.add(final)


def _waiting(key: Key, near: Namespace) -> Namespace:
    """Return a name of our own in the database where a collection is needed later."""
    return Namespace(near.database, WAITING + key.hex()[-32:])


def _named(text: str | None, ts: OplogTimestamp) -> Namespace:
    database, _, collection = (text or "").partition(".")
    if not collection:
        raise ReplayRefusedError(f"the rename at {ts} names no collection")
    return logical(database, collection)
