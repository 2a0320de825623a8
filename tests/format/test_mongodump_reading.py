"""Dumps that mongodump wrote, read to the counts and hashes that the server had."""

import gzip
import json
import os
import stat
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bson
import pytest

from format.mongodump_golden import (
    ARCHIVES,
    EMPTY_HASH,
    EXPECTED,
    GOLDEN,
    content_of,
    contents,
    expected_contents,
    unpack,
)
from mangrove.core.errors import MalformedDumpError, UnusableDumpError
from mangrove.core.namespace import Namespace, dump_file_stem
from mangrove.engine.mongodump.archive_reader import open_archive
from mangrove.engine.mongodump.directory_reader import open_directory
from mangrove.engine.mongodump.foreign import ForeignDump, ForeignKind, SpecialName
from mangrove.engine.mongodump.opening import open_dump

CASES = sorted(EXPECTED["archive_cases"].items())


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack("plain", tmp_path_factory.mktemp("plain"))


def specials(dump: ForeignDump) -> dict[str, tuple[str, int, str]]:
    return {
        special.name.value: (special.database, *content_of(dump.read_special(special)))
        for special in dump.users_and_roles
    }


@pytest.mark.parametrize("name", ["plain", "gzip"])
def test_whole_directories_hold_what_the_server_had(name: str, tmp_path: Path) -> None:
    dump = open_directory(unpack(name, tmp_path))

    assert contents(dump) == expected_contents("nasty")
    assert specials(dump) == {
        part: ("", wanted["documents"], wanted["sha256"])
        for part, wanted in EXPECTED["admin"].items()
    }
    assert dump.notes == ()
    assert dump.oplog is None
    assert (dump.server_version, dump.tool_version) == ("6.0.5", "built-without-version-string")


@pytest.mark.parametrize("name", ["full.archive", "full.archive.gz"])
def test_whole_archives_hold_what_the_server_had(name: str) -> None:
    with open_archive(ARCHIVES / name) as dump:
        assert contents(dump) == expected_contents("nasty")
        assert specials(dump) == {
            part: ("", wanted["documents"], wanted["sha256"])
            for part, wanted in EXPECTED["admin"].items()
        }
        assert dump.notes == ()
        assert dump.server_version == "6.0.5"


@pytest.mark.parametrize("name", ["sequential.archive", "db_users.archive"])
def test_archives_of_one_database_hold_what_the_server_had(name: str) -> None:
    with open_archive(ARCHIVES / name) as dump:
        assert contents(dump) == expected_contents("nasty", "nasty_opts")


def test_an_archive_counts_documents_and_bytes_without_being_read() -> None:
    with open_archive(ARCHIVES / "full.archive") as dump:
        found = {c.namespace: c for c in dump.collections}

        items = found[Namespace("nasty_bulk", "items")]

        assert (items.documents, items.plain_bytes) == (2500, 92_500)
        assert items.info().estimated_documents == 2500


def test_users_of_one_database_are_told_from_those_of_all(tmp_path: Path) -> None:
    wanted = [("nasty_opts", SpecialName.USERS, 2), ("nasty_opts", SpecialName.ROLES, 2)]

    directory = open_directory(unpack("db_users", tmp_path))
    with open_archive(ARCHIVES / "db_users.archive") as archive:
        for dump in (directory, archive):
            found = [
                (s.database, s.name, content_of(dump.read_special(s))[0])
                for s in dump.users_and_roles
            ]
            assert set(wanted) < set(found)
            assert ("nasty_opts", SpecialName.VERSION, 2) in found
            assert contents(dump) == expected_contents("nasty", "nasty_opts")


def test_long_names_that_mongorestore_cannot_read_are_taken_literally(tmp_path: Path) -> None:
    wanted = expected_contents("badlong")

    directory = open_directory(unpack("badlong", tmp_path))
    with open_archive(ARCHIVES / "badlong.archive") as archive:
        assert contents(directory) == wanted
        assert contents(archive) == wanted
    assert any("%41%41" in namespace.collection for namespace in wanted)
    assert any("p+p+" in namespace.collection for namespace in wanted)


def test_one_database_of_a_dump_can_be_opened_in_three_ways(plain: Path) -> None:
    wanted = expected_contents("nasty", "nasty_opts")

    assert contents(open_directory(plain, "nasty_opts")) == wanted
    assert contents(open_directory(plain / "nasty_opts")) == wanted
    with open_archive(ARCHIVES / "full.archive", "nasty_opts") as archive:
        assert contents(archive) == wanted


