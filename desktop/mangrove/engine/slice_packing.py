"""One oplog slice in the making: packed as it comes, so that little of it is held."""

from dataclasses import dataclass

from mangrove.core.backup import Compression
from mangrove.core.oplog import OplogPosition
from mangrove.engine.oplog_walk import Walked
from mangrove.engine.stages.compress import Packer, packer_of

MAX_PACKED_BYTES = 16 << 20
MAX_PLAIN_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class PackedSlice:
    """A finished slice."""

    first: OplogPosition
    last: OplogPosition
    entries: int
    plain_bytes: int
    packed: tuple[bytes, ...]


class SlicePacker:
    """Takes chunks of entries in order; begins on the entry that the last slice ended on."""

    def __init__(self, compression: Compression, position: OplogPosition, entry: bytes) -> None:
        self._packer: Packer = packer_of(compression)
        self._packed: list[bytes] = []
        self._packed_bytes = 0
        self.first = self.last = position
        self.entries = 1
        self.plain_bytes = 0
        self._take(entry)

    @property
    def has_news(self) -> bool:
        """Whether it holds more than the entry it began on."""
        return self.entries > 1

    @property
    def is_full(self) -> bool:
        """Whether it is large enough to be stored."""
        return self._packed_bytes >= MAX_PACKED_BYTES or self.plain_bytes >= MAX_PLAIN_BYTES

    def add(self, chunk: bytes, walked: Walked) -> None:
        """Add entries that follow the last one."""
        self._take(chunk)
        self.entries += walked.entries
        self.last = walked.last

    def finish(self) -> PackedSlice:
        """Close the frame; nothing can be added any more."""
        self._keep(self._packer.flush())
        return PackedSlice(
            self.first, self.last, self.entries, self.plain_bytes, tuple(self._packed)
        )

    def _take(self, chunk: bytes) -> None:
        self.plain_bytes += len(chunk)
        self._keep(self._packer.compress(chunk))

    def _keep(self, packed: bytes) -> None:
        if packed:
            self._packed.append(packed)
            self._packed_bytes += len(packed)
