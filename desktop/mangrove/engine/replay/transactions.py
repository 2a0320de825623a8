"""Transactions over several oplog entries: which of them come to be applied.

No piece is kept: a first look says how each transaction ends, and a second one applies the
pieces of those that commit where it meets them. That comes to the same as applying them at the
commit, because until then nobody else can write their documents or change their collections.

Source: MongoDB server, src/mongo/db/repl/README.md, "Life of a Multi-Document Transaction":
``partialTxn`` marks all pieces but the last, ``count`` is all operations, ``prepare`` waits for
a ``commitTransaction`` or ``abortTransaction``, and ``prevOpTime`` leads to the piece before.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mangrove.core.errors import ReplayRefusedError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.replay import ReplayWindow
from mangrove.engine.bson_walk import INT32, INT64
from mangrove.engine.oplog_entry import COMMAND, Command, OplogEntry

_NAMES = frozenset({"applyOps", "commitTransaction", "abortTransaction"})


class Part(StrEnum):
    """Which part of a transaction an entry is."""

    WHOLE = "whole"
    PIECE = "piece"
    COMMIT = "commit"
    ABORT = "abort"


@dataclass(slots=True)
class _Open:
    operations: int = 0
    has_head: bool = True


@dataclass(slots=True)
class Transactions:
    """Follows the transactions of the first look."""

    window: ReplayWindow
    committed: set[bytes] = field(default_factory=set)
    in_base: set[bytes] = field(default_factory=set)
    _open: dict[bytes, _Open] = field(default_factory=dict)

    def follow(self, entry: OplogEntry, command: Command, key: bytes) -> None:
        """Look at one entry of a transaction.

        Raises:
            ReplayRefusedError: If it completes one whose beginning is not there.
        """
        part = part_of(entry, command)
        if part is Part.WHOLE:
            return
        if part is Part.ABORT:
            self._open.pop(key, None)
            return
        if part is Part.COMMIT:
            self._complete(key, self._open.pop(key, None), entry.ts, None)
            return
        if entry.is_first_piece:
            self._open[key] = _Open()
        held = self._open.setdefault(key, _Open(has_head=False))
        held.operations += sum(1 for _ in command.items("applyOps"))
        is_last = not (command.is_true("partialTxn") or command.is_true("prepare"))
        if is_last:
            del self._open[key]
            self._complete(key, held, entry.ts, _count(command))

    def _complete(
        self, key: bytes, held: _Open | None, ts: OplogTimestamp, count: int | None
    ) -> None:
        if self.window.is_before(ts):
            self.in_base.add(key)
            return
        if held is None or not held.has_head or (count and count != held.operations):
            raise ReplayRefusedError(
                f"a transaction that ends at {ts} began before the oplog that is there, so only a "
                "part of it could be applied",
                hint="use an oplog that begins earlier, or a newer backup",
            )
        self.in_base.discard(key)
        self.committed.add(key)


def key_of(entry: OplogEntry, command: Command) -> bytes | None:
    """Return which transaction an entry is a part of; None if of none.

    Source: as the module, and mongo-tools common/txn: a vectored insert of 8.0 has the same
    fields and is none.
    """
    if entry.op != COMMAND or command.name not in _NAMES or entry.is_vectored:
        return None
    return entry.transaction


def part_of(entry: OplogEntry, command: Command) -> Part:
    """Return which part of its transaction an entry is."""
    if command.name == "commitTransaction":
        return Part.COMMIT
    if command.name == "abortTransaction":
        return Part.ABORT
    waits = command.is_true("partialTxn") or command.is_true("prepare")
    return Part.PIECE if waits or not entry.is_first_piece else Part.WHOLE


def _count(command: Command) -> int | None:
    span = command.at.get(b"count")
    if span is None or span[0] not in (INT32, INT64):
        return None
    return int.from_bytes(command.body[span[1] : span[2]], "little", signed=True)
