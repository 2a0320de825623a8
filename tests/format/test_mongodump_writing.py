"""Dumps written again: the same content in every form, and bytes as mongodump writes them."""

import gzip
import os
import stat
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import bson
import pytest

from format.mongodump_golden import (
    ARCHIVES,
    content_of,
    copy,
    everything,
    plan_of,
    unpack,
)
from mangrove.core.errors import MalformedBsonError, StorageFullError, UnusableDumpError
from mangrove.core.namespace import Namespace, dump_file_stem
from mangrove.engine.mongodump.archive_fields import parsable_version
from mangrove.engine.mongodump.archive_reader import open_archive
from mangrove.engine.mongodump.archive_writer import ArchiveWriter
from mangrove.engine.mongodump.directory_reader import open_directory
from mangrove.engine.mongodump.directory_writer import DirectoryWriter
from mangrove.engine.mongodump.foreign import ForeignKind, SpecialName
from mangrove.engine.mongodump.opening import open_dump
from mangrove.engine.mongodump.outgoing import (
    DumpPlan,
    DumpWriter,
    OutgoingCollection,
    OutgoingSpecial,
    Packing,
)

FORMS: dict[str, Callable[[Path, DumpPlan], DumpWriter]] = {
    "directory": DirectoryWriter,
    "packed directory": lambda path, plan: DirectoryWriter(path, plan, Packing.GZIP),
    "archive": ArchiveWriter,
    "packed archive": lambda path, plan: ArchiveWriter(path, plan, Packing.GZIP),
}
TERMINATOR = b"\xff\xff\xff\xff"
METADATA = '{"indexes":[],"collectionName":"c","type":"collection"}'


def collection(name: str, kind: ForeignKind = ForeignKind.COLLECTION) -> OutgoingCollection:
    return OutgoingCollection(Namespace("db", name), kind, METADATA)


def plan(*collections: OutgoingCollection, **more: Any) -> DumpPlan:
    return DumpPlan(collections, "6.0.5", "mangrove 0.1.0", **more)


def documents(*numbers: int) -> bytes:
    return b"".join(bson.encode({"_id": number}) for number in numbers)


def checksum(data: bytes) -> int:
    """CRC-64/XZ bit by bit, as its definition says."""
    register = (1 << 64) - 1
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xC96C5795D7870F42 if register & 1 else 0)
    return register ^ ((1 << 64) - 1)


def parts(data: bytes) -> Iterator[bytes]:
    """Yield the documents and terminators of an archive behind its magic."""
    pos = 4
    while pos < len(data):
        (size,) = struct.unpack_from("<i", data, pos)
        size = 4 if size == -1 else size
        yield data[pos : pos + size]
        pos += size


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name", ["plain", "badlong", "db_users", "oplog_full", "pit/base", "views_as_collections"]
)
def test_a_dump_comes_back_the_same_in_every_form(name: str, form: str, tmp_path: Path) -> None:
    unpack(name.split("/", maxsplit=1)[0], tmp_path)
    dump = open_directory(tmp_path / name)
    target = tmp_path / "written"

    copy(dump, FORMS[form](target, plan_of(dump)))

    with open_dump(target) as again:
        assert everything(again) == everything(dump)
        assert again.notes == ()
    assert not (tmp_path / "written.partial").exists()


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_comes_back_the_same_in_every_form(form: str, tmp_path: Path) -> None:
    with open_archive(ARCHIVES / "oplog_full.archive.gz") as archive:
        copy(archive, FORMS[form](tmp_path / "written", plan_of(archive)))
        with open_dump(tmp_path / "written") as again:
            assert everything(again) == everything(archive)


def test_a_directory_written_again_is_mongodumps_own_to_the_byte(tmp_path: Path) -> None:
    source = unpack("plain", tmp_path)
    dump = open_directory(source)

    copy(dump, DirectoryWriter(tmp_path / "again", plan_of(dump)))

    def tree(root: Path) -> dict[Path, bytes]:
        return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    assert tree(tmp_path / "again") == tree(source)


