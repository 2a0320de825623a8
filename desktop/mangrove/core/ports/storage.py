"""The byte stores under vaults, and what bytes pass through on their way."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, runtime_checkable

from mangrove.core.blobs import BlobInfo, BlobName


class Storage(Protocol):
    """A byte store under a vault; safe for several threads.

    Every adapter passes ``tests/contract/storage_suite.py``.
    """

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size."""
        ...

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one."""
        ...

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        ...

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error."""
        ...

    def free_bytes(self) -> int | None:
        """Return the space left, None where the storage cannot tell."""
        ...

    def abort(self) -> None:
        """End transfers that block in other threads, where that can be done.

        Errors: they raise StorageUnavailableError; later calls are given a few seconds each.
        """


@runtime_checkable
class SettlingStorage(Storage, Protocol):
    """A storage that can take many blobs first and then make all of them durable at once."""

    def put_unsettled(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob as ``put`` does; until ``settle`` it may be lost with the power."""
        ...

    def put_together(self, blobs: Iterable[tuple[BlobName, bytes]]) -> None:
        """Store small blobs as ``put_unsettled`` does, each taken when its turn comes.

        Errors: those before the one that fails are stored.
        """
        ...

    def settle(self) -> None:
        """Return once everything that was put is as durable as what ``put`` stores."""
        ...


Passing = Callable[[Iterable[bytes]], Iterable[bytes]]
"""Lets chunks pass as they are, while it counts, slows or ends them."""


def as_they_come(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """Let chunks pass untouched."""
    return chunks
