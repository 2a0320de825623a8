"""A storage in memory, for tests; it is gone when the process ends."""

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import BlobNotFoundError
from mangrove.vault.blob_name import checked
from mangrove.vault.storage.error_map import already_there

CHUNK_BYTES = 1 << 20


class MemoryStorage:
    """Blobs in a dictionary."""

    def __init__(self, written_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> None:
        self._blobs: dict[BlobName, bytes] = {}
        self._written_at = written_at
        self._lock = threading.Lock()

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size."""
        checked(name)
        with self._lock:
            if name in self._blobs:
                raise already_there(name)
        content = b"".join(chunks)
        with self._lock:
            if name in self._blobs:
                raise already_there(name)
            self._blobs[name] = content
        return len(content)

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one."""
        with self._lock:
            content = self._blobs.get(checked(name))
        if content is None:
            raise BlobNotFoundError(f"'{name}' is not in the storage", blob=name)
        return (content[i : i + CHUNK_BYTES] for i in range(0, len(content), CHUNK_BYTES))

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        with self._lock:
            blobs = [(name, len(content)) for name, content in self._blobs.items()]
        for name, size in blobs:
            if name.startswith(prefix):
                yield BlobInfo(name, size, self._written_at)

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error."""
        with self._lock:
            self._blobs.pop(name, None)

    def abort(self) -> None:
        """Do nothing: nothing is waited for."""

    def free_bytes(self) -> int | None:
        """Return None: memory does not tell."""
        return None

    def tamper(self, name: BlobName, content: bytes) -> None:
        """Put any content in a blob's place, as somebody with access to a storage can."""
        with self._lock:
            self._blobs[name] = content
