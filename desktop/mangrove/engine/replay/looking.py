"""The two passes over an oplog: a first look that may refuse, and the steps of the second."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from mangrove.core.errors import COPY_AGAIN, MalformedBsonError, ReplayRefusedError
from mangrove.core.replay import ReplayBase, ReplayMapping, ReplayWindow, Skipped
from mangrove.engine.framing import iter_documents
from mangrove.engine.oplog_entry import COMMAND, Command, OplogEntry
from mangrove.engine.replay import transactions
from mangrove.engine.replay.foresight import Foresight, Notebook
from mangrove.engine.replay.places import Places
from mangrove.engine.replay.steps import Stepped
from mangrove.engine.replay.transactions import Part, Transactions
from mangrove.engine.replay.translation import Translator


class FirstLook:
    """Looks at every entry of a window, without doing anything."""

    def __init__(
        self,
        base: Sequence[ReplayBase],
        mapping: ReplayMapping,
        window: ReplayWindow,
        judge: Callable[[OplogEntry], None] = lambda _: None,
    ) -> None:
        self._window = window
        self._judge = judge
        self._book = Notebook()
        self._following = Transactions(window)
        self._translator = Translator(Places(base), mapping, notebook=self._book)

    def take(self, chunk: bytes) -> bool:
        """Look at a chunk of whole entries; returns whether more are wanted.

        Raises:
            ReplayRefusedError: If an entry cannot be applied rightly.
            MalformedBsonError: If it is none.
        """
        at = self._book.size_bytes
        self._book.size_bytes += len(chunk)
        for raw in iter_documents(chunk):
            try:
                is_over = self._is_over(raw)
            except MalformedBsonError as error:
                what = f"the oplog is damaged at byte {at:,}: {error.message}"
                raise MalformedBsonError(what, hint=COPY_AGAIN, offset=at) from error
            if is_over:
                return False
            at += len(raw)
        return True

    def _is_over(self, raw: bytes) -> bool:
        """Look at an entry, unless the window ends before it."""
        entry = OplogEntry.of(raw)
        if self._window.is_over(entry.ts):
            return True
        self._judge(entry)
        self._look_at(entry)
        return False

    def foresight(self) -> Foresight:
        """Return what was found out, once all was looked at.

        Raises:
            ReplayRefusedError: If the result would lack something.
        """
        book = self._book
        book.refuse_missing()
        return Foresight(
            committed=frozenset(self._following.committed),
            in_base=frozenset(self._following.in_base),
            carried=book.carried,
            doomed=frozenset(book.vanished),
            entries=book.tally.entries,
            size_bytes=book.size_bytes,
            created=frozenset(book.created),
            dropped=frozenset(book.dropped),
            last_ts=book.last_ts,
        )

    def _look_at(self, entry: OplogEntry) -> None:
        is_before = self._window.is_before(entry.ts)
        command = Command.of(entry) if entry.op == COMMAND else None
        key = transactions.key_of(entry, command) if command else None
        if command is not None and key is not None:
            self._following.follow(entry, command, key)
        if is_before:  # pieces from there concern what the base has
            return
        self._book.tally.saw(kind_of(entry, command))
        self._book.last_ts = entry.ts
        if command is not None and key is not None:
            steps = self._translator.inner_steps(command, entry.ts)
        else:
            steps = self._translator.steps(entry)
        for _ in steps:
            pass


def look_through(
    chunks: Iterable[bytes],
    base: Sequence[ReplayBase],
    mapping: ReplayMapping,
    window: ReplayWindow,
) -> Foresight:
    """Look at every entry of a window; see ``FirstLook`` for what may be raised."""
    look = FirstLook(base, mapping, window)
    for chunk in chunks:
        if not look.take(chunk):
            break
    return look.foresight()


def steps_of(
    chunk: bytes, translator: Translator, window: ReplayWindow
) -> Iterator[tuple[OplogEntry, Iterator[Stepped]]]:
    """Yield the entries of a chunk that lie before the limit, each with its steps.

    The steps of an entry have to be used up before the next one is asked for.
    """
    for raw in iter_documents(chunk):
        entry = OplogEntry.of(raw)
        if window.is_over(entry.ts):
            return
        yield entry, _steps(entry, translator, window)


def _steps(entry: OplogEntry, translator: Translator, window: ReplayWindow) -> Iterator[Stepped]:
    is_before = window.is_before(entry.ts)
    command = Command.of(entry) if entry.op == COMMAND else None
    if not is_before:
        translator.tally.saw(kind_of(entry, command))
    key = transactions.key_of(entry, command) if command else None
    if command is None or key is None:
        if not is_before:
            yield from translator.steps(entry)
        return
    part = transactions.part_of(entry, command)
    known = translator.foresight
    match part:
        case Part.WHOLE if not is_before:
            yield from translator.inner_steps(command, entry.ts)
        case Part.PIECE if key in known.committed:
            yield from translator.inner_steps(command, entry.ts)
        case _ if is_before:
            return
        case Part.PIECE:
            reason = Skipped.IN_BASE if key in known.in_base else Skipped.ABORTED
            translator.tally.passed(reason)
        case _:
            translator.tally.did(f"c:{command.name}")


def kind_of(entry: OplogEntry, command: Command | None) -> str:
    """Return what an entry is counted as."""
    return f"c:{command.name}" if command else entry.op


def require_same(seen: dict[str, int], foreseen: dict[str, int]) -> None:
    """Raise if the second pass met other entries than the first: nothing may be lost between.

    Raises:
        ReplayRefusedError: Naming both numbers.
    """
    if seen != foreseen:
        raise ReplayRefusedError(
            f"{sum(seen.values()):,} oplog entries were applied, but {sum(foreseen.values()):,} "
            "are stored: the result is not complete",
            hint="verify the backup, then restore again",
        )
