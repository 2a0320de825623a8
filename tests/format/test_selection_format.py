"""Manifests and catalog rows from before there were patterns and queries, and those with them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mangrove.core.backup import CollectionQuery
from mangrove.core.errors import ManifestCorruptError
from mangrove.core.namespace import Namespace
from mangrove.vault.catalog.record_codec import decode_record, encode_record
from mangrove.vault.codecs.manifest import decode_manifest, encode_manifest
from mangrove.vault.records import record_of

GOLDEN = Path(__file__).parent / "golden"
OLD_MANIFEST = (GOLDEN / "manifest-v1.json").read_bytes()
OLD_RECORD = (GOLDEN / "record-v1.json").read_text()
QUERY = CollectionQuery(Namespace("shop", "users"), '{"z":{"$numberInt":"1"},"a":"ä"}')


def test_an_old_manifest_is_read_and_written_as_it_was() -> None:
    manifest = decode_manifest(OLD_MANIFEST)

    assert (manifest.selection.include, manifest.selection.queries) == ((), ())
    assert not manifest.is_filtered
    assert encode_manifest(manifest) == OLD_MANIFEST


def test_an_old_catalog_row_is_read_as_not_filtered() -> None:
    assert "is_filtered" not in OLD_RECORD
    assert not decode_record(OLD_RECORD).is_filtered


def test_patterns_and_queries_come_back_with_their_field_order() -> None:
    old = decode_manifest(OLD_MANIFEST)
    selection = replace(old.selection, include=("shop.*",), queries=(QUERY,))
    manifest = replace(old, selection=selection)

    again = decode_manifest(encode_manifest(manifest))

    assert again == manifest
    assert again.selection.queries[0].text == QUERY.text


def test_a_filtered_backup_is_marked_in_the_catalog_without_its_query() -> None:
    old = decode_manifest(OLD_MANIFEST)
    filtered = replace(old, selection=replace(old.selection, queries=(QUERY,)))

    record = record_of(filtered)

    assert record.is_filtered
    assert not record.is_whole
    assert "filtered" in record.selection
    assert "numberInt" not in encode_record(record)
    # What it covers has rows of its own beside the record.
    assert decode_record(encode_record(record)) == replace(record, cover=None)


@pytest.mark.parametrize(
    "strange",
    [{"include": "x"}, {"queries": [{"database": "a"}]}, {"queries": {}}, {"surprise": []}],
    ids=str,
)
def test_a_strange_selection_is_refused(strange: dict[str, object]) -> None:
    document = json.loads(OLD_MANIFEST)
    document["selection"] |= strange

    with pytest.raises(ManifestCorruptError):
        decode_manifest(json.dumps(document).encode())
