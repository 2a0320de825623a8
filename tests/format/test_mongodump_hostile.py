"""Hostile dumps: whatever the bytes, our own errors come, soon, and nothing else."""

import gzip
import tempfile
from contextlib import suppress
from pathlib import Path

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from format.mongodump_golden import GOLDEN, content_of
from mangrove.core.errors import MalformedDumpError, UnusableDumpError
from mangrove.core.namespace import Namespace
from mangrove.engine.mongodump.archive_fields import (
    MAGIC,
    OPLOG_KEY,
    TERMINATOR,
    ArchiveHeader,
    BlockHeader,
    PreludeEntry,
)
from mangrove.engine.mongodump.archive_reader import open_archive
from mangrove.engine.mongodump.crc64 import as_int64, crc64_xz, from_int64
from mangrove.engine.mongodump.foreign import ForeignKind
from mangrove.engine.mongodump.opening import open_dump

OURS = (MalformedDumpError, UnusableDumpError)
GOOD = (GOLDEN / "archive_cases" / "good_interleaved.archive").read_bytes()
HEADER = ArchiveHeader(1, "6.0.5", "x").to_bson()
DOCUMENT = bson.encode({"_id": 1})
METADATA = b'{"indexes":[],"collectionName":"c","type":"collection"}'

Mutation = tuple[int, int, bytes]
mutations = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.integers(0, 40),
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from(
                [b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x1f\x8b\x08", DOCUMENT]
            ),
        ),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data: bytes, changes: list[Mutation]) -> bytes:
    for place, length, piece in changes:
        at = place % (len(data) + 1)
        data = data[:at] + piece + data[at + length :]
    return data


def read_all(path: Path, database: str | None = None) -> int:
    with open_dump(path, database) as dump:
        documents = sum(content_of(dump.read(c))[0] for c in dump.collections)
        documents += sum(content_of(dump.read_special(s))[0] for s in dump.users_and_roles)
        return documents + content_of(dump.read_oplog())[0]


def archive(*entries: PreludeEntry, body: bytes = b"") -> bytes:
    prelude = b"".join(entry.to_bson() for entry in entries)
    return MAGIC + HEADER + prelude + TERMINATOR + body


def entry(database: str, collection: str, metadata: str = "") -> PreludeEntry:
    return PreludeEntry(database, collection, metadata, "collection")


def part(database: str, collection: str, documents: bytes = b"") -> bytes:
    crc = crc64_xz(documents)
    first = BlockHeader(database, collection).to_bson()
    last = BlockHeader(database, collection, is_last=True, checksum=crc).to_bson()
    return first + documents + TERMINATOR + last + TERMINATOR


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(changes=mutations, pack=st.booleans())
def test_a_changed_archive_is_read_or_refused(changes: list[Mutation], *, pack: bool) -> None:
    data = mutated(GOOD, changes)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(gzip.compress(data) if pack else data)
        try:
            documents = read_all(path)
        except OURS:
            return
    assert documents <= len(data) // 5


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(changes=mutations)
def test_a_packed_archive_changed_in_its_packing_is_read_or_refused(
    changes: list[Mutation],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(mutated(gzip.compress(GOOD, mtime=0), changes))
        with suppress(*OURS):
            assert read_all(path) == 10


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    changes=mutations,
    name=st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=30),
    file=st.sampled_from(["c.bson", "c.metadata.json", "prelude.json", "{}.bson", "{}.bin.gz"]),
    content=st.sampled_from([DOCUMENT * 5, METADATA, gzip.compress(DOCUMENT * 5, mtime=0)]),
)
def test_a_changed_directory_is_read_or_refused(
    changes: list[Mutation], name: str, file: str, content: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "d" / "db"
        database.mkdir(parents=True)
        (database / "other.bson").write_bytes(DOCUMENT)
        try:
            (database / file.format(name)).write_bytes(mutated(content, changes))
        except (OSError, UnicodeEncodeError):
            return
        with suppress(*OURS):
            read_all(database.parent)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("a", data), ("b", MAGIC + data), ("c.bson", data)):
            path = Path(folder) / name
            path.write_bytes(content)
            with suppress(*OURS):
                read_all(path, "db")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (archive(entry("db", "c"), entry("db", "c")), "announced twice"),
        (archive(entry("a/b", "c"), body=part("a/b", "c")), "cannot be a database"),
        (archive(entry("..", "c"), body=part("..", "c")), "cannot be a database"),
        (archive(entry("db", ""), body=part("db", "")), "cannot be a database"),
        (archive(entry("db", "a\0b"), body=part("db", "a\0b")), "cannot be a database"),
        (archive(entry("db", "c", "{"), body=part("db", "c")), "cannot be understood"),
        (
            archive(entry("db", "ts"), body=part("db", "system.buckets.ts")),
            "without having been announced",
        ),
        (
            archive(
                PreludeEntry("db", "ts", "", "timeseries"),
                body=part("db", "ts") + part("db", "system.buckets.ts"),
            ),
            "under two names",
        ),
        (MAGIC + bson.encode({"server_version": "6.0"}) + TERMINATOR, "server version"),
        (MAGIC + bson.encode({"server_version": 6}) + TERMINATOR, "wrong type"),
        (MAGIC + TERMINATOR, "no header"),
        (MAGIC + HEADER + bson.encode({"db": "x"}) + TERMINATOR, "names no collection"),
        (
            MAGIC + HEADER + b"\x12\0\0\0\x02db\0\x02\0\0\0\xff\0\0\0\0\0\0"[:18] + TERMINATOR,
            "damaged",
        ),
    ],
)
def test_archives_no_writer_makes_are_refused(data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)

    with pytest.raises(MalformedDumpError, match=reason) as caught:
        open_archive(tmp_path / "a")

    assert caught.value.details["file"] == str(tmp_path / "a")