def test_a_lone_folder_can_be_taken_as_another_database(plain: Path) -> None:
    dump = open_directory(plain / "nasty_empty", "fresh")

    assert [str(c.namespace) for c in dump.collections] == ["fresh.nothing_here"]
    assert dump.server_version == "6.0.5"


@pytest.mark.parametrize(
    ("file", "namespace", "kind", "documents"),
    [
        ("nasty_bulk/items.bson", "nasty_bulk.items", "collection", 2500),
        ("nasty_opts/system.buckets.ts.bson", "nasty_opts.ts", "timeseries", 6),
        ("nasty_names/y.bson.gz.bson", "nasty_names.y.bson.gz", "collection", 1),
        ("nasty_opts/system.js.bson", "nasty_opts.system.js", "collection", 2),
    ],
)
def test_a_single_data_file_brings_its_metadata(
    plain: Path, file: str, namespace: str, kind: str, documents: int
) -> None:
    dump = open_directory(plain / file)

    (only,) = dump.collections
    assert (str(only.namespace), only.kind.value) == (namespace, kind)
    assert content_of(dump.read(only))[0] == documents
    assert only.metadata is not None
    assert dump.server_version == "6.0.5"


def test_a_single_file_can_be_users_or_an_oplog(plain: Path, tmp_path: Path) -> None:
    users = open_directory(plain / "admin" / "system.users.bson")
    oplog = open_directory(unpack("pit", tmp_path) / "slice" / "local" / "oplog.rs.bson.gz")

    assert [s.name for s in users.users_and_roles] == [SpecialName.USERS]
    assert users.collections == ()
    assert content_of(oplog.read_oplog())[0] == 1136


def test_views_dumped_with_their_documents_are_collections(tmp_path: Path) -> None:
    dump = open_directory(unpack("views_as_collections", tmp_path))

    counts = {c.namespace.collection: content_of(dump.read(c))[0] for c in dump.collections}

    assert counts == {"view_broken": 0, "view_collated": 3, "view_on_view": 3, "view_simple": 20}
    assert {c.kind for c in dump.collections} == {ForeignKind.COLLECTION}
    assert {c.metadata.kind for c in dump.collections if c.metadata} == {"view"}


@pytest.mark.parametrize(("name", "documents"), [("query", 10), ("single_collection", 2500)])
def test_dumps_of_one_collection_are_read(name: str, documents: int, tmp_path: Path) -> None:
    dump = open_directory(unpack(name, tmp_path))

    (only,) = dump.collections

    assert content_of(dump.read(only))[0] == documents
    assert dump.server_version == "6.0.5"


def test_the_oplog_beside_the_databases_is_found(tmp_path: Path) -> None:
    directory = open_directory(unpack("oplog_full", tmp_path))
    with open_archive(ARCHIVES / "oplog_full.archive.gz") as archive:
        assert content_of(archive.read_oplog())[0] == 697
        assert archive.oplog is not None
        assert archive.oplog.documents == 697
    assert content_of(directory.read_oplog())[0] == 576
    assert [str(c.namespace) for c in directory.collections] == [
        "bank.accounts",
        "bank.items",
        "bank.journal",
        "bank_quiet.c",
    ]


def test_a_packed_oplog_without_the_packed_name_is_unpacked(tmp_path: Path) -> None:
    pit = unpack("pit", tmp_path)

    base, piece = open_directory(pit / "base"), open_directory(pit / "slice")

    assert (pit / "base" / "oplog.bson").read_bytes()[:2] == b"\x1f\x8b"
    assert content_of(base.read_oplog())[0] == 148
    assert content_of(piece.read_oplog())[0] == 1136
    assert piece.collections == ()


@pytest.mark.parametrize("name", [name for name, case in CASES if case["is_good"]])
def test_archives_that_mongorestore_takes_are_read(name: str) -> None:
    with open_archive(GOLDEN / "archive_cases" / f"{name}.archive") as dump:
        counts = {c.namespace.collection: content_of(dump.read(c))[0] for c in dump.collections}

    assert counts == EXPECTED["archive_cases"][name]["documents"]


@pytest.mark.parametrize("name", [name for name, case in CASES if not case["is_good"]])
def test_archives_that_mongorestore_refuses_are_refused_before_use(name: str) -> None:
    path = GOLDEN / "archive_cases" / f"{name}.archive"

    with pytest.raises(MalformedDumpError) as caught:
        open_archive(path)

    assert caught.value.details["file"] == str(path)
    assert isinstance(caught.value.details["offset"], int)
    assert caught.value.details["offset"] <= path.stat().st_size


