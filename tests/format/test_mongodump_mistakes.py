"""What people give that is no dump, or a broken one, and what they are told."""

import gzip
import os
import zlib
from pathlib import Path

import bson
import pytest

from mangrove.core.errors import COPY_AGAIN, MalformedDumpError, UnusableDumpError
from mangrove.engine.mongodump.opening import open_dump

LONG = b"".join(bson.encode({"_id": n, "text": os.urandom(40).hex()}) for n in range(4000))
ALIKE = bson.encode({"_id": 1, "text": "x" * 1_000_000}) * 20


def placed(folder: Path, name: str, content: bytes) -> Path:
    path = folder / "shop" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def damage(path: Path) -> MalformedDumpError:
    with open_dump(path.parent) as dump, pytest.raises(MalformedDumpError) as caught:
        list(dump.read(dump.collections[0]))
    return caught.value


@pytest.mark.parametrize("content", [LONG, ALIKE], ids=["dense", "alike"])
def test_a_gzip_file_that_was_cut_short_says_how_far_it_goes(
    tmp_path: Path, content: bytes
) -> None:
    cut = gzip.compress(content, 1)[:-40]
    there = len(zlib.decompressobj(31).decompress(cut))

    found = damage(placed(tmp_path, "t.bson.gz", cut))

    assert there > len(content) * 0.9
    assert found.message == (
        f"the gzip data of 't.bson.gz' are cut short: they end after {len(cut):,} of {len(cut):,} "
        f"packed bytes, which are {there:,} bytes of content"
    )
    assert found.details["offset"] == there
    assert found.hint.startswith(COPY_AGAIN)
    assert "--exclude" in found.hint


def test_gzip_data_that_were_changed_say_where_about(tmp_path: Path) -> None:
    half = len(LONG) // 2
    packed = gzip.compress(LONG[:half]) + b"no member of it"

    found = damage(placed(tmp_path, "t.bson.gz", packed))

    assert "'t.bson.gz' are damaged after " in found.message
    assert f" of {len(packed):,} packed bytes, which are {half:,} bytes of content" in found.message
    assert found.details["offset"] == half


@pytest.mark.parametrize("tail", [bytes(600), gzip.compress(b"")], ids=["padding", "member"])
def test_what_is_cut_after_several_members_counts_them_all(tmp_path: Path, tail: bytes) -> None:
    half = len(LONG) // 2
    cut = gzip.compress(LONG[:half]) + tail + gzip.compress(LONG[half:])[:200]

    found = damage(placed(tmp_path, "t.bson.gz", cut))

    assert "cut short" in found.message
    assert half <= int(found.details["offset"] or 0) < len(LONG)


def test_documents_that_are_damaged_come_with_a_hint(tmp_path: Path) -> None:
    found = damage(placed(tmp_path, "t.bson", LONG[:-7]))

    assert "--exclude" in found.hint


def refusal(path: Path) -> UnusableDumpError:
    with pytest.raises(UnusableDumpError) as caught:
        open_dump(path)
    return caught.value


def test_a_metadata_file_is_told_what_it_is(tmp_path: Path) -> None:
    found = refusal(placed(tmp_path, "simple.metadata.json", b"{}"))

    assert "it describes a collection or a view and holds no documents" in found.message
    assert found.hint.endswith("or its folder with --include shop.simple")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"PK\3\4 and more", "it starts with the bytes 50 4b 03 04, an archive with 6d e2 99 81"),
        (gzip.compress(b"tar!"), "unpacked it starts with the bytes 74 61 72 21"),
    ],
)
def test_a_file_that_is_no_archive_is_told_what_was_expected_and_found(
    tmp_path: Path, content: bytes, said: str
) -> None:
    found = refusal(placed(tmp_path, "whole.archive", content))

    assert said in found.message
    assert found.message.endswith("; nothing was read")
    assert "a .bson or .bson.gz file, a folder that mongodump wrote, or an archive" in found.hint


def test_a_prelude_is_told_from_the_dump(tmp_path: Path) -> None:
    assert str(tmp_path) in refusal(placed(tmp_path, "prelude.json", b"{}")).hint