@pytest.mark.parametrize("length", [-2, 0, 4, (16 << 20) + 1, 0x7FFFFFFF])
def test_lengths_that_no_document_has_are_refused_without_waiting_for_their_bytes(
    length: int, tmp_path: Path
) -> None:
    block = BlockHeader("db", "c").to_bson() + length.to_bytes(4, "little", signed=True)
    (tmp_path / "a").write_bytes(archive(entry("db", "c"), body=block + bytes(100)))

    with pytest.raises(MalformedDumpError, match="impossible length"):
        open_archive(tmp_path / "a")


METADATA_BOMBS = {
    "a file of a gigabyte": (b'{"indexes":[', 1 << 30, "longer than"),
    "objects without an end": (b'{"options":' + b'{"a":' * 1_000_000, 0, "nested too deeply"),
    "arrays without an end": (b'{"indexes":' + b"[" * 4_000_000, 0, "nested too deeply"),
    "a million numbers": (b'{"indexes":[' + b"1," * 1_000_000 + b"1]}", 0, "too large"),
}


@pytest.mark.parametrize("name", METADATA_BOMBS)
def test_metadata_bombs_are_refused_at_once_and_with_their_place(tmp_path: Path, name: str) -> None:
    content, size, words = METADATA_BOMBS[name]
    database = tmp_path / "d" / "db"
    database.mkdir(parents=True)
    (database / "c.bson").write_bytes(DOCUMENT)
    with (database / "c.metadata.json").open("wb") as file:
        file.write(content)
        file.truncate(max(size, len(content)))  # sparse: it takes no room

    with pytest.raises(MalformedDumpError, match=words) as caught:
        read_all(database.parent)

    assert caught.value.details["file"] == "db/c.metadata.json"
    assert caught.value.details["offset"] is not None


def test_a_packed_metadata_bomb_is_not_unpacked(tmp_path: Path) -> None:
    database = tmp_path / "d" / "db"
    database.mkdir(parents=True)
    (database / "c.bson").write_bytes(DOCUMENT)
    with gzip.open(database / "c.metadata.json.gz", "wb") as file:
        for _ in range(64):
            file.write(b" " * (1 << 20))

    with pytest.raises(MalformedDumpError, match="longer than the 16,777,216 bytes"):
        read_all(database.parent)


def test_views_with_documents_and_lone_buckets_are_told(tmp_path: Path) -> None:
    view = '{"options":{"viewOn":"c","pipeline":[]}}'
    data = archive(
        entry("db", "v", view),
        entry("db", "system.buckets.lost"),
        entry("db", "system.profile"),
        body=part("db", "v", DOCUMENT)
        + part("db", "system.buckets.lost", DOCUMENT)
        + part("db", "system.profile", DOCUMENT),
    )
    (tmp_path / "a").write_bytes(data)

    with open_archive(tmp_path / "a") as dump:
        notes = {note.what: note.holds_data for note in dump.notes}
        (only,) = dump.collections
        assert (only.namespace, only.kind) == (Namespace("db", "v"), ForeignKind.VIEW)
        assert content_of(dump.read(only))[0] == 0
    assert notes == {"db.v": True, "db.system.buckets.lost": True, "db.system.profile": False}


def test_time_series_of_servers_without_buckets_are_read(tmp_path: Path) -> None:
    text = '{"options":{"timeseries":{"timeField":"t"}}}'
    data = archive(PreludeEntry("db", "ts", text, "timeseries"), body=part("db", "ts", DOCUMENT))
    (tmp_path / "a").write_bytes(data)

    with open_archive(tmp_path / "a") as dump:
        (only,) = dump.collections
        assert only.kind is ForeignKind.TIMESERIES
        assert content_of(dump.read(only))[0] == 1


def test_collections_interleaved_by_the_document_are_read(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(50)]
    rounds = b"".join(
        BlockHeader("db", name).to_bson() + DOCUMENT + TERMINATOR
        for _ in range(20)
        for name in names
    )
    crc = crc64_xz(DOCUMENT * 20)
    ends = b"".join(
        BlockHeader("db", name, is_last=True, checksum=crc).to_bson() + TERMINATOR for name in names
    )
    oplog = part(*OPLOG_KEY, DOCUMENT * 3)
    entries = [entry("db", name) for name in names] + [PreludeEntry(*OPLOG_KEY, "", "")]
    (tmp_path / "a").write_bytes(archive(*entries, body=oplog + rounds + ends))

    with open_archive(tmp_path / "a") as dump:
        assert [content_of(dump.read(c))[0] for c in dump.collections] == [20] * 50
        assert content_of(dump.read_oplog())[0] == 3


@pytest.mark.parametrize("chunk", [1, 3, 1 << 20])
def test_the_checksum_is_crc_64_xz(chunk: int) -> None:
    data = b"123456789"
    checksum = 0
    for start in range(0, len(data), chunk):
        checksum = crc64_xz(data[start : start + chunk], checksum)

    assert checksum == 0x995DC9BBDF1939FA
    assert from_int64(as_int64(checksum)) == checksum
    assert as_int64(checksum) < 0
    assert crc64_xz(b"") == 0
