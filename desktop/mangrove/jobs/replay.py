"""Replays an oplog onto loaded collections: a look first, then batches in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mangrove.core.errors import MangroveError, ReplayRefusedError, WriteRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports import RestoreSink
from mangrove.core.replay import (
    OpenEntries,
    ReplayBase,
    Replayed,
    ReplayMapping,
    ReplayOutcome,
    ReplayWindow,
)
from mangrove.core.run import Phase
from mangrove.engine.replay.foresight import Foresight
from mangrove.engine.replay.looking import look_through, require_same, steps_of
from mangrove.engine.replay.places import Place, Places
from mangrove.engine.replay.steps import (
    Cap,
    Create,
    Drop,
    DropIndex,
    Modify,
    Move,
    Stepped,
    Write,
)
from mangrove.engine.replay.translation import Translator
from mangrove.jobs.context import RunContext
from mangrove.jobs.steady import steadily
from mangrove.jobs.workers import Prefetch

BATCH_OPERATIONS = 4_000
BATCH_BYTES = 8 << 20
AHEAD_CHUNKS = 2
NoteTarget = Callable[[Namespace], None]


def _nothing(target: Namespace) -> None:
    """Be told, and do nothing."""


def look(
    ctx: RunContext,
    entries: OpenEntries,
    base: Sequence[ReplayBase],
    mapping: ReplayMapping,
    window: ReplayWindow,
) -> Foresight:
    """Look through an oplog before anything is written.

    Raises:
        ReplayRefusedError: If it could not be applied rightly; nothing was written.
        RunCancelled: Within one chunk.
    """
    ctx.enter(Phase.LOOK)
    try:
        with Prefetch(ctx.metered(entries()), AHEAD_CHUNKS, "mangrove-oplog") as ahead:
            return look_through(ahead, base, mapping, window)
    except ReplayRefusedError as error:
        error.message += "; nothing was written"
        raise


@dataclass(slots=True)
class Replay:
    """Applies what was looked at.

    Attributes:
        note: Told of each collection before it is made, so that a failed run can take it back.
    """

    ctx: RunContext
    sink: RestoreSink
    entries: OpenEntries
    base: Sequence[ReplayBase]
    mapping: ReplayMapping
    window: ReplayWindow
    foresight: Foresight
    note: NoteTarget = _nothing
    _held: list[bytes] = field(default_factory=list)
    _from: list[tuple[OplogTimestamp, str]] = field(default_factory=list)
    _held_bytes: int = 0

    def run(self) -> ReplayOutcome:
        """Apply every entry of the window, in order.

        Raises:
            WriteRefusedError: Naming the entry that the target does not take.
            ReplayRefusedError: If the entries are not those that were looked at.
            RunCancelled: Within one batch.
        """
        self.ctx.enter(Phase.REPLAY, self.foresight.size_bytes)
        translator = Translator(Places(self.base), self.mapping, self.foresight)
        last: OplogTimestamp | None = None
        with Prefetch(self.entries(), AHEAD_CHUNKS, "mangrove-oplog") as ahead:
            for chunk in ahead:
                last = self._take(chunk, translator) or last
                self.ctx.advance(len(chunk))
                if last is not None:
                    at = f"{last.at:%Y-%m-%d %H:%M:%S} UTC"
                    self.ctx.note(f"{translator.tally.total:,} entries, at {at}")
        self._flush()
        require_same(translator.tally.entries, self.foresight.entries)
        left = self._drop_waiting(translator)
        return ReplayOutcome(
            entries=translator.tally.entries,
            applied=translator.tally.applied,
            skipped=translator.tally.skipped,
            last_ts=self.foresight.last_ts,
            collections=tuple(self._replayed(left)),
            losses=tuple(translator.losses),
        )

    def _take(self, chunk: bytes, translator: Translator) -> OplogTimestamp | None:
        last = None
        for entry, steps in steps_of(chunk, translator, self.window):
            last = entry.ts
            for stepped in steps:
                if isinstance(stepped.step, Write):
                    self._hold(stepped, stepped.step)
                else:
                    self._flush()
                    self._do(stepped)
        return last

    def _hold(self, stepped: Stepped, write: Write) -> None:
        size = len(write.operation)
        if self._held and (
            len(self._held) >= BATCH_OPERATIONS or self._held_bytes + size > BATCH_BYTES
        ):
            self._flush()
        self._held.append(write.operation)
        self._from.append((stepped.ts, stepped.kind))
        self._held_bytes += size

    def _flush(self) -> None:
        """Send what is held; after a lost connection all of it again, which comes to the same."""
        if not self._held:
            return
        self.ctx.check()
        replaying = self.sink.replaying()
        try:
            steadily(self.ctx, lambda _: replaying.apply(self._held), self.sink.reconnect)
        except WriteRefusedError as error:
            index = error.details.get("index")
            if isinstance(index, int):
                ts, kind = self._from[index]
                error.message += f" (entry {ts}, {kind}); what came before it was applied"
                error.hint = f"restore to the moment before it: {ts}"
            raise
        self.ctx.advance(0, len(self._held))
        self._held, self._from, self._held_bytes = [], [], 0

    def _do(self, stepped: Stepped) -> None:
        try:
            steadily(self.ctx, lambda tries: self._once(stepped, tries), self.sink.reconnect)
        except MangroveError as error:
            error.message += f" (entry {stepped.ts}, {stepped.kind})"
            raise

    def _once(self, stepped: Stepped, tries: int) -> None:
        replaying = self.sink.replaying()
        match stepped.step:
            case Create(info):
                self.note(info.namespace)
                there = self.sink.existing(info.namespace.database) if tries else ()
                if all(i.namespace != info.namespace for i in there):
                    self.sink.create(info)
            case Drop(target):
                self.sink.drop(target)
            case Move(source, target):
                self.note(target)
                replaying.move(source, target)
            case Modify(target, options):
                replaying.modify(target, options)
            case DropIndex(target, name):
                replaying.drop_index(target, name)
            case Cap(target, size):
                replaying.cap(target, size)
            case Write(operation):
                replaying.apply([operation])

    def _drop_waiting(self, translator: Translator) -> Iterable[Place]:
        """Drop what waited outside the selection and did not come back."""
        kept = []
        for place in translator.places:
            if place.target is None:
                continue
            if self.mapping.target_of(place.source) is None:
                self.sink.drop(place.target)
            else:
                kept.append(place)
        return kept

    def _replayed(self, places: Iterable[Place]) -> Iterator[Replayed]:
        for place in places:
            final = self.mapping.target_of(place.source)
            if final is not None and place.target is not None:
                yield Replayed(
                    place.source,
                    place.target,
                    final,
                    place.kind,
                    place.options,
                    tuple(place.indexes.values()),
                    tuple(place.bucket_indexes.values()),
                )


def replay(
    ctx: RunContext,
    sink: RestoreSink,
    entries: OpenEntries,
    base: Sequence[ReplayBase],
    mapping: ReplayMapping,
    window: ReplayWindow,
) -> ReplayOutcome:
    """Look through an oplog and apply it onto collections that are loaded without their indexes.

    Args:
        ctx: Counts, and notices a cancel.
        sink: Where to; whoever calls has checked ``sink.replaying().check_privileges``.
        entries: Opens the oplog from its beginning; called twice.
        base: The loaded collections, with the indexes that are yet to be built.
        mapping: Which namespaces are meant, and what they are called at the target.
        window: Which entries; those before it are only looked at for transactions that end in it.

    Returns:
        What was done, and the collections with the indexes to build now.

    Raises:
        ReplayRefusedError: Before anything was written.
        WriteRefusedError, ConnectError, RunCancelled: What was applied stays.
    """
    foresight = look(ctx, entries, base, mapping, window)
    return Replay(ctx, sink, entries, base, mapping, window, foresight).run()
