"""A storage in a folder that may be a network mount: a server that is gone holds nobody up."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.patience import STALL_S
from mangrove.vault.storage.aside import Aside, Pipe
from mangrove.vault.storage.folder import CHUNK_BYTES, FolderStorage
from mangrove.vault.storage.gathering import gathered


class SteadyFolder:
    """A ``FolderStorage`` whose calls to the system are done aside.

    Errors: as the folder's; a call that the system does not give back is left to itself after
        ``stall_s``, or at once after an abort. What it was writing stays a ``.part-…`` file.
    """

    def __init__(self, root: Path, stall_s: float = STALL_S) -> None:
        self._folder = FolderStorage(root)
        self._aside = Aside(stall_s)

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size."""
        return self._put(chunks, partial(self._folder.put, name))

    def put_unsettled(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob as ``put`` does; until ``settle`` it may be lost with the power."""
        return self._put(chunks, partial(self._folder.put_unsettled, name))

    def put_together(self, blobs: Iterable[tuple[BlobName, bytes]]) -> None:
        """Store small blobs in one call aside."""
        self._aside.call(lambda: self._folder.put_together(blobs))

    def settle(self) -> None:
        """Return once everything that was put is on the disk, however long that takes it."""
        self._aside.call(self._folder.settle, is_long=True)

    def _put(self, chunks: Iterable[bytes], put: Callable[[Iterable[bytes]], int]) -> int:
        pieces = gathered(chunks, CHUNK_BYTES)
        head = list(islice(pieces, 2))
        if len(head) < 2:  # noqa: PLR2004 - all of it is there, so it goes over in one call
            return self._aside.call(lambda: put(head))
        return self._put_piecemeal(chain(head, pieces), put)

    def _put_piecemeal(self, pieces: Iterable[bytes], put: Callable[[Iterable[bytes]], int]) -> int:
        content: Pipe[bytes] = Pipe()
        result: Pipe[int] = Pipe()

        def write() -> None:
            try:
                result.put(put(_taken(content)))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                result.end(error)
            else:
                result.end(None)
            content.leave()

        with self._aside.opened(write, content, result):
            try:
                self._hand_over(content, pieces)
            except BaseException:
                content.leave()  # the writer takes its file back, unless the system holds it up
                result.take(self._aside.limit_s)
                raise
            (size,) = self._aside.items(result)
        return size

    def _hand_over(self, content: "Pipe[bytes]", pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            if not content.put(piece, self._aside.limit_s):
                if content.is_left:
                    return  # the writer ended before its time, and says why
                raise self._aside.given_up()
        content.end(None)

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one."""

        def begin() -> tuple[list[bytes], Iterator[bytes]]:
            rest = self._folder.get(name)
            return list(islice(rest, 2)), rest

        head, rest = self._aside.call(begin)
        if len(head) < 2:  # noqa: PLR2004 - a small blob is read whole in one call
            return iter(head)
        return self._continued(head, rest)

    def _continued(self, head: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
        yield from head
        yield from self._aside.stream(lambda: rest)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        return self._listed(lambda: self._folder.list(prefix))

    def leftovers(self) -> Iterator[BlobInfo]:
        """Yield the temporary files of writers that did not finish, or still write."""
        return self._listed(self._folder.leftovers)

    def _listed(self, begin: Callable[[], Iterator[BlobInfo]]) -> Iterator[BlobInfo]:
        opened = self._aside.call(begin)
        pages = self._aside.stream(lambda: _paged(opened))
        return (info for page in pages for info in page)

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error."""
        self._aside.call(lambda: self._folder.delete(name))

    def abort(self) -> None:
        """Leave the calls that block in other threads; later ones are given a moment each."""
        self._aside.abort()

    def free_bytes(self) -> int | None:
        """Return the space left for us on the folder's file system."""
        return self._aside.call(self._folder.free_bytes)


class GivenUpError(Exception):
    """Ends a writer whose chunks nobody sends any more; only ever seen by its own thread."""


def _taken(content: "Pipe[bytes]") -> Iterator[bytes]:
    while (found := content.take(None)) is not None:
        if not found:
            return
        yield found[0]
    raise GivenUpError


def _paged(infos: Iterator[BlobInfo], size: int = 500) -> Iterator[tuple[BlobInfo, ...]]:
    page: list[BlobInfo] = []
    for info in infos:
        page.append(info)
        if len(page) >= size:
            yield tuple(page)
            page = []
    yield tuple(page)
