"""What is known of a dump's size before its documents are read, and what is not."""

import gzip
import os
from pathlib import Path

import bson
import pytest

from mangrove.core.known import Known
from mangrove.engine.mongodump.dump_file import DumpFile, least_content
from mangrove.engine.mongodump.opening import open_dump

LONG = b"".join(bson.encode({"_id": n, "text": "x" * 500}) for n in range(4000))


def dumped(folder: Path, content: bytes, name: str = "b.bson.gz") -> Path:
    place = folder / "shop"
    place.mkdir()
    (place / name).write_bytes(content)
    return folder


def test_of_a_gzip_file_the_trailer_tells_the_least_not_the_packed_size(tmp_path: Path) -> None:
    packed = gzip.compress(LONG)

    with open_dump(dumped(tmp_path, packed)) as dump:
        info = dump.collections[0].info()

    assert len(packed) * 50 < len(LONG)
    assert (info.estimated_bytes, info.bytes_known) == (len(LONG), Known.AT_LEAST)
    assert info.documents_known is Known.UNKNOWN


def test_of_a_plain_file_the_size_is_known_and_the_number_of_documents_is_not(
    tmp_path: Path,
) -> None:
    with open_dump(dumped(tmp_path, LONG, "b.bson")) as dump:
        info = dump.collections[0].info()

    assert (info.estimated_bytes, info.bytes_known) == (len(LONG), Known.EXACT)
    assert info.documents_known is Known.UNKNOWN


@pytest.mark.parametrize("members", [(b"", LONG), (LONG, b""), (LONG, LONG[:530])])
def test_of_several_members_no_more_is_claimed_than_is_there(
    tmp_path: Path, members: tuple[bytes, ...]
) -> None:
    path = tmp_path / "b.bson.gz"
    path.write_bytes(b"".join(map(gzip.compress, members)))

    found = DumpFile.look_at(path, "b")

    assert found.plain_bytes is None
    assert 0 < found.least_bytes <= sum(map(len, members))


@pytest.mark.parametrize("size", [0, 1, 60, 70_000])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_what_does_not_get_smaller_is_never_said_to_be_more_than_it_is(
    tmp_path: Path, size: int, level: int
) -> None:
    path = tmp_path / "noise.bson.gz"
    path.write_bytes(gzip.compress(os.urandom(size), level))

    assert DumpFile.look_at(path, "noise").least_bytes == size


def test_a_size_beyond_32_bits_is_at_least_about_what_it_was_packed_into() -> None:
    packed_bytes = 5 << 30

    assert 0.99 * packed_bytes < least_content(bytes(8), packed_bytes) < packed_bytes


def test_a_trailer_that_no_such_file_can_have_tells_nothing() -> None:
    assert least_content(b"\xff" * 8, 1000) < 1000
    assert least_content(b"\x1f\x8b", 2) == 0