def test_a_packed_directory_has_mongodumps_names_and_unpacks_to_its_bytes(tmp_path: Path) -> None:
    source = unpack("pit", tmp_path) / "base"
    dump = open_directory(source)

    copy(dump, DirectoryWriter(tmp_path / "again", plan_of(dump), Packing.GZIP))

    def tree(root: Path) -> dict[Path, bytes]:
        files = {p.relative_to(root): p for p in root.rglob("*") if p.is_file()}
        return {name: gzip.decompress(p.read_bytes()) for name, p in files.items()}

    assert tree(tmp_path / "again") == tree(source)
    assert (tmp_path / "again" / "oplog.bson").read_bytes()[:2] == b"\x1f\x8b"


def test_packed_files_carry_no_name_and_no_time_and_are_the_same_every_time(tmp_path: Path) -> None:
    packed = []
    for name in ("a", "b"):
        for writer in (DirectoryWriter, ArchiveWriter):
            with writer(tmp_path / name, plan(collection("c")), Packing.GZIP) as dump:
                dump.write(collection("c"), [documents(1, 2)])
                dump.finish()
            target = tmp_path / name
            file = target / "db" / "c.bson.gz" if target.is_dir() else target
            packed.append(file.read_bytes())
            target.rename(tmp_path / f"{name}{writer.__name__}")

    assert packed[:2] == packed[2:]
    assert {data[:9] for data in packed} == {b"\x1f\x8b\x08\0\0\0\0\0\0"}


def test_an_archive_is_built_byte_by_byte_as_documented(tmp_path: Path) -> None:
    c, empty = collection("c"), collection("empty")
    view = OutgoingCollection(Namespace("db", "v"), ForeignKind.VIEW, "{}")
    ts = OutgoingCollection(Namespace("db", "ts"), ForeignKind.TIMESERIES, "{}")
    users = OutgoingSpecial(SpecialName.USERS, "db")
    whole = OutgoingSpecial(SpecialName.VERSION, "", METADATA)
    everything_planned = plan(c, empty, view, ts, specials=(users, whole), has_oplog=True)

    with ArchiveWriter(tmp_path / "a", everything_planned) as writer:
        writer.write_special(users, [documents(7)])
        writer.write_special(whole, [documents(8)])
        writer.write(c, [documents(1, 2), documents(3)])
        writer.write(empty, [])
        writer.write(ts, [documents(4)])
        writer.write_oplog([documents(5)])
        writer.finish()

    data = (tmp_path / "a").read_bytes()
    assert data[:4] == bytes.fromhex("6de29981")
    found: list[Any] = [part if part == TERMINATOR else bson.decode(part) for part in parts(data)]
    assert list(found[0].items()) == [
        ("concurrent_collections", 1),
        ("version", "0.1"),
        ("server_version", "6.0.5"),
        ("tool_version", "mangrove 0.1.0"),
    ]
    assert [list(entry.values()) for entry in found[1:8]] == [
        ["db", "c", METADATA, 0, "collection"],
        ["db", "empty", METADATA, 0, "collection"],
        ["db", "v", "{}", 0, "view"],
        ["db", "ts", "{}", 0, "timeseries"],
        ["db", "$admin.system.users", "", 0, ""],
        ["admin", "system.version", METADATA, 0, "collection"],
        ["", "oplog", "", 0, ""],
    ]
    assert list(found[1]) == ["db", "collection", "metadata", "size", "type"]
    assert found[8] == TERMINATOR
    wanted: list[Any] = []
    for database, name, content in (
        ("db", "$admin.system.users", [7]),
        ("admin", "system.version", [8]),
        ("db", "v", []),
        ("db", "c", [1, 2, 3]),
        ("db", "empty", []),
        ("db", "system.buckets.ts", [4]),
        ("", "oplog", [5]),
    ):
        crc = struct.unpack("<q", struct.pack("<Q", checksum(documents(*content))))[0]
        head = {"db": database, "collection": name}
        wanted += [{**head, "EOF": False, "CRC": 0}, *({"_id": n} for n in content), TERMINATOR]
        wanted += [{**head, "EOF": True, "CRC": crc}, TERMINATOR]
    assert found[9:] == wanted
    heads = [list(part) for part in found[9:] if isinstance(part, dict) and "EOF" in part]
    assert heads == [["db", "collection", "EOF", "CRC"]] * 14
    assert data.count(b"\x12CRC\0") == 14


