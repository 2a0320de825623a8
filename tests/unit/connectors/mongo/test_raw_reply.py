"""Raw replies are cut apart exactly, by the fast way and by the plain one."""

import bson
import pytest
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from mangrove.connectors.mongo.raw_reply import (
    OpaqueDocument,
    count_in_array,
    fast_join,
    join_plainly,
    slice_reply,
)


def _array(documents: list[bytes]) -> bytes:
    whole = bson.encode({"a": [RawBSONDocument(d) for d in documents]})
    return whole[len(b"....\x04a\x00") : -1]


def _reply(documents: list[bytes], batch_name: str = "firstBatch") -> bytes:
    batch = [RawBSONDocument(d) for d in documents]
    cursor = {batch_name: batch, "id": Int64(77), "ns": "shop.orders"}
    return bson.encode({"cursor": cursor, "ok": 1.0, "operationTime": bson.Timestamp(5, 1)})


def test_driver_still_has_its_private_fast_join() -> None:
    assert fast_join() is not None, "pymongo dropped it: reading is slower now, look for a new way"


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 99, 100, 101, 1000, 1001, 10_001])
def test_both_joins_agree_and_the_count_is_right(count: int) -> None:
    documents = [bson.encode({"_id": n, "text": "x" * (n % 7)}) for n in range(count)]
    array = _array(documents)

    joined = join_plainly(array)

    fast = fast_join()
    assert fast is not None
    assert joined == b"".join(documents) == fast(array)
    assert count_in_array(len(array), len(joined)) == count


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_joins_agree_on_any_content(blobs: list[bytes]) -> None:
    array = _array([bson.encode({"b": blob}) for blob in blobs])

    fast = fast_join()

    assert fast is not None
    assert fast(array) == join_plainly(array)


@pytest.mark.parametrize("name", ["firstBatch", "nextBatch"])
def test_reply_gives_documents_and_cursor(name: str) -> None:
    documents = [bson.encode({"_id": n}) for n in range(3)]

    batch = slice_reply(_reply(documents, name))

    assert (batch.cursor_id, batch.documents, batch.count) == (77, b"".join(documents), 3)


def test_reply_without_documents_gives_none() -> None:
    batch = slice_reply(_reply([]))

    assert (batch.documents, batch.count) == (b"", 0)


def test_reply_without_cursor_is_refused() -> None:
    with pytest.raises(ValueError, match="no cursor"):
        slice_reply(bson.encode({"ok": 1.0}))


def test_opaque_document_is_encoded_as_the_bytes_it_holds() -> None:
    twice = bytes.fromhex("11000000107800010000001078000200000000")  # the key x, two times
    whole = len(twice).to_bytes(4, "little") + twice[4:]

    encoded = bson.encode({"documents": [OpaqueDocument(whole)]})

    assert whole in encoded
    assert encoded == bson.encode({"documents": [RawBSONDocument(whole)]})
