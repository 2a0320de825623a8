"""Dumps of the real mongodump enter, are restored on a real server, and leave again."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from fakes.workstation import WAIT_S, Workstation, workstation
from format.mongodump_golden import ARCHIVES, EMPTY_HASH, EXPECTED, contents, unpack
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.accounts import PlainCredentials, UsersAndRoles
from mangrove.core.backup import OnExisting, Rename, RestoreRequest, Selection
from mangrove.core.copy import DumpRestoreRequest
from mangrove.core.dump import STANDARD_OUTPUT, DumpForm, DumpPacking, ExportRequest, ImportRequest
from mangrove.core.errors import InvalidSelectionError, UnusableDumpError
from mangrove.core.run import RunId, RunState, RunStatus
from mangrove.core.verification import Level, VerifyRequest
from mangrove.engine.mongodump.foreign import ForeignDump
from mangrove.engine.mongodump.opening import open_dump

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
NASTY = ("nasty_bulk", "nasty_empty", "nasty_opts")
IN_PLACE = tuple(Rename(name, name) for name in EXPECTED["nasty"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workstation]:
    with workstation(tmp_path) as desk:
        desk.add_vault()
        yield desk


def ended(desk: Workstation, run_id: RunId) -> RunStatus:
    status = desk.services.activity.wait(run_id, WAIT_S)
    assert status.state is RunState.SUCCEEDED, (
        status.problem,
        status.result and status.result.losses,
    )
    return status


def imported(desk: Workstation, path: Path) -> RunStatus:
    return ended(desk, desk.services.dumps.start_import(ImportRequest(str(path), "attic")))


def specials(dump: ForeignDump) -> dict[tuple[str, str], bytes]:
    """Return the documents of users, roles and their version, by database and name."""
    return {
        (s.database, s.name.value): b"".join(dump.read_special(s)) for s in dump.users_and_roles
    }


def server_hashes(client: MongoClient[Any], database: str) -> dict[str, tuple[int, str]]:
    """Return count and content hash of each collection, as the fixtures' README defines it."""
    found = {}
    for entry in client[database].list_collections():
        name, kind = entry["name"], entry["type"]
        if kind == "view" or name.startswith("system."):
            continue
        source = f"system.buckets.{name}" if kind == "timeseries" else name
        documents = sorted(_raw(client, database, source), key=lambda d: d[4:])
        found[name] = (len(documents), hashlib.sha256(b"".join(documents)).hexdigest())
    return found


def _raw(client: MongoClient[Any], database: str, name: str) -> Iterator[bytes]:
    options = client.codec_options.with_options(document_class=RawBSONDocument)
    reply = client[database].command("find", name, batchSize=10_000, codec_options=options)
    yield from (bytes(document.raw) for document in reply["cursor"]["firstBatch"])


def expected_hashes(database: str) -> dict[str, tuple[int, str]]:
    return {
        name: (entry["documents"], entry["sha256"] or EMPTY_HASH)
        for name, entry in EXPECTED["nasty"][database].items()
        if entry["type"] != "view" and not name.startswith("system.")
    }


@pytest.mark.parametrize("form", ["directory", "archive"])
def test_a_foreign_dump_is_restored_to_what_the_server_held(
    desk: Workstation, fresh_replica_set: EmbeddedMongod, tmp_path: Path, form: str
) -> None:
    path = unpack("plain", tmp_path) if form == "directory" else ARCHIVES / "full.archive.gz"
    desk.add_profile(fresh_replica_set.uri)
    request = DumpRestoreRequest(str(path), RestoreRequest("", "shop", renames=IN_PLACE))

    status = ended(desk, desk.services.copies.start_dump(request))

    assert status.result is not None
    assert status.result.losses == ()
    with MongoClient[Any](fresh_replica_set.uri) as client:
        for database in NASTY:
            assert server_hashes(client, database) == expected_hashes(database)


def test_an_imported_dump_is_a_backup_with_every_guarantee(
    desk: Workstation, tmp_path: Path
) -> None:
    status = imported(desk, unpack("gzip", tmp_path))

    assert status.backup is not None
    run_id = desk.services.verifications.start(VerifyRequest(status.backup, Level.RESTORED))
    verified = ended(desk, run_id)
    assert verified.result is not None
    assert verified.result.losses == ()
    left_out = {n.what for n in desk.services.backups.explain(status.backup).manifest.not_included}
    assert "admin.system.users" in left_out


