"""Elements are found without decoding, whatever their type."""

import re
from datetime import UTC, datetime

import bson
import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.connectors.mongo.bson_elements import (
    elements,
    id_element,
    id_of_anything,
)
from mangrove.core.documents import document_of, split_documents

EVERY_TYPE = {
    "double": 1.5,
    "string": "é",
    "document": {"a": 1},
    "array": [1, "two"],
    "binary": Binary(b"123", 5),
    "old_binary": Binary(b"123", 2),
    "object_id": ObjectId(),
    "bool": True,
    "date": datetime(2024, 1, 1, tzinfo=UTC),
    "null": None,
    "regex": Regex("^a", re.IGNORECASE),
    "db_ref": DBRef("c", 1),
    "code": Code("f()"),
    "code_with_scope": Code("f()", {"x": 1}),
    "int32": 1,
    "timestamp": Timestamp(1, 2),
    "int64": Int64(1),
    "decimal": Decimal128("1.5"),
    "min": MinKey(),
    "max": MaxKey(),
}


def test_walker_meets_every_element_of_every_type() -> None:
    document = bson.encode(EVERY_TYPE)

    found = list(elements(document))

    assert [e.name.decode() for e in found] == list(EVERY_TYPE)
    assert document_of(*(document[e.start : e.end] for e in found)) == document


def test_walker_refuses_what_is_no_type() -> None:
    broken = document_of(b"\x66a\x00")

    with pytest.raises(ValueError, match="no BSON type"):
        list(elements(broken))


def test_id_element_is_cut_out_wherever_it_stands() -> None:
    assert id_element(bson.encode({"a": 1, "_id": "x"})) == b"\x02_id\x00\x02\x00\x00\x00x\x00"
    assert id_element(bson.encode({"a": 1})) == b""


def test_chunk_is_split_into_its_documents() -> None:
    documents = [bson.encode({"n": n}) for n in range(5)]

    assert split_documents(b"".join(documents)) == documents


def damaged(length: int) -> bytes:
    """Return a document whose first value states a length that it has not."""
    document = bytearray(bson.encode({"s": "abc", "n": 1}))
    at = document.index(b"\x02s\0") + 3
    document[at : at + 4] = length.to_bytes(4, "little", signed=True)
    return bytes(document)


@pytest.mark.parametrize("length", [-1, -4, -7, -8, -11, -(2**31), 2**31 - 1, 1000])
def test_a_length_that_leads_back_or_away_ends_the_walk(length: int) -> None:
    with pytest.raises(ValueError, match="impossible length"):
        list(elements(damaged(length)))

    assert id_of_anything(damaged(length)) == b""


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_a_walk_over_any_bytes_comes_to_an_end(data: bytes) -> None:
    document = (len(data) + 5).to_bytes(4, "little") + data + b"\0"

    assert id_of_anything(document) in document
