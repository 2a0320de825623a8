"""What a storage still keeps of before, as a storage of its own that can only be read."""

from collections.abc import Iterable, Iterator

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import BlobNotFoundError, StorageDeniedError
from mangrove.vault.keeping import BlobVersion, KeepingStorage

_READ_ONLY = "earlier versions can only be read"


class EarlierVersions:
    """Of each blob one hidden version, counted from the newest.

    Args:
        inner: A storage that keeps versions.
        back: How far to go back: 0 for the newest hidden one, 1 for the one before, and so on.
    """

    def __init__(self, inner: KeepingStorage, back: int = 0) -> None:
        self._inner, self._back = inner, back

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield the bytes of a blob's version; raises BlobNotFoundError without one."""
        found = self._chosen(name).get(name)
        if found is None:
            raise BlobNotFoundError(f"'{name}' has no such earlier version", blob=name)
        return self._inner.get_version(found)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs that have such a version."""
        for version in self._chosen(prefix).values():
            yield BlobInfo(version.name, version.size_bytes, version.modified_at)

    def _chosen(self, prefix: str) -> dict[BlobName, BlobVersion]:
        hidden: dict[BlobName, list[BlobVersion]] = {}
        for version in self._inner.versions(prefix):
            if not version.is_current:
                hidden.setdefault(version.name, []).append(version)
        return {n: found[self._back] for n, found in hidden.items() if len(found) > self._back}

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Refuse: nothing is written to the past."""
        del chunks
        raise StorageDeniedError(_READ_ONLY, blob=name)

    def delete(self, name: BlobName) -> None:
        """Refuse: nothing is removed from the past."""
        raise StorageDeniedError(_READ_ONLY, blob=name)

    def free_bytes(self) -> int | None:
        """Return None: it has no room of its own."""
        return None

    def abort(self) -> None:
        """End transfers that block in other threads."""
        self._inner.abort()
