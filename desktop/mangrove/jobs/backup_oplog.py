"""Keeps with a backup the oplog of the time it was read in, and proves that it can be replayed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mangrove.core.backup import BackupRequest, Compression, Consistency
from mangrove.core.blobs import BlobName, BlobPlace, BlobRole
from mangrove.core.errors import NamespaceChangedError, OplogRolledOverError, ReplayRefusedError
from mangrove.core.manifest import OPLOG_NAMESPACE, NamespaceEntry, StoredBlob, StoredOplog
from mangrove.core.namespace import Namespace
from mangrove.core.ports.backup import Draft
from mangrove.core.ports.dump import CollectionInfo, OpenDump
from mangrove.core.replay import ReplayBase, ReplayMapping, ReplayWindow
from mangrove.engine.digest import ContentDigest
from mangrove.engine.framing import iter_documents
from mangrove.engine.oplog_entry import OplogEntry
from mangrove.engine.replay.foresight import Foresight
from mangrove.engine.replay.impossible import why_impossible
from mangrove.engine.replay.looking import FirstLook
from mangrove.engine.replay.places import key_for
from mangrove.engine.segments import SegmentCutter
from mangrove.engine.stages.compress import compressed
from mangrove.engine.target_shape import from_recorded
from mangrove.jobs.context import RunContext
from mangrove.jobs.pacing import Pace
from mangrove.jobs.steady import steadily

_DOCUMENTS = frozenset({"i", "u", "d", "n"})
_UNUSABLE = (NamespaceChangedError, ReplayRefusedError, OplogRolledOverError)


@dataclass(slots=True)
class KeepingOplog:
    """Stores a dump's oplog; for one dump, once everything else is stored."""

    request: BackupRequest
    ctx: RunContext
    dump: OpenDump
    draft: Draft
    pace: Pace
    _stored: list[StoredBlob] = field(default_factory=list)
    _seen: Foresight = field(default_factory=Foresight)
    _ends: list[OplogEntry] = field(default_factory=list)

    def keep(
        self, entries: Sequence[NamespaceEntry], compression: Compression, segment_bytes: int
    ) -> StoredOplog | None:
        """Store the oplog; None where the backup is to do without it, and its reason says so.

        Raises:
            NamespaceChangedError, OplogRolledOverError: If it was asked for and is of no use.
        """

        def store(tries: int) -> StoredOplog:
            if tries:
                self._take_back()
            return self._store(entries, compression, segment_bytes)

        try:
            return steadily(self.ctx, store, self.dump.reconnect)
        except _UNUSABLE as error:
            self._take_back()
            if self.request.consistency is Consistency.OPLOG:
                raise _as_reason(error) from error
            self.dump.leave_oplog(
                f"each collection stands at its own moment, because the oplog is of no use: "
                f"{error.message}"
            )
            self.ctx.log(self.dump.reason)
            return None

    def was_dropped(self, subject: str) -> bool:
        """Whether the oplog says that a collection which could not be read was dropped.

        Then it is rightly missing, for at the moment of the backup there is none.
        """
        name = Namespace.parse(subject)
        info = next((i for i in self.dump.collections if i.namespace == name), None)
        return info is not None and bool(_keys(info) & self._seen.dropped)

    def _take_back(self) -> None:
        for blob in self._stored:
            self.draft.take_back(BlobName(blob.name))
        self._stored.clear()

    def _store(
        self, entries: Sequence[NamespaceEntry], compression: Compression, segment_bytes: int
    ) -> StoredOplog:
        digest, self._ends = ContentDigest(), []
        selection = self.request.selection
        look = FirstLook(
            [_base(entry) for entry in entries],
            ReplayMapping(lambda name: name if selection.matches(name) else None),
            ReplayWindow(),
            self._judge,
        )
        cutter = SegmentCutter(self._chunks(look, digest), segment_bytes)
        for number, segment in enumerate(cutter.segments()):
            place = BlobPlace(BlobRole.OPLOG, OPLOG_NAMESPACE, compression, number)
            receipt = self.draft.put(place, self.pace.through(compressed(segment, compression)))
            plain = cutter.segment_bytes
            self._stored.append(StoredBlob(receipt.name, receipt.size_bytes, receipt.sha256, plain))
        self._seen = look.foresight()
        if not self._ends:
            raise OplogRolledOverError("the oplog that belongs to the dump is empty")
        first, last = self._ends[0], self._ends[-1]
        return StoredOplog(
            first_ts=first.ts,
            last_ts=last.ts,
            first_term=first.term,
            last_term=last.term,
            documents=digest.documents,
            plain_bytes=digest.bytes,
            digest=digest.hexdigest(),
            segments=tuple(self._stored),
        )

    def _chunks(self, look: FirstLook, digest: ContentDigest) -> Iterator[bytes]:
        """Yield what is kept, while all of it is looked at."""
        for chunk in self.dump.read_oplog():
            look.take(chunk)
            kept = self._kept(chunk)
            if kept:
                self.ctx.advance(len(kept), digest.add_chunk(kept))
                yield kept

    def _kept(self, chunk: bytes) -> bytes:
        """Leave out documents of databases that have nothing to do with the selection."""
        selection = self.request.selection
        concerns = selection.may_concern
        if not (selection.is_chosen or selection.exclude):
            return chunk
        kept = []
        for raw in iter_documents(chunk):
            entry = OplogEntry.of(raw)
            if entry.op not in _DOCUMENTS or concerns(entry.database):
                kept.append(raw)
        return b"".join(kept)

    def _judge(self, entry: OplogEntry) -> None:
        is_first = not self._ends
        self._ends[1 if self._ends else 0 :] = [entry]
        if not is_first and (why := why_impossible(entry)):  # the first one was before the dump
            raise NamespaceChangedError(f"{why} at {entry.ts}, while the backup was taken")


def _base(entry: NamespaceEntry) -> ReplayBase:
    name = entry.namespace
    return ReplayBase(name, name, entry.kind, from_recorded(entry.options), entry.uuid)


def _keys(info: CollectionInfo) -> set[bytes]:
    uuid = bytes.fromhex(info.uuid) if info.uuid else None
    return {key_for(uuid, info.namespace), key_for(None, info.namespace)}


def _as_reason(
    error: NamespaceChangedError | ReplayRefusedError | OplogRolledOverError,
) -> NamespaceChangedError | OplogRolledOverError:
    if isinstance(error, OplogRolledOverError):
        return error
    return NamespaceChangedError(
        f"no oplog-consistent backup could be taken: {error.message}; nothing was kept",
        hint="run it again when that is over, or use consistency snapshot",
    )
