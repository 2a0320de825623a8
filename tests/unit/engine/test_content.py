import hashlib
from collections.abc import Iterator

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.backup import Compression
from mangrove.core.errors import BackupTruncatedError, ContentMismatchError, MalformedBsonError
from mangrove.core.manifest import NamespaceEntry, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.engine.content import CHUNK_BYTES, documents_of
from mangrove.engine.digest import ContentDigest
from mangrove.engine.stages.compress import compressed

USERS = Namespace("shop", "users")
DOCUMENTS = [bson.encode({"_id": n, "name": "x" * n}) for n in range(60)]


class Shelf:
    """Blobs in memory, and the entry that describes them."""

    def __init__(self, segments: list[list[bytes]], compression: Compression) -> None:
        self.compression = compression
        self.blobs = {
            f"users.{n:04}": b"".join(compressed(documents, compression))
            for n, documents in enumerate(segments)
        }
        self.digest = ContentDigest()
        for documents in segments:
            self.digest.add_chunk(b"".join(documents))

    def entry(self, **changes: object) -> NamespaceEntry:
        values: dict[str, object] = {
            "namespace": USERS,
            "kind": "collection",
            "options": "",
            "indexes": (),
            "uuid": None,
            "documents": self.digest.documents,
            "plain_bytes": self.digest.bytes,
            "digest": self.digest.hexdigest(),
            "metadata": _blob("users.metadata", b""),
            "segments": tuple(_blob(name, data) for name, data in self.blobs.items()),
        }
        return NamespaceEntry(**(values | changes))  # type: ignore[arg-type]  # as named above

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        data = self.blobs[blob.name]
        return (data[start : start + 37] for start in range(0, len(data), 37))

    def content(self, **changes: object) -> bytes:
        return b"".join(documents_of(self.entry(**changes), self.compression, self.read))


def _blob(name: str, data: bytes) -> StoredBlob:
    return StoredBlob(name, len(data), hashlib.sha256(data).hexdigest(), 0)


@given(st.lists(st.integers(0, 60), max_size=4), st.sampled_from(Compression))
def test_all_segments_are_read_in_order(sizes: list[int], compression: Compression) -> None:
    segments = [DOCUMENTS[:size] for size in sizes if size]

    shelf = Shelf(segments, compression)

    assert shelf.content() == b"".join(d for s in segments for d in s)


def test_chunks_hold_whole_documents_of_about_a_mebibyte() -> None:
    large = [bson.encode({"_id": n, "b": b"x" * 300_000}) for n in range(9)]
    shelf = Shelf([large], Compression.ZSTD)

    chunks = [*documents_of(shelf.entry(), Compression.ZSTD, shelf.read)]

    assert [d["_id"] for chunk in chunks for d in bson.decode_all(chunk)] == list(range(9))
    assert max(map(len, chunks)) <= CHUNK_BYTES
    assert len(chunks) == 3


def test_a_view_has_no_documents() -> None:
    assert Shelf([], Compression.ZSTD).content(kind="view") == b""


@pytest.mark.parametrize("change", [{"documents": 59}, {"documents": 61}, {"digest": "0" * 32}])
def test_content_that_is_not_what_the_manifest_says_is_refused_at_the_end(
    change: dict[str, object],
) -> None:
    shelf = Shelf([DOCUMENTS], Compression.ZSTD)

    with pytest.raises(ContentMismatchError, match=r"shop\.users"):
        shelf.content(**change)


def test_segments_swapped_between_namespaces_are_noticed() -> None:
    shelf = Shelf([DOCUMENTS[:30]], Compression.ZSTD)
    shelf.blobs = Shelf([DOCUMENTS[30:]], Compression.ZSTD).blobs

    with pytest.raises(ContentMismatchError):
        shelf.content()


def test_a_segment_that_ends_inside_a_document_is_refused() -> None:
    shelf = Shelf([DOCUMENTS], Compression.NONE)
    shelf.blobs["users.0000"] = shelf.blobs["users.0000"][:-3]

    with pytest.raises(MalformedBsonError):
        shelf.content()


def test_a_truncated_frame_is_refused() -> None:
    shelf = Shelf([DOCUMENTS], Compression.ZSTD)
    shelf.blobs["users.0000"] = shelf.blobs["users.0000"][:-3]

    with pytest.raises(BackupTruncatedError):
        shelf.content()
