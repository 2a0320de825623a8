"""Dumps of the real mongodump enter, are restored on a real server, and leave again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from fakes.workstation import WAIT_S, Workstation, workstation
from format.mongodump_golden import ARCHIVES, EMPTY_HASH, EXPECTED, contents, unpack
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Rename, RestoreRequest
from mangrove.core.copy import DumpRestoreRequest
from mangrove.core.dump import DumpForm, DumpPacking, ExportRequest, ImportRequest
from mangrove.core.errors import UnusableDumpError
from mangrove.core.run import RunId, RunState, RunStatus
from mangrove.core.verification import Level, VerifyRequest
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