def test_there_are_cases_of_both_kinds() -> None:
    assert len(CASES) == 29
    assert {case["is_good"] for _, case in CASES} == {True, False}


def test_what_is_opened_is_recognised(plain: Path) -> None:
    for path in (plain, ARCHIVES / "full.archive", ARCHIVES / "full.archive.gz"):
        with open_dump(path) as dump:
            assert len(dump.collections) == len(expected_contents("nasty"))
    assert len(open_dump(plain / "nasty_bulk" / "items.bson").collections) == 1


def test_many_threads_read_one_archive_at_the_same_time() -> None:
    with open_archive(ARCHIVES / "full.archive.gz") as dump, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda c: (c.namespace, content_of(dump.read(c))), dump.collections))

    wanted = expected_contents("nasty")
    assert found == [(namespace, wanted[namespace][1]) for namespace, _ in found]


def test_an_archive_is_read_from_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for name in ("full.archive", "full.archive.gz"):
        data = (ARCHIVES / name).read_bytes()
        feeder = threading.Thread(target=pipe.write_bytes, args=(data,))
        feeder.start()
        with open_archive(pipe) as dump:
            feeder.join()
            assert contents(dump) == expected_contents("nasty")


def test_gzip_of_several_members_is_one_archive(tmp_path: Path) -> None:
    data = (ARCHIVES / "full.archive").read_bytes()
    middle = len(data) // 2
    path = tmp_path / "two.gz"
    path.write_bytes(gzip.compress(data[:middle]) + gzip.compress(data[middle:]))

    with open_archive(path) as dump:
        assert contents(dump) == expected_contents("nasty")


def test_nothing_of_an_unpacked_archive_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with open_archive(ARCHIVES / "full.archive.gz") as dump:
        while_open = [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]
        assert dump.collections
    with pytest.raises(MalformedDumpError):
        open_archive(GOLDEN / "archive_cases" / "bad_crc.archive")

    assert all(mode & 0o077 == 0 for mode in while_open)
    assert list(tmp_path.iterdir()) == []


def test_mixed_plain_and_packed_files_are_all_read(tmp_path: Path) -> None:
    dump = unpack("plain", tmp_path)
    for number, path in enumerate(sorted(dump.rglob("*.bson"))):
        if number % 2:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
        elif number % 3 == 0:
            path.write_bytes(gzip.compress(path.read_bytes()))

    assert contents(open_directory(dump)) == expected_contents("nasty")


