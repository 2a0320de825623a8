"""Turns oplog entries into steps on a target, for a selection and under other names."""

from collections.abc import Iterator
from dataclasses import dataclass

from mangrove.core.documents import document_of
from mangrove.core.errors import ReplayRefusedError
from mangrove.core.namespace import BUCKETS_PREFIX, Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.replay import ReplayMapping, Skipped, Tally
from mangrove.core.run import Loss
from mangrove.engine.oplog_entry import COMMAND, Command, OplogEntry, string_element
from mangrove.engine.replay.commands import CommandTranslator
from mangrove.engine.replay.foresight import Foresight, Notebook
from mangrove.engine.replay.places import Places, key_for, logical
from mangrove.engine.replay.rules import VIEWS, skipped_namespace, skipped_op
from mangrove.engine.replay.steps import Stepped, Write
from mangrove.engine.replay.view_entries import ViewTranslator

_OPERATIONS = {op: b"\x02op\0\x02\0\0\0" + op.encode() + b"\0" for op in ("i", "u", "d")}
_O, _O2 = b"\x03o\0", b"\x03o2\0"


@dataclass(frozen=True, slots=True)
class _Way:
    """Where the documents of a collection go: a raw ``ns`` element, or why nowhere."""

    ns: bytes = b""
    reason: Skipped | None = None


class Translator:
    """Follows the collections through the oplog, and yields what is to be done.

    It is used twice: for a first look (with a notebook) whose steps nobody takes, and, with what
    that found out, for the steps themselves.
    """

    def __init__(
        self,
        places: Places,
        mapping: ReplayMapping,
        foresight: Foresight | None = None,
        notebook: Notebook | None = None,
    ) -> None:
        self.places = places
        self.mapping = mapping
        self.foresight = foresight or Foresight()
        self.notebook = notebook
        self.tally = Tally()
        self.losses: list[Loss] = []
        self._ways: dict[tuple[str, bytes | None], _Way] = {}
        self._commands = CommandTranslator(self)
        self._views = ViewTranslator(self)

    def steps(self, entry: OplogEntry) -> Iterator[Stepped]:
        """Yield the steps of one entry that is not part of a transaction, or of an inner one.

        Raises:
            ReplayRefusedError: If it cannot be done right.
            MalformedBsonError: If it is no oplog entry.
        """
        if entry.op in _OPERATIONS:
            yield from self._write(entry)
        elif entry.op == COMMAND:
            yield from self._command(entry)
        elif reason := skipped_op(entry.op):
            self.tally.passed(reason)
        else:
            raise ReplayRefusedError(
                f"the entry {entry.ts} is of the unknown kind '{entry.op}'",
                hint="choose a moment before it",
            )

    def inner_steps(self, command: Command, ts: OplogTimestamp) -> Iterator[Stepped]:
        """Yield the steps of the operations inside an ``applyOps``."""
        for raw in command.items("applyOps"):
            yield from self.steps(OplogEntry.of(raw, within=ts))

    # --- what the command and view parts use ---------------------------------------------

    def moved(self) -> None:
        """Forget where documents go: a name changed."""
        self._ways.clear()

    def working(self, source: Namespace) -> Namespace | None:
        """Return where a source namespace is filled; None when it is not selected."""
        final = self.mapping.target_of(source)
        return None if final is None else self.mapping.working_of(final)

    def lacks(self, uuid: bytes | None, source: Namespace, ts: OplogTimestamp) -> None:
        """Deal with an entry about a selected collection that is not there.

        Raises:
            ReplayRefusedError: If it does not vanish again, which only the first look can miss.
        """
        key = key_for(uuid, source)
        if self.notebook is not None:
            self.notebook.lacks(key, source, ts)
        elif key not in self.foresight.doomed:
            raise ReplayRefusedError(
                f"{source} is changed at {ts}, but it is not there",
                hint="restore into an empty place, and let nobody else write there meanwhile",
            )

    def lose(self, subject: str, reason: str) -> None:
        """Note what could not be done as the oplog has it."""
        self.losses.append(Loss(subject, reason))

    # --- inside --------------------------------------------------------------------------

    def _write(self, entry: OplogEntry) -> Iterator[Stepped]:
        if entry.ns.endswith(VIEWS) and entry.ns.partition(".")[2] == VIEWS:
            yield from self._views.steps(entry)
            return
        uuid = entry.uuid
        way = self._ways.get((entry.ns, uuid))
        if way is None:
            way = self._way(entry, uuid)
            if way.reason is not Skipped.DROPPED_LATER:
                self._ways[entry.ns, uuid] = way
        if way.reason is not None:
            self.tally.passed(way.reason)
            return
        self.tally.did(entry.op)
        body = _OPERATIONS[entry.op] + way.ns + _O + entry.o
        if (second := entry.o2) is not None:
            body += _O2 + second
        yield Stepped(Write(document_of(body)), entry.ts, entry.op)

    def _way(self, entry: OplogEntry, uuid: bytes | None) -> _Way:
        database, _, collection = entry.ns.partition(".")
        if reason := skipped_namespace(Namespace(database, collection)):
            return _Way(reason=reason)
        source = logical(database, collection)
        place = self.places.find(uuid, source)
        if place is None:
            if self.mapping.target_of(source) is None:
                return _Way(reason=Skipped.NOT_SELECTED)
            self.lacks(uuid, source, entry.ts)
            return _Way(reason=Skipped.DROPPED_LATER)
        if place.target is None:
            return _Way(reason=Skipped.NOT_SELECTED)
        where = place.target
        if collection.startswith(BUCKETS_PREFIX):
            where = Namespace(where.database, BUCKETS_PREFIX + where.collection)
        return _Way(string_element("ns", str(where)))

    def _command(self, entry: OplogEntry) -> Iterator[Stepped]:
        command = Command.of(entry)
        if command.name == "applyOps":
            yield from self.inner_steps(command, entry.ts)
            return
        yield from self._commands.steps(entry, command)
