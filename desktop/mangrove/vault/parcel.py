"""Small blobs on their way to a storage together: handing one over may cost more than its bytes."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

from mangrove.core.blobs import BlobName
from mangrove.core.errors import BlobExistsError
from mangrove.core.ports.storage import SettlingStorage

SMALL_BYTES = 256 << 10
PARCEL_BYTES = 1 << 20
PARCEL_BLOBS = 50


class Parcel:
    """Gathers small blobs for a storage, and lets large ones pass. Safe for several threads.

    Errors: the storage's own, of any blob that was gathered, for whoever sends it. What was not
        sent then is forgotten: a backup that lacks a blob is given up as a whole.

    Args:
        storage: Where they go.
        claim: Called right before a blob may be in the storage; may refuse it.
        disown: Called if somebody else's blob had its name before.
    """

    def __init__(
        self,
        storage: SettlingStorage,
        claim: Callable[[BlobName], None],
        disown: Callable[[BlobName], None],
    ) -> None:
        self._storage = storage
        self._claim = claim
        self._disown = disown
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._held: dict[BlobName, bytes] = {}
        self._held_bytes = 0

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> None:
        """Keep a small blob until there is a parcel full; store a large one at once."""
        pieces = iter(chunks)
        head: list[bytes] = []
        size = 0
        for piece in pieces:
            head.append(piece)
            size += len(piece)
            if size > SMALL_BYTES:
                self._put_at_once(name, chain(head, pieces))
                return
        with self._lock:
            self._held[name] = b"".join(head)
            self._held_bytes += size
            is_full = self._held_bytes >= PARCEL_BYTES or len(self._held) >= PARCEL_BLOBS
        if is_full:
            self.send()

    def send(self) -> None:
        """Store what was gathered; returns once what others send is there, too."""
        with self._sending:
            with self._lock:
                blobs, self._held, self._held_bytes = self._held, {}, 0
            if blobs:
                with self._disowning():
                    self._storage.put_together(self._claimed(blobs))

    def settle(self) -> None:
        """Return once everything that was put is as durable as the storage can make it."""
        self.send()
        self._storage.settle()

    def forget(self, name: BlobName) -> None:
        """Do not send a blob; one that is just being sent is waited for."""
        with self._lock:
            held = self._held.pop(name, None)
            self._held_bytes -= len(held or b"")
        if held is None:
            with self._sending:
                pass

    def forget_all(self) -> None:
        """Send nothing of what was gathered."""
        with self._lock:
            self._held, self._held_bytes = {}, 0

    def _put_at_once(self, name: BlobName, chunks: Iterable[bytes]) -> None:
        self._claim(name)
        with self._disowning():
            self._storage.put_unsettled(name, chunks)

    def _claimed(self, blobs: dict[BlobName, bytes]) -> Iterator[tuple[BlobName, bytes]]:
        for name, data in blobs.items():
            self._claim(name)
            yield name, data

    @contextmanager
    def _disowning(self) -> Iterator[None]:
        try:
            yield
        except BlobExistsError as error:
            self._disown(BlobName(str(error.details["blob"])))
            raise