def test_mongodumps_archive_written_again_has_its_very_documents(tmp_path: Path) -> None:
    original = (ARCHIVES / "sequential.archive").read_bytes()
    with open_archive(ARCHIVES / "sequential.archive") as dump:
        copy(dump, ArchiveWriter(tmp_path / "a", plan_of(dump)))

    written = (tmp_path / "a").read_bytes()

    assert written[:4] == original[:4]
    assert next(parts(written)) == next(parts(original))
    assert sorted(parts(written)) == sorted(parts(original))


def test_collections_written_side_by_side_are_announced_and_come_back(tmp_path: Path) -> None:
    planned = [collection(f"c{number}") for number in range(4)]
    pieces = [bson.encode({"a": b"x" * 1_000_000})] * 6
    barrier = threading.Barrier(4, timeout=30)

    def slowly(number: int) -> Iterator[bytes]:
        for piece in pieces:
            barrier.wait()
            yield piece * 2 + documents(number)

    with ArchiveWriter(tmp_path / "a", plan(*planned), parallel=4) as writer:
        with ThreadPoolExecutor(4) as pool:
            sizes = list(pool.map(lambda n: writer.write(planned[n], slowly(n)), range(4)))
        writer.finish()

    with open_archive(tmp_path / "a") as dump:
        counts = [content_of(dump.read(c))[0] for c in dump.collections]
    header = bson.decode(next(parts((tmp_path / "a").read_bytes())))
    assert header["concurrent_collections"] == 4
    assert counts == [6 * 3] * 4
    assert len(set(sizes)) == 1