def make_dump(folder: Path, **files: bytes) -> Path:
    """Write files; ``__`` in a name stands for a slash, ``_dot_`` for a dot."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


DOCUMENT = bson.encode({"_id": 1})
BASIC = b'{"indexes":[],"collectionName":"c","type":"collection"}'


def test_metadata_without_data_and_data_without_metadata(tmp_path: Path) -> None:
    root = make_dump(
        tmp_path / "d",
        db__only_dot_metadata_dot_json=BASIC,
        db__bare_dot_bson=DOCUMENT,
        db__old_dot_bin=DOCUMENT * 2,
        db__zero_dot_metadata_dot_json=b"",
        db__zero_dot_bson=DOCUMENT,
    )

    dump = open_directory(root)

    assert {
        c.namespace.collection: (c.metadata is None, content_of(dump.read(c))[0])
        for c in dump.collections
    } == {"only": (False, 0), "bare": (True, 1), "old": (True, 2), "zero": (True, 1)}
    assert dump.server_version is None


def test_buckets_with_a_shortened_name_find_their_time_series(tmp_path: Path) -> None:
    name = "m/" + "x" * 230
    stem = dump_file_stem("system.buckets." + name)
    options = {"timeseries": {"timeField": "t"}}
    text = json.dumps({"options": options, "indexes": [], "collectionName": name})
    root = tmp_path / "d"
    (root / "db").mkdir(parents=True)
    (root / "db" / f"{stem}.bson").write_bytes(DOCUMENT)
    (root / "db" / f"{dump_file_stem(name)}.metadata.json").write_text(text)

    dump = open_directory(root)

    (only,) = dump.collections
    assert len(stem) == 238
    assert (only.namespace, only.kind) == (Namespace("db", name), ForeignKind.TIMESERIES)
    assert content_of(dump.read(only))[0] == 1
    (single,) = open_directory(root / "db" / f"{stem}.bson").collections
    assert single.namespace == only.namespace


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("system.buckets.lost.bson", "metadata file is missing"),
        (f"{'a' * 208}%24{'b' * 27}.bson", "shortened name"),
        ("view.bson", "describes a view"),
    ],
)
def test_data_that_cannot_be_restored_is_told(tmp_path: Path, file: str, reason: str) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT)
    (root / "db" / file).write_bytes(DOCUMENT)
    view = '{"options":{"viewOn":"c","pipeline":[]},"indexes":[]}'
    (root / "db" / "view.metadata.json").write_text(view)

    dump = open_directory(root)

    (note,) = dump.notes
    assert (note.what, note.holds_data) == (f"db/{file}", True)
    assert reason in note.reason
    assert {c.namespace.collection for c in dump.collections} == {"c", "view"}


@pytest.mark.parametrize("name", ["system.users", "system.keys", "system.indexes", "system.x"])
def test_collections_of_the_server_itself_are_told_and_not_offered(
    tmp_path: Path, name: str
) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT)
    (root / "db" / f"{name}.bson").write_bytes(DOCUMENT)

    dump = open_directory(root)

    assert [c.namespace.collection for c in dump.collections] == ["c"]
    assert [note.what for note in dump.notes] == [f"db/{name}.bson"]


def test_files_that_are_no_part_of_a_dump_are_told(tmp_path: Path) -> None:
    root = make_dump(
        tmp_path / "d",
        db__c_dot_bson=DOCUMENT,
        db__readme_dot_txt=b"x",
        db__inner__x_dot_bson=b"x",
        db__system_dot_profile_dot_bson=DOCUMENT,
        readme_dot_txt=b"x",
    )
    os.mkfifo(root / "db" / "pipe.bson")

    dump = open_directory(root)

    assert {note.what for note in dump.notes} == {
        "db/readme.txt",
        "db/inner",
        "db/pipe.bson",
        "db/system.profile.bson",
        "readme.txt",
    }
    assert not any(note.holds_data for note in dump.notes)


@pytest.mark.parametrize(
    "name",
    ["50%.bson", "%zz.bson", "%ff.bson", "%00.bson", ".bson", "a%2.metadata.json"],
)
def test_file_names_with_broken_escapes_are_refused(tmp_path: Path, name: str) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT)
    (root / "db" / name).write_bytes(b"")

    with pytest.raises(MalformedDumpError) as caught:
        open_directory(root)

    assert caught.value.details["file"] == f"db/{name}"


@pytest.mark.parametrize("name", ["a b", "a.b", "a$b", 'a"b', "x" * 64, "a\\b"])
def test_folders_that_no_database_can_be_called_are_refused(tmp_path: Path, name: str) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT)
    (root / name).mkdir()

    with pytest.raises(MalformedDumpError):
        open_directory(root)


def test_links_are_followed_inside_the_dump_and_nowhere_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret.bson"
    secret.write_bytes(DOCUMENT)
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT)
    (root / "db" / "again.bson").symlink_to("c.bson")

    assert len(open_directory(root).collections) == 2

    for target in (secret, tmp_path, tmp_path / "nowhere"):
        link = root / "db" / "out.bson"
        link.symlink_to(target)
        with pytest.raises(MalformedDumpError, match="symbolic link"):
            open_directory(root)
        link.unlink()
    (root / "other").symlink_to(tmp_path)
    with pytest.raises(MalformedDumpError, match="symbolic link"):
        open_directory(root)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("c.bson", "c.bson.gz"),
        ("c.bson", "c.bin"),
        ("a+b.bson", "a%20b.bson"),
        ("c.metadata.json", "c.metadata.json.gz"),
        ("a+b.metadata.json", "a%20b.metadata.json"),
    ],
)
def test_two_files_for_one_collection_are_refused(tmp_path: Path, one: str, other: str) -> None:
    root = make_dump(tmp_path / "d", db__z_dot_bson=DOCUMENT)
    for name in (one, other):
        (root / "db" / name).write_bytes(b"")

    with pytest.raises(MalformedDumpError, match="hold the same thing"):
        open_directory(root)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"{} {}",
        b'{"uuid":"x"}',
        b"\xff",
        b" " * (16 << 20) + b"{}",
        b"[" * 100_000,
        b'{"a":[' + b"1," * 4_000_000 + b"1]}",
    ],
    ids=["open", "array", "two", "uuid", "not utf-8", "too long", "deep", "many values"],
)
def test_broken_metadata_are_refused_with_their_file(tmp_path: Path, content: bytes) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_metadata_dot_json=content)

    with pytest.raises(MalformedDumpError) as caught:
        open_directory(root)

    assert caught.value.details["file"] == "db/c.metadata.json"


def test_metadata_that_unpack_to_too_much_are_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    root = make_dump(tmp_path / "d", db__c_dot_metadata_dot_json_dot_gz=bomb)

    with pytest.raises(MalformedDumpError, match="longer than"):
        open_directory(root)


def test_metadata_of_another_collection_than_the_shortened_name_says_are_refused(
    tmp_path: Path,
) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT)
    (root / "db" / f"{dump_file_stem('y' * 250)}.metadata.json").write_bytes(BASIC)

    with pytest.raises(MalformedDumpError, match="another collection"):
        open_directory(root)


def test_damaged_documents_are_named_by_file_and_byte(tmp_path: Path) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT * 3 + b"\x10\0\0")
    dump = open_directory(root)

    with pytest.raises(MalformedDumpError) as caught:
        content_of(dump.read(dump.collections[0]))

    assert caught.value.details == {"file": "db/c.bson", "offset": 3 * len(DOCUMENT)}


def test_a_file_that_is_replaced_after_opening_is_noticed(tmp_path: Path) -> None:
    root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT)
    dump = open_directory(root)
    make_dump(root, db__c_dot_bson=DOCUMENT * 2)

    with pytest.raises(MalformedDumpError, match="was changed"):
        content_of(dump.read(dump.collections[0]))


def test_an_archive_that_is_changed_after_opening_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    data = bytearray((ARCHIVES / "full.archive").read_bytes())
    path.write_bytes(data)

    with open_archive(path) as dump:
        data[-5000:] = bytes(5000)
        path.write_bytes(data)
        with pytest.raises(MalformedDumpError, match="was changed"):
            contents(dump)


def test_a_document_whose_length_looks_like_gzip_is_bson(tmp_path: Path) -> None:
    document = bson.encode({"a": b"x" * (0x088B1F - 13)})
    root = make_dump(tmp_path / "d", db__c_dot_bson=document + DOCUMENT)
    dump = open_directory(root)

    assert document[:3] == b"\x1f\x8b\x08"
    assert content_of(dump.read(dump.collections[0]))[0] == 2


def test_paths_without_a_dump_are_refused(tmp_path: Path, plain: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    both = make_dump(tmp_path / "both", c_dot_bson=DOCUMENT, db__c_dot_bson=DOCUMENT)

    for path, database in (
        (tmp_path / "missing", None),
        (tmp_path / "notes.txt", None),
        (plain.parent, None),
        (plain, "nope"),
        (plain / "nasty_opts", "not a name"),
        (both, None),
        (ARCHIVES / "full.archive", "nope"),
    ):
        with pytest.raises(UnusableDumpError):
            open_dump(path, database)


def test_preludes_that_say_nothing_are_refused(tmp_path: Path) -> None:
    no_versions = (b"six", b"6.0", b"9" * 5000 + b".0.1", "6.٣.1".encode(), b"6.0.5\\u001b[31m")
    texts = (b"", b"[]", b"{}", b'{"ServerVersion":6}', b"[" * 50_000, b" " * (65 << 10))
    for content in (*texts, *(b'{"ServerVersion":"%b"}' % version for version in no_versions)):
        root = make_dump(tmp_path / "d", db__c_dot_bson=DOCUMENT, prelude_dot_json=content)
        with pytest.raises(MalformedDumpError):
            open_directory(root)


def test_two_oplogs_of_a_server_are_refused_and_a_worse_one_is_told(tmp_path: Path) -> None:
    root = make_dump(tmp_path / "d", local__oplog_dot_rs_dot_bson=DOCUMENT)
    assert content_of(open_directory(root).read_oplog())[0] == 1

    make_dump(root, oplog_dot_bson=DOCUMENT * 2)
    better = open_directory(root)
    assert content_of(better.read_oplog())[0] == 2
    assert [note.what for note in better.notes] == ["local/oplog.rs.bson"]

    (root / "local" / "oplog.%24main.bson").write_bytes(DOCUMENT)
    with pytest.raises(UnusableDumpError, match="two oplogs"):
        open_directory(root)


def test_an_empty_dump_is_whole(tmp_path: Path) -> None:
    root = make_dump(tmp_path / "d", prelude_dot_json=b'{"ServerVersion":"6.0.5"}')

    dump = open_directory(root)

    assert (dump.collections, dump.server_version, dump.tool_version) == ((), "6.0.5", None)
    assert content_of(dump.read_oplog()) == (0, EMPTY_HASH)
