"""The documents of a backup's namespace, read from its blobs and checked on the way."""

from collections.abc import Callable, Iterator

from mangrove.core.backup import Compression
from mangrove.core.documents import DocumentBatch
from mangrove.core.errors import ContentMismatchError
from mangrove.core.manifest import StoredBlob, StoredDocuments
from mangrove.engine.compare import content_differences
from mangrove.engine.digest import ContentDigest
from mangrove.engine.framing import document_chunks
from mangrove.engine.stages.compress import decompressed

CHUNK_BYTES = 1 << 20


def documents_of(
    entry: StoredDocuments,
    compression: Compression,
    read: Callable[[StoredBlob], Iterator[bytes]],
) -> Iterator[bytes]:
    """Yield a namespace's documents and check them against the manifest.

    Args:
        entry: One without a digest is of something nobody has read yet; it is not checked.
        compression: How the blobs are packed.
        read: Yields a blob's bytes, decrypted.

    Shapes: chunks of whole BSON documents, about 1 MiB, in the order they were dumped.
    Errors: what ``read`` raises; MalformedBsonError, BackupTruncatedError; and, after the last
        chunk, ContentMismatchError if count or digest differ from the manifest.
    """
    for batch in batches_of(entry, compression, read, ContentDigest(), CHUNK_BYTES):
        yield batch.joined


def batches_of(
    entry: StoredDocuments,
    compression: Compression,
    read: Callable[[StoredBlob], Iterator[bytes]],
    digest: ContentDigest,
    batch_bytes: int,
) -> Iterator[DocumentBatch]:
    """Yield a namespace's documents as ``documents_of`` does, in batches to be inserted.

    Args:
        entry: As there.
        compression: As there.
        read: As there.
        digest: Counts what was yielded, for who wants to know afterwards.
        batch_bytes: No batch is larger, except for a larger document, which travels alone.
    """
    for blob in entry.segments:
        plain = decompressed(read(blob), compression)
        for chunk in document_chunks(plain, batch_bytes):
            yield DocumentBatch(chunk, digest.add_chunk(chunk))
    if not entry.digest:
        return
    for difference in content_differences(entry, digest.documents, digest.hexdigest()):
        raise ContentMismatchError(f"what is stored of {entry.namespace} {difference}")
