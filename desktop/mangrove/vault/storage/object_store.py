"""A storage in a bucket or a part of one: S3 and what speaks it, Azure Blob, Google Cloud."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import obstore

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    BlobExistsError,
    BlobNotFoundError,
    StalledError,
    StorageUnavailableError,
    VaultError,
)
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import StorageAddress
from mangrove.vault.blob_name import checked, is_safe
from mangrove.vault.storage.connecting import PATIENCE, Patience, connect
from mangrove.vault.storage.error_map import ObjectStoreFault, already_there, from_object_store
from mangrove.vault.storage.gathering import gathered
from mangrove.vault.storage.waiting import Line, Waiting

log = logging.getLogger(__name__)

PART_BYTES = 8 << 20
CHUNK_BYTES = 1 << 20
UPLOADS_AT_ONCE = 3
PAUSES_S = (0.5, 2.0)
"""Between the three tries at a whole blob, after obstore's own tries at each request."""


class ObjectStorage:
    """Blobs as objects of a bucket, below a prefix.

    Errors: an upload is completed or aborted; what a killed process leaves of one is
        invisible, and the bucket's own lifecycle rule removes it.
    Source: Amazon S3 user guide, "Uploading and copying objects using multipart upload".
    """

    PAGE: ClassVar[int] = 1000

    def __init__(
        self,
        address: StorageAddress,
        access_key: str,
        secret_key: Secret | None,
        patience: Patience = PATIENCE,
    ) -> None:
        bucket, _, prefix = address.root.partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._store = connect(bucket, address, (access_key, secret_key), patience)
        self._waiting = Waiting(patience.stall_s)
        self._has_keys = bool(secret_key)

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size.

        A blob of one part is created by one conditional request, and sent again if need be. For
        a longer one S3 has no condition on every server, so it is looked for beforehand; obstore
        sends each of its parts again, but once that failed its chunks are gone.
        """
        key = self._key(name)
        with self._waiting.line() as line:
            self._refuse_existing(line, key, name)
            source = _Source(chunks)
            small = source.whole_if_small()
            if small is not None:
                self._put_small(line, name, small)
            else:
                self._put_stream(line, name, source)
        return source.size

    def _put_small(self, line: Line, name: BlobName, data: bytes) -> None:
        key = self._key(name)
        for pause_s in (*PAUSES_S, None):
            try:
                line.wait(
                    lambda: obstore.put_async(
                        self._store, key, data, mode="create", use_multipart=False
                    )
                )
            except ObjectStoreFault as error:
                found = self._fault(error, name)
                # There was nothing before: it came with a try whose answer was lost.
                if isinstance(found, BlobExistsError) and self._holds(line, key, data):
                    return
                if pause_s is None or not self._may_try_again(found):
                    raise found from error
                line.pause(pause_s)
            else:
                return

    def _holds(self, line: Line, key: str, data: bytes) -> bool:
        async def fetch() -> bytes:
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())

        try:
            return line.wait(fetch) == data
        except ObjectStoreFault:
            return False

    def _put_stream(self, line: Line, name: BlobName, source: "_Source") -> None:
        writer = obstore.open_writer_async(
            self._store, self._key(name), buffer_size=PART_BYTES, max_concurrency=UPLOADS_AT_ONCE
        )
        # Pushed, not pulled: obstore cannot be called from inside an iterator it pulls from,
        # and the chunks may come from another object store.
        try:
            for chunk in gathered(source, CHUNK_BYTES):
                line.wait(lambda: writer.write(chunk))  # noqa: B023 - awaited before the next
            line.wait(writer.close)
        except BaseException as error:
            self._abandon(line, writer, error)
            if isinstance(error, ObjectStoreFault) and error is not source.failure:
                raise self._fault(error, name) from error
            raise

    def _abandon(
        self, line: Line, writer: "obstore.AsyncWritableFile", error: BaseException
    ) -> None:
        """Abort a multipart upload; what cannot be aborted is left to the bucket's own rules."""
        leave = partial(writer.__aexit__, type(error), error, error.__traceback__)
        try:
            line.wait(leave)
        except (*ObjectStoreFault, VaultError, StalledError) as failure:
            log.info("upload not aborted why=%s", type(failure).__name__)

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one.

        A stream that breaks is asked for again from where it broke, of the same version.
        """
        return self._read(name, {})

    def _read(self, name: BlobName, which: "obstore.GetOptions") -> Iterator[bytes]:
        line = self._waiting.line()
        try:
            opened = self._open(line, self._key(name), 0, which)
        except BaseException as error:
            line.close()
            if isinstance(error, ObjectStoreFault):
                raise self._fault(error, name) from error
            raise

        def read() -> Iterator[bytes]:
            with line:
                yield from self._read_on(line, name, opened)

        return read()

    def _read_on(self, line: Line, name: BlobName, opened: "_Opened") -> Iterator[bytes]:
        done, pauses = 0, iter(PAUSES_S)
        while True:
            try:
                if opened.stream is None:
                    opened = self._open(line, self._key(name), done, opened.which)
                chunk = line.wait(partial(anext, opened.stream, None))
            except ObjectStoreFault as error:
                found = self._fault(error, name)
                pause_s = next(pauses, None)
                if pause_s is None or not self._may_try_again(found):
                    raise found from error
                log.info("reading on blob=%s from=%d why=%s", name, done, type(error).__name__)
                line.pause(pause_s)
                opened = replace(opened, stream=None)
                continue
            if chunk is None:
                return
            done += len(chunk)
            yield bytes(chunk)

    def _open(self, line: Line, key: str, offset: int, which: "obstore.GetOptions") -> "_Opened":
        options: obstore.GetOptions = {**which}
        if offset:
            options["range"] = {"offset": offset}
        found = line.wait(lambda: obstore.get_async(self._store, key, options=options))
        stream = found.stream(min_chunk_size=CHUNK_BYTES)
        return _Opened(aiter(stream), {"if_match": found.meta["e_tag"], **which})

    def _may_try_again(self, error: VaultError) -> bool:
        return isinstance(error, StorageUnavailableError) and not self._waiting.is_aborted

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        folder = (self._prefix + prefix).rpartition("/")[0]
        if folder and not is_safe(folder):
            return
        try:
            with self._waiting.line() as line:
                pages = aiter(obstore.list(self._store, folder or None, chunk_size=self.PAGE))
                while (page := line.wait(partial(anext, pages, None))) is not None:
                    for meta in page:
                        name = meta["path"].removeprefix(self._prefix)
                        if name.startswith(prefix) and is_safe(name):
                            yield BlobInfo(BlobName(name), meta["size"], meta["last_modified"])
        except ObjectStoreFault as error:
            raise self._fault(error, "") from error

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error.

        One that an abort interrupts is begun once more: it is how an abort cleans up.
        """
        was_aborted = self._waiting.is_aborted
        try:
            self._delete(name)
        except StorageUnavailableError:
            if was_aborted or not self._waiting.is_aborted:
                raise
            self._delete(name)

    def _delete(self, name: BlobName) -> None:
        key = self._key(name)
        try:
            with self._waiting.line() as line:
                line.wait(lambda: obstore.delete_async(self._store, key))
        except ObjectStoreFault as error:
            found = self._fault(error, name)
            if not isinstance(found, BlobNotFoundError):
                raise found from error
        except StalledError as error:
            if self._waiting.is_aborted:
                raise StorageUnavailableError("the object store does not answer") from error
            raise

    def abort(self) -> None:
        """End transfers that block in other threads; later calls are given a moment each."""
        self._waiting.abort()

    def free_bytes(self) -> int | None:
        """Return None: no object store tells."""
        return None

    def _key(self, name: BlobName) -> str:
        return self._prefix + checked(name)

    def _refuse_existing(self, line: Line, key: str, name: BlobName) -> None:
        try:
            line.wait(lambda: obstore.head_async(self._store, key))
        except FileNotFoundError:
            return
        except ObjectStoreFault as error:
            raise self._fault(error, name) from error
        raise already_there(name)

    def _fault(self, error: Exception, name: str) -> VaultError:
        return from_object_store(error, name, has_keys=self._has_keys)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A blob being read, and which version of it is asked for when it breaks."""

    stream: AsyncIterator[bytes] | None
    which: "obstore.GetOptions"


class _Source:
    """The chunks of an upload: counts them, and remembers what they raised."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._head: list[bytes] = []
        self.size = 0
        self.failure: Exception | None = None

    def whole_if_small(self) -> bytes | None:
        """Return everything if it fits into one part, else None; then iterate."""
        for chunk in self._chunks:
            self._head.append(chunk)
            self.size += len(chunk)
            if self.size > PART_BYTES:
                return None
        return b"".join(self._head)

    def __iter__(self) -> Iterator[bytes]:
        while self._head:
            yield self._head.pop(0)
        try:
            for chunk in self._chunks:
                self.size += len(chunk)
                yield chunk
        except ObjectStoreFault as error:
            self.failure = error
            raise