@pytest.mark.parametrize("form", FORMS)
def test_what_leaves_the_block_unfinished_is_removed(form: str, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield documents(1)
        raise MalformedBsonError("the source gave up")

    with (
        pytest.raises(MalformedBsonError),
        FORMS[form](tmp_path / "d", plan(collection("c"))) as writer,
    ):
        writer.write(collection("c"), broken())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_only_whole_documents_are_written(form: str, tmp_path: Path) -> None:
    with (
        pytest.raises(MalformedBsonError),
        FORMS[form](tmp_path / "d", plan(collection("c"))) as writer,
    ):
        writer.write(collection("c"), [documents(1)[:-1]])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_dump_without_a_planned_part_never_appears(form: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError), FORMS[form](tmp_path / "d", plan(collection("c"))) as dump:
        dump.finish()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_written_over(form: str, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "left.partial").mkdir()

    for name in ("full", "file", "link", "left", "missing/d"):
        with pytest.raises(UnusableDumpError), FORMS[form](tmp_path / name, plan()):
            pass

    assert (full / "mine.txt").read_text() == "keep"
    assert (tmp_path / "file").read_text() == "keep"
    assert not (tmp_path / "full.partial").exists()


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()

    with DirectoryWriter(tmp_path / "d", plan(collection("c"))) as writer:
        assert writer.write(collection("c"), [documents(1)]) == len(documents(1))
        writer.finish()

    assert sorted(p.name for p in (tmp_path / "d" / "db").iterdir()) == [
        "c.bson",
        "c.metadata.json",
    ]
    assert (tmp_path / "d" / "prelude.json").read_text() == (
        '{"ServerVersion":"6.0.5","ToolVersion":"mangrove 0.1.0"}'
    )


def test_time_series_views_and_empty_collections_make_mongodumps_files(tmp_path: Path) -> None:
    name = "t" * 230
    ts = OutgoingCollection(Namespace("db", name), ForeignKind.TIMESERIES, "{}")
    view = OutgoingCollection(Namespace("db", "v"), ForeignKind.VIEW, "{}")
    bare = OutgoingCollection(Namespace("db", "a/b"), ForeignKind.COLLECTION, "")

    with DirectoryWriter(tmp_path / "d", plan(ts, view, bare)) as writer:
        writer.write(ts, [documents(1)])
        writer.write(bare, [])
        writer.finish()

    files = {path.name: path.stat().st_size for path in (tmp_path / "d" / "db").iterdir()}
    assert files == {
        f"{name}.metadata.json": 2,
        f"{dump_file_stem('system.buckets.' + name)}.bson": len(documents(1)),
        "v.metadata.json": 2,
        "a%2Fb.bson": 0,
    }


def test_what_is_written_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path / "d", plan(collection("c"))) as writer:
        writer.write(collection("c"), [])
        writer.finish()
    with ArchiveWriter(tmp_path / "a", plan()) as archive:
        archive.finish()

    for path in (*(tmp_path / "d").rglob("*"), tmp_path / "d", tmp_path / "a"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize(
    "namespaces",
    [
        [("a/b", "c")],
        [("", "c")],
        [("db", "")],
        [("db", "a\0b")],
        [("db", "\udcff")],
        [("db", "c"), ("db", "c")],
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_plans_that_no_dump_can_hold_are_refused(
    form: str, namespaces: list[tuple[str, str]], tmp_path: Path
) -> None:
    collections = [
        OutgoingCollection(Namespace(*names), ForeignKind.COLLECTION, "") for names in namespaces
    ]

    with pytest.raises(UnusableDumpError), FORMS[form](tmp_path / "d", plan(*collections)):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_document_that_no_archive_can_give_back_is_refused(tmp_path: Path) -> None:
    large = bson.encode({"a": b"x" * (16 << 20)})

    with (
        pytest.raises(UnusableDumpError, match="cannot read from an archive"),
        ArchiveWriter(tmp_path / "a", plan(collection("c"))) as writer,
    ):
        writer.write(collection("c"), [large])


def test_oplog_entries_beyond_16_mib_come_back_from_both_forms(tmp_path: Path) -> None:
    entry = bson.encode({"a": b"x" * (16_793_600 - 13)})
    for name, writer_of in (("d", DirectoryWriter), ("a", ArchiveWriter)):
        with writer_of(tmp_path / name, plan(has_oplog=True)) as writer:
            assert writer.write_oplog([entry]) == 16_793_600
            writer.finish()
        with open_dump(tmp_path / name) as dump:
            assert b"".join(dump.read_oplog()) == entry


@pytest.mark.parametrize(
    ("version", "written"),
    [
        ("6.0.5", "6.0.5"),
        ("8.1.0-rc1", "8.1.0-rc1"),
        ("7.0", "7.0.0"),
        ("unknown", "0.0.0"),
        ("", "0.0.0"),
        ("5.0.1.2", "5.0.1"),
    ],
)
def test_archives_always_have_a_version_that_mongorestore_reads(
    version: str, written: str, tmp_path: Path
) -> None:
    with ArchiveWriter(tmp_path / "a", replace(plan(), server_version=version)) as writer:
        writer.finish()

    assert parsable_version(version) == written
    with open_archive(tmp_path / "a") as dump:
        assert dump.server_version == written


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_told_and_leaves_nothing(form: str, tiny_disk: Path) -> None:
    with (
        pytest.raises(StorageFullError),
        FORMS[form](tiny_disk / "d", plan(collection("c"))) as writer,
    ):
        writer.write(collection("c"), [bson.encode({"a": os.urandom(5 << 20)})])

    assert list(tiny_disk.iterdir()) == []


def test_an_archive_without_room_to_unpack_is_told_and_leaves_nothing(
    tiny_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ArchiveWriter(tmp_path / "a", plan(collection("c")), Packing.GZIP) as writer:
        writer.write(collection("c"), [bson.encode({"a": bytes(5 << 20)})])
        writer.finish()
    monkeypatch.setattr(tempfile, "tempdir", str(tiny_disk))

    with pytest.raises(StorageFullError):
        open_archive(tmp_path / "a")

    assert list(tiny_disk.iterdir()) == []
