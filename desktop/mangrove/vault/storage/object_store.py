"""A storage in an S3 bucket, or in a part of one; any server that speaks S3 will do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import obstore
from obstore.store import S3Store

from mangrove.core.errors import BlobNotFoundError
from mangrove.core.secret import Secret
from mangrove.core.vault import BlobInfo, BlobName, StorageAddress
from mangrove.vault.blob_name import checked, is_safe
from mangrove.vault.storage.error_map import (
    ObjectStoreFault,
    already_there,
    from_object_store,
)

PART_BYTES = 8 << 20
CHUNK_BYTES = 1 << 20
UPLOADS_AT_ONCE = 3
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an object store may be silent, and how often a request is sent again.

    Units: seconds. ``read_s`` also covers sending one part of 8 MiB on a slow line.
    """

    connect_s: int = 15
    read_s: int = 180
    request_s: int = 1800
    retries: int = 6
    retry_s: int = 90


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
        patience: Patience = Patience(),
    ) -> None:
        bucket, _, prefix = address.root.partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._store = _connect(bucket, address, (access_key, secret_key), patience)

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size.

        A blob of one part is created by one conditional request. For a longer one S3 has no
        condition on every server, so it is looked for beforehand.
        """
        key = self._key(name)
        self._refuse_existing(key, name)
        source = _Source(chunks)
        small = source.whole_if_small()
        try:
            if small is not None:
                obstore.put(self._store, key, small, mode="create", use_multipart=False)
                return source.size
            writer = obstore.open_writer(
                self._store, key, buffer_size=PART_BYTES, max_concurrency=UPLOADS_AT_ONCE
            )
        except ObjectStoreFault as error:
            raise from_object_store(error, name) from error
        # Pushed, not pulled: obstore cannot be called from inside an iterator it pulls from,
        # and the chunks may come from another object store. The writer aborts on any exception.
        try:
            with writer:
                for chunk in source:
                    writer.write(chunk)
        except ObjectStoreFault as error:
            if error is source.failure:
                raise
            raise from_object_store(error, name) from error
        return source.size

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one."""
        try:
            stream = obstore.get(self._store, self._key(name)).stream(min_chunk_size=CHUNK_BYTES)
        except ObjectStoreFault as error:
            raise from_object_store(error, name) from error

        def read() -> Iterator[bytes]:
            try:
                for chunk in stream:
                    yield bytes(chunk)
            except ObjectStoreFault as error:
                raise from_object_store(error, name) from error

        return read()

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        folder = (self._prefix + prefix).rpartition("/")[0]
        if folder and not is_safe(folder):
            return
        try:
            for page in obstore.list(self._store, folder or None, chunk_size=self.PAGE):
                for meta in page:
                    name = meta["path"].removeprefix(self._prefix)
                    if name.startswith(prefix) and is_safe(name):
                        yield BlobInfo(BlobName(name), meta["size"], meta["last_modified"])
        except ObjectStoreFault as error:
            raise from_object_store(error, "") from error

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error."""
        try:
            obstore.delete(self._store, self._key(name))
        except ObjectStoreFault as error:
            found = from_object_store(error, name)
            if not isinstance(found, BlobNotFoundError):
                raise found from error

    def free_bytes(self) -> int | None:
        """Return None: S3 does not tell."""
        return None

    def _key(self, name: BlobName) -> str:
        return self._prefix + checked(name)

    def _refuse_existing(self, key: str, name: BlobName) -> None:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return
        except ObjectStoreFault as error:
            raise from_object_store(error, name) from error
        raise already_there(name)


def _connect(
    bucket: str, address: StorageAddress, keys: tuple[str, Secret | None], patience: Patience
) -> S3Store:
    region = address.option("region") or DEFAULT_REGION
    # Always given: obstore would else take one from the environment.
    endpoint = address.option("endpoint") or f"https://s3.{region}.amazonaws.com"
    access_key, secret_key = keys
    try:
        return S3Store(
            bucket,
            endpoint=endpoint.rstrip("/"),
            region=region,
            virtual_hosted_style_request=address.option("style") == "virtual",
            access_key_id=access_key,
            secret_access_key=secret_key.reveal() if secret_key else "",
            skip_signature=not (access_key and secret_key),  # a public bucket
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=patience.connect_s),
                "read_timeout": timedelta(seconds=patience.read_s),
                "timeout": timedelta(seconds=patience.request_s),
            },
            retry_config={
                "max_retries": patience.retries,
                "retry_timeout": timedelta(seconds=patience.retry_s),
            },
        )
    except ObjectStoreFault as error:
        raise from_object_store(error, "") from error


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
