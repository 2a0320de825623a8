"""Reads joined slices as one stream of oplog entries, and checks on the way that they join."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from mangrove.core.errors import ContentMismatchError
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.wording import counted
from mangrove.engine.framing import document_chunks, document_end
from mangrove.engine.oplog_entry import timestamp_of
from mangrove.engine.oplog_walk import walk
from mangrove.engine.stages.compress import decompressed

CHUNK_BYTES = 1 << 20


def entries_of(
    slices: Sequence[OplogSlice], read: Callable[[StoredBlob], Iterator[bytes]]
) -> Iterator[bytes]:
    """Yield the entries of slices, each entry once.

    Args:
        slices: Oldest first; each begins on the entry that the one before it ended on.
        read: Yields a blob's bytes, decrypted.

    Shapes: chunks of whole BSON documents in oplog order, about 1 MiB.
    Errors: what ``read`` raises; MalformedBsonError for entries out of order; and, before
        anything wrong is passed on as complete, ContentMismatchError if a slice holds another
        number of entries, or others at its ends, than was signed.
    """
    last: OplogPosition | None = None
    for piece in slices:
        if last is not None and piece.first != last:
            raise ContentMismatchError(
                f"the oplog slice '{piece.blob.name}' does not begin where the one before it ends"
            )
        yield from _entries(piece, read, drops_first=last is not None)
        last = piece.last


def entries_after(chunks: Iterable[bytes], last: OplogTimestamp) -> Iterator[bytes]:
    """Yield only what is younger than an entry; chunks as ``entries_of`` yields them."""
    is_past = False
    for chunk in chunks:
        at = 0
        while not is_past and at < len(chunk):
            end = document_end(chunk, at)
            is_past = timestamp_of(chunk[at:end]) > last
            at = at if is_past else end
        if at < len(chunk):
            yield chunk[at:]


def _entries(
    piece: OplogSlice, read: Callable[[StoredBlob], Iterator[bytes]], *, drops_first: bool
) -> Iterator[bytes]:
    count, last = 0, None
    for chunk in document_chunks(decompressed(read(piece.blob), piece.compression), CHUNK_BYTES):
        walked = walk(chunk, last)
        if last is None and walked.first != piece.first:
            raise _mismatch(piece, f"begins with {walked.first}, not with {piece.first}")
        rest = chunk[document_end(chunk, 0) :] if last is None and drops_first else chunk
        count, last = count + walked.entries, walked.last
        if count > piece.entries:
            break
        if rest:
            yield rest
    if last != piece.last or count != piece.entries:
        raise _mismatch(
            piece,
            f"holds {counted(count, 'entry', 'entries')} up to {last}, "
            f"not {piece.entries:,} up to {piece.last}",
        )


def _mismatch(piece: OplogSlice, problem: str) -> ContentMismatchError:
    return ContentMismatchError(
        f"the oplog slice '{piece.blob.name}' {problem}",
        hint="restore to a moment before it, or from a backup after it",
        blob=piece.blob.name,
    )
