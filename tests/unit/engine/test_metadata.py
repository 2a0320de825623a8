"""mongodump's metadata documents: read and written again without a changed byte."""

from pathlib import Path

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.core.errors import MalformedMetadataError
from mangrove.engine.metadata import EMPTY_DOCUMENT, CollectionMetadata

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = sorted((ROOT / "tests" / "format" / "mongodump" / "metadata").glob("*.metadata.json"))
MORE = ROOT.parent / "shared" / "fixtures" / "mongodump" / "plain"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_mongodumps_own_files_come_back_byte_for_byte(path: Path) -> None:
    written = path.read_bytes()

    metadata = CollectionMetadata.from_bytes(written)

    assert metadata.to_text().encode() == written
    assert metadata.parts_lost_in_text() == ()


@pytest.mark.skipif(not MORE.is_dir(), reason="the full mongodump fixture is not at ../shared")
def test_the_full_fixture_comes_back_byte_for_byte() -> None:
    files = sorted(MORE.rglob("*.metadata.json"))

    changed = [
        path.name
        for path in files
        if CollectionMetadata.from_bytes(path.read_bytes()).to_text().encode() != path.read_bytes()
    ]

    assert files
    assert changed == []


def test_golden_set_is_not_empty() -> None:
    assert len(GOLDEN) >= 25


def test_a_capped_collection_is_understood() -> None:
    text = (
        '{"options":{"capped":true,"size":{"$numberInt":"65536"}},"indexes":[{"v":{"$numberInt":"2"},'
        '"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],"uuid":"c36f462a4e6844059a6254ffb9c9cfc6",'
        '"collectionName":"capped","type":"collection"}'
    )

    metadata = CollectionMetadata.from_text(text)

    assert metadata == CollectionMetadata(
        options=bson.encode({"capped": True, "size": 65536}),
        indexes=(bson.encode({"v": 2, "key": {"_id": 1}, "name": "_id_"}),),
        uuid="c36f462a4e6844059a6254ffb9c9cfc6",
        collection_name="capped",
        kind="collection",
    )


def test_empty_options_unknown_uuid_and_type_are_left_out() -> None:
    assert CollectionMetadata(collection_name="c").to_text() == (
        '{"indexes":[],"collectionName":"c"}'
    )


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_an_empty_file_means_that_nothing_is_known(data: bytes) -> None:
    assert CollectionMetadata.from_bytes(data) == CollectionMetadata()


def test_older_flavours_are_understood() -> None:
    text = """{ "options" : {}, "extra": 1,
      "indexes" : [ { "v" : 1, "key" : { "a" : {"$numberLong":"1"} }, "ns" : "d.c",
      "name" : "a" } ] }"""

    metadata = CollectionMetadata.from_text(text)

    assert metadata.options == EMPTY_DOCUMENT
    assert bson.decode(metadata.indexes[0])["key"]["a"] == 1
    assert (metadata.uuid, metadata.collection_name, metadata.kind) == (None, "", "")


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{",
        b'{"options":[]}',
        b'{"indexes":{}}',
        b'{"indexes":[1]}',
        b'{"uuid":"xyz"}',
        b'{"collectionName":1}',
        b'{"collectionName":"\xff"}',
        b'{"indexes":[{"v":2,"key":{"a":1}}]}',
        b'{"indexes":[{"v":2,"name":"a_1"}]}',
        b'{"indexes":[{"v":2,"key":1,"name":"a_1"}]}',
    ],
)
def test_what_is_no_metadata_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMetadataError):
        CollectionMetadata.from_bytes(data)


def test_parts_that_the_text_cannot_carry_are_named() -> None:
    good = bson.encode({"v": 2})
    metadata = CollectionMetadata(
        options=bson.encode({"validator": {"$literal": {"$oid": "x"}}}),
        indexes=(good, bson.encode({"p": {"$date": bson.Int64(1)}})),
    )

    assert metadata.parts_lost_in_text() == ("options", "index 1")


def test_without_what_is_lost_the_rest_comes_back() -> None:
    plain = bson.encode({"v": 2, "key": {"a": 1}, "name": "a_1"})
    odd = {"v": 2, "key": {"b": 1}, "name": "b_1", "partialFilterExpression": {"$oid": "0" * 24}}
    whole = CollectionMetadata(
        bson.encode({"capped": True, "validator": {"$expr": {"$literal": {"$oid": "x"}}}}),
        (plain, bson.encode(odd)),
    )

    kept = whole.without_lost_parts()

    assert (kept.options, kept.indexes) == (bson.encode({"capped": True}), (plain,))
    assert kept.without_lost_parts() is kept
    assert CollectionMetadata.from_text(kept.to_text()).options == kept.options


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_hostile_bytes_raise_only_our_error(data: bytes) -> None:
    try:
        CollectionMetadata.from_bytes(data)
    except MalformedMetadataError:
        assert data.strip()
