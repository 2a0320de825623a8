"""Moves single blobs between vault and storage, counting and hashing what passes."""

import hashlib
from collections.abc import Iterable, Iterator

from mangrove.core.blobs import BlobName
from mangrove.core.errors import BlobMismatchError, BlobNotFoundError
from mangrove.core.manifest import StoredBlob
from mangrove.core.ports.storage import Passing, Storage, as_they_come
from mangrove.vault.blob_name import checked


class Meter:
    """Counts and hashes the bytes of one pass over a stream."""

    def __init__(self, limit_bytes: int | None = None) -> None:
        self._hash = hashlib.sha256()
        self._limit = limit_bytes
        self.size_bytes = 0

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks; stops before the one that would pass the limit."""
        for chunk in chunks:
            self.size_bytes += len(chunk)
            if self._limit is not None and self.size_bytes > self._limit:
                return
            self._hash.update(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        """Lower-case hex of what passed."""
        return self._hash.hexdigest()

    def check(self, blob: StoredBlob) -> None:
        """Raise BlobMismatchError unless what passed is what the manifest says."""
        if self.size_bytes != blob.size_bytes:
            raise _mismatch(blob, f"has another size than the {blob.size_bytes} bytes written")
        if self.sha256 != blob.sha256:
            raise _mismatch(blob, "has another content than was written")


def compare_blob(storage: Storage, blob: StoredBlob, passing: Passing = as_they_come) -> None:
    """Read a blob whole, its bytes going through ``passing``.

    Raises:
        BlobMismatchError: If it is missing, or size or SHA-256 differ.
    """
    meter = Meter(limit_bytes=blob.size_bytes)
    for _ in passing(meter.through(open_blob(storage, blob))):
        pass
    meter.check(blob)


def open_blob(storage: Storage, blob: StoredBlob) -> Iterator[bytes]:
    """Begin to read a blob that a manifest lists; a missing one is a BlobMismatchError."""
    try:
        return storage.get(checked(blob.name))
    except BlobNotFoundError as error:
        raise _mismatch(blob, "is missing from the storage") from error


def fetch_whole(storage: Storage, name: BlobName, limit_bytes: int) -> bytes:
    """Return a blob's bytes.

    Raises:
        BlobNotFoundError: If it is not there.
        BlobMismatchError: If it is longer than any such blob may be.
    """
    meter = Meter(limit_bytes=limit_bytes)
    data = b"".join(meter.through(storage.get(name)))
    if meter.size_bytes > limit_bytes:
        raise BlobMismatchError(
            f"'{name}' is longer than the {limit_bytes} bytes such an object may have", blob=name
        )
    return data


def store_compared(storage: Storage, name: BlobName, data: bytes) -> StoredBlob:
    """Store bytes, read them back, and return what is there."""
    blob = StoredBlob(name, len(data), hashlib.sha256(data).hexdigest(), len(data))
    storage.put(name, [data])
    compare_blob(storage, blob)
    return blob


def _mismatch(blob: StoredBlob, problem: str) -> BlobMismatchError:
    return BlobMismatchError(
        f"the stored object '{blob.name}' {problem}",
        hint="restore from another backup, and check the storage",
        blob=blob.name,
    )