@pytest.mark.parametrize("form", DumpForm)
@pytest.mark.parametrize("packing", DumpPacking)
def test_what_was_imported_leaves_as_it_came(
    desk: Workstation, tmp_path: Path, form: DumpForm, packing: DumpPacking
) -> None:
    came = unpack("plain", tmp_path)
    backup = imported(desk, came).backup
    assert backup is not None
    target = tmp_path / "out"

    request = ExportRequest(backup, str(target), form, packing)
    ended(desk, desk.services.dumps.start_export(request))

    with open_dump(came) as before, open_dump(target) as after:
        assert contents(after) == contents(before)
        assert {c.namespace: c.metadata for c in after.collections} == {
            c.namespace: c.metadata for c in before.collections
        }


@pytest.mark.parametrize("packing", DumpPacking)
def test_an_archive_goes_to_another_program_as_it_comes(
    desk: Workstation,
    tmp_path: Path,
    packing: DumpPacking,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    backup = imported(desk, ARCHIVES / "sequential.archive").backup
    assert backup is not None
    capfdbinary.readouterr()

    request = ExportRequest(backup, STANDARD_OUTPUT, DumpForm.ARCHIVE, packing)
    ended(desk, desk.services.dumps.start_export(request))

    came = tmp_path / "came"
    came.write_bytes(capfdbinary.readouterr().out)
    with open_dump(ARCHIVES / "sequential.archive") as before, open_dump(came) as after:
        assert contents(after) == contents(before)
    with pytest.raises(UnusableDumpError, match="exists already"):
        desk.services.dumps.start_export(ExportRequest(backup, STANDARD_OUTPUT))


WITH_USERS = UsersAndRoles.INCLUDE
USERS = {"admin.nasty_root", "nasty_opts.user_plain", "nasty_opts.usér/with%odd"}
ROLES = {"admin.nasty_adminrole", "nasty_opts.role_inherits", "nasty_opts.role_rw"}


def accounts_of(client: MongoClient[Any]) -> tuple[set[str], set[str]]:
    users, roles = (client["admin"][f"system.{kind}"].find() for kind in ("users", "roles"))
    return {d["_id"] for d in users}, {d["_id"] for d in roles}


@pytest.mark.parametrize("name", ["plain", "full.archive"])
def test_users_and_roles_of_a_dump_come_along_when_asked_for(
    desk: Workstation, fresh_replica_set: EmbeddedMongod, tmp_path: Path, name: str
) -> None:
    path = unpack("plain", tmp_path) if name == "plain" else ARCHIVES / "full.archive"
    desk.add_profile(fresh_replica_set.uri)
    restore = RestoreRequest("", "shop", on_existing=OnExisting.DROP, users_and_roles=WITH_USERS)
    request = DumpRestoreRequest(str(path), restore)

    plan = desk.services.copies.preview_dump(request)
    status = ended(desk, desk.services.copies.start_dump(request))

    assert plan.accounts is not None
    assert {f"{a.database}.{a.name}" for a in plan.accounts.added} == USERS | ROLES
    assert status.result is not None
    assert dict(status.result.figures)["users_added"] == len(USERS)
    with MongoClient[Any](fresh_replica_set.uri) as client:
        assert accounts_of(client) == (USERS, ROLES)


def test_users_of_one_database_come_with_it_and_nobody_else(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    desk.add_profile(fresh_replica_set.uri)
    path = str(ARCHIVES / "db_users.archive")
    plain = RestoreRequest("", "shop", on_existing=OnExisting.DROP)
    copies = desk.services.copies

    ended(desk, copies.start_dump(DumpRestoreRequest(path, plain)))
    with MongoClient[Any](fresh_replica_set.uri) as client:
        assert accounts_of(client) == (set(), set())
        client.drop_database("nasty_opts")
        asked = replace(plain, users_and_roles=WITH_USERS)
        ended(desk, copies.start_dump(DumpRestoreRequest(path, asked)))
        users, roles = accounts_of(client)

    assert users == {name for name in USERS if name.startswith("nasty_opts")}
    assert roles == {name for name in ROLES if name.startswith("nasty_opts")}
    moved = replace(asked, renames=(Rename("nasty_opts", "other"),))
    with pytest.raises(InvalidSelectionError, match="cannot go along"):
        copies.preview_dump(DumpRestoreRequest(path, moved))


@pytest.mark.parametrize("source", ["plain", "db_users.archive"])
@pytest.mark.parametrize("form", DumpForm)
def test_users_and_roles_enter_and_leave_as_they_came(
    desk: Workstation, tmp_path: Path, source: str, form: DumpForm
) -> None:
    came = unpack("plain", tmp_path) if source == "plain" else ARCHIVES / source
    asked = ImportRequest(str(came), "attic", users_and_roles=WITH_USERS)
    backup = ended(desk, desk.services.dumps.start_import(asked)).backup
    assert backup is not None
    target = tmp_path / "out"

    request = ExportRequest(backup, str(target), form, users_and_roles=WITH_USERS)
    status = ended(desk, desk.services.dumps.start_export(request))

    held = desk.services.backups.explain(backup).manifest.users_and_roles
    assert held is not None
    assert held.databases == (() if source == "plain" else ("nasty_opts",))
    assert status.result is not None
    assert "password hashes" in status.result.warnings[0]
    with open_dump(came) as before, open_dump(target) as after:
        assert specials(after) == specials(before)
        assert contents(after) == contents(before)


def test_users_go_nowhere_unasked_and_with_a_part_only_its_own(
    desk: Workstation, tmp_path: Path
) -> None:
    asked = ImportRequest(str(unpack("plain", tmp_path)), "attic", users_and_roles=WITH_USERS)
    backup = ended(desk, desk.services.dumps.start_import(asked)).backup
    assert backup is not None
    dumps, target, part = desk.services.dumps, tmp_path / "out", tmp_path / "part"
    of_part = ExportRequest(
        backup, str(part), include=("nasty_opts.*",), users_and_roles=WITH_USERS
    )

    ended(desk, dumps.start_export(of_part))
    ended(desk, dumps.start_export(ExportRequest(backup, str(target))))

    assert not (target / "admin").exists()
    with open_dump(tmp_path / "plain") as whole, open_dump(part) as opened:
        own = {name: bson.decode_all(found) for name, found in specials(opened).items()}
        everybody = {name: bson.decode_all(found) for name, found in specials(whole).items()}
    assert {database for database, _ in own} == {"nasty_opts"}
    for name in ("system.users", "system.roles"):
        wanted = [a for a in everybody["", name] if a["db"] == "nasty_opts"]
        assert own["nasty_opts", name] == wanted
    assert own["nasty_opts", "system.users"]


def test_hashes_of_a_dump_enter_an_open_vault_only_on_a_clear_word(
    desk: Workstation, tmp_path: Path
) -> None:
    desk.add_vault((tmp_path / "open").as_uri(), "open", encrypted=False)
    asked = ImportRequest(str(ARCHIVES / "db_users.archive"), "open", users_and_roles=WITH_USERS)
    dumps = desk.services.dumps

    refused = desk.services.activity.wait(dumps.start_import(asked), WAIT_S)
    allowed = replace(asked, plain_credentials=PlainCredentials.ALLOW)

    assert refused.problem is not None
    assert refused.problem.code == "confirmation-missing"
    ended(desk, dumps.start_import(allowed))


def _with_length(document: bytes, before: bytes, length: int) -> bytes:
    at = document.index(before) + len(before)
    return document[:at] + length.to_bytes(4, "little", signed=True) + document[at + 4 :]


def _nested(depth: int) -> bytes:
    inner = bson.encode({})
    for _ in range(depth):
        body = b"\x03a\0" + inner + b"\0"
        inner = (len(body) + 4).to_bytes(4, "little") + body
    body = b"\x10_id\0\x63\0\0\0\x03d\0" + inner + b"\0"
    return (len(body) + 4).to_bytes(4, "little") + body


HOSTILE = {
    "negative": (_with_length(bson.encode({"_id": 7, "s": "a"}), b"\x02s\0", -1), "7"),
    "backwards": (_with_length(bson.encode({"s": "a", "n": 7}), b"\x02s\0", -7), ""),
    "id": (_with_length(bson.encode({"_id": "a"}), b"\x02_id\0", 2**31 - 1), ""),
    "timestamp": (
        _with_length(bson.encode({"t": bson.Timestamp(0, 0), "s": "a"}), b"\x02s\0", -9),
        "",
    ),
    "type": (bson.encode({"_id": 7, "n": 1}).replace(b"\x10n", b"\x40n"), "7"),
    "deep": (_nested(300), "99"),
}


def test_documents_that_are_no_bson_are_listed_and_cost_no_other(
    desk: Workstation, replica_set: EmbeddedMongod, tmp_path: Path, database_name: str
) -> None:
    folder = tmp_path / "dump" / database_name
    folder.mkdir(parents=True)
    good = b"".join(bson.encode({"_id": f"good {n}"}) for n in range(20))
    for name, (document, _) in HOSTILE.items():
        (folder / f"{name}.bson").write_bytes(good + document + good.replace(b"good", b"fine"))
    desk.add_profile(replica_set.uri)
    restore = RestoreRequest("", "shop", on_existing=OnExisting.DROP)

    run_id = desk.services.copies.start_dump(DumpRestoreRequest(str(folder.parent), restore))
    status = desk.services.activity.wait(run_id, WAIT_S)

    assert status.result is not None, status.problem
    losses = {loss.subject.rpartition(".")[2]: loss for loss in status.result.losses}
    assert losses.keys() == HOSTILE.keys()
    for name, (_, own_id) in HOSTILE.items():
        assert losses[name].count == 1
        assert own_id in losses[name].ids[0]
    with MongoClient[Any](replica_set.uri) as client:
        held = {name: client[database_name][name].estimated_document_count() for name in HOSTILE}
        client.drop_database(database_name)
    assert set(held.values()) == {40}


def test_options_that_no_dump_can_hold_come_back_and_are_named_in_an_export(
    desk: Workstation, replica_set: EmbeddedMongod, tmp_path: Path, database_name: str
) -> None:
    literal = {"$expr": {"$eq": ["$a", {"$literal": {"$oid": "0" * 24}}]}}
    with MongoClient[Any](replica_set.uri) as client:
        database, copy = client[database_name], client[f"{database_name}_copy"]
        database.command("create", "odd", validator=literal, validationAction="warn")
        database.command("create", "view", viewOn="odd", pipeline=[{"$match": literal}])
        desk.add_profile(replica_set.uri)
        backup = desk.backup(selection=Selection(databases=(database_name,))).backup
        assert backup is not None
        restored = desk.restore(backup, renames=(Rename(database_name, copy.name),))
        options = {e["name"]: e["options"] for e in copy.list_collections()}
        client.drop_database(copy)
        client.drop_database(database)

    run_id = desk.services.dumps.start_export(ExportRequest(backup, str(tmp_path / "out")))
    exported = desk.services.activity.wait(run_id, WAIT_S)

    assert restored.result is not None
    assert restored.result.losses == ()
    assert options["odd"]["validator"] == literal
    assert options["view"]["pipeline"] == [{"$match": literal}]
    assert exported.result is not None
    named = {loss.subject for loss in exported.result.losses}
    assert named == {f"{database_name}.odd", f"{database_name}.view"}
    with open_dump(tmp_path / "out") as dump:
        (found,) = dump.collections
        assert found.metadata is not None
        assert bson.decode(found.metadata.options) == {"validationAction": "warn"}


def test_an_export_over_something_is_refused(desk: Workstation, tmp_path: Path) -> None:
    backup = imported(desk, unpack("single_collection", tmp_path)).backup
    assert backup is not None
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "mine.txt").write_text("mine")

    with pytest.raises(UnusableDumpError, match="not touched"):
        desk.services.dumps.start_export(ExportRequest(backup, str(occupied)))

    assert [p.name for p in occupied.iterdir()] == ["mine.txt"]


def test_a_damaged_archive_is_refused_before_anything_is_written(
    desk: Workstation, fresh_replica_set: EmbeddedMongod, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.archive"
    content = bytearray((ARCHIVES / "full.archive").read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    desk.add_profile(fresh_replica_set.uri)
    request = DumpRestoreRequest(str(damaged), RestoreRequest("", "shop", renames=IN_PLACE))
    with MongoClient[Any](fresh_replica_set.uri) as client:
        before = set(client.list_database_names())

        status = desk.services.activity.wait(desk.services.copies.start_dump(request), WAIT_S)

        assert status.state is RunState.FAILED
        assert status.problem is not None
        assert not status.problem.is_bug
        assert set(client.list_database_names()) == before
