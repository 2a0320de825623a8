"""Replays an oplog onto loaded collections: a look first, then batches in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mangrove.core.errors import MangroveError, ReplayRefusedError, WriteRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.replay import (
    OpenEntries,
    ReplayBase,
    Replayed,
    ReplayMapping,
    ReplayOutcome,
    ReplayWindow,
)
from mangrove.core.run import Phase
from mangrove.core.wording import counted
from mangrove.engine.replay.foresight import Foresight
from mangrove.engine.replay.looking import look_through, require_same, steps_of
from mangrove.engine.replay.places import Place, Places
from mangrove.engine.replay.steps import Cap, Create, Drop, DropIndex, Modify, Move, Stepped, Write
from mangrove.engine.replay.translation import Translator
from mangrove.jobs.context import RunContext
from mangrove.jobs.steady import steadily
from mangrove.jobs.workers import Prefetch

BATCH_OPERATIONS = 1_000  # the target holds a lock for one batch: some hundredths of a second
BATCH_BYTES = 8 << 20
AHEAD_CHUNKS = 2
AHEAD_BATCHES = 3
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
class _Batch:
    """Writes that are sent together, and the entries they come from."""

    operations: list[bytes] = field(default_factory=list)
    origins: list[tuple[OplogTimestamp, str]] = field(default_factory=list)
    size_bytes: int = 0

    def has_room(self, size_bytes: int) -> bool:
        fits = self.size_bytes + size_bytes <= BATCH_BYTES
        return not self.operations or (fits and len(self.operations) < BATCH_OPERATIONS)

    def add(self, stepped: Stepped, write: Write) -> None:
        self.operations.append(write.operation)
        self.origins.append((stepped.ts, stepped.kind))
        self.size_bytes += len(write.operation)


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far the entries are used up."""

    size_bytes: int
    entries: int
    last: OplogTimestamp | None


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

    def run(self) -> ReplayOutcome:
        """Apply every entry of the window, in order.

        Raises:
            WriteRefusedError: Naming the entry that the target does not take.
            ReplayRefusedError: If the entries are not those that were looked at.
            RunCancelled: Within one batch.
        """
        self.ctx.enter(Phase.REPLAY, self.foresight.size_bytes)
        translator = Translator(Places(self.base), self.mapping, self.foresight)
        with Prefetch(self._work(translator), AHEAD_BATCHES, "mangrove-replay") as ahead:
            for work in ahead:
                self._carry_out(work)
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

    def _work(self, translator: Translator) -> Iterator["_Batch | Stepped | _Reached"]:
        """Yield what is to be sent, in order; runs ahead of the sending, on a thread of its own."""
        batch = _Batch()
        for chunk in self.entries():
            last: OplogTimestamp | None = None
            for entry, steps in steps_of(chunk, translator, self.window):
                last = entry.ts
                for stepped in steps:
                    if not isinstance(stepped.step, Write):
                        yield batch
                        batch = _Batch()
                        yield stepped
                        continue
                    if not batch.has_room(len(stepped.step.operation)):
                        yield batch
                        batch = _Batch()
                    batch.add(stepped, stepped.step)
            yield _Reached(len(chunk), translator.tally.total, last)
        yield batch

    def _carry_out(self, work: "_Batch | Stepped | _Reached") -> None:
        self.ctx.check()
        match work:
            case _Batch():
                self._send(work)
            case Stepped():
                self._do(work)
            case _Reached(size_bytes, entries, last):
                self.ctx.advance(size_bytes)
                if last is not None:
                    at = f"{last.at:%Y-%m-%d %H:%M:%S} UTC"
                    self.ctx.note(f"{counted(entries, 'entry', 'entries')}, at {at}")

    def _send(self, batch: "_Batch") -> None:
        """Send a batch; after a lost connection all of it again, which comes to the same."""
        if not batch.operations:
            return
        replaying = self.sink.replaying()
        try:
            steadily(self.ctx, lambda _: replaying.apply(batch.operations), self.sink.reconnect)
        except WriteRefusedError as error:
            index = error.details.get("index")
            if isinstance(index, int):
                ts, kind = batch.origins[index]
                error.message += f" (entry {ts}, {kind}); what came before it was applied"
                error.hint = f"restore to the moment before it: {ts}"
            raise
        self.ctx.advance(0, len(batch.operations))

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
