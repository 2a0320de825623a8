"""What goes wrong in life goes wrong here, with real parts: what is said, and what is left."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.clock import FakeClock
from fakes.workstation import Workstation, content, fill, workstation
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.backup import BackupId, Consistency, Rename, SafetyBackup, Selection
from mangrove.core.errors import DamagedStateError, InvalidUriError
from mangrove.core.namespace import Namespace
from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.core.secret import Secret
from mangrove.core.vaults.vault import identity_ref
from mangrove.core.verification import Level, VerifyRequest
from mangrove.jobs import backup
from mangrove.jobs.restores import restore
from mangrove.jobs.verifications.verify import phases_of
from mangrove.services.profiles import ProfileDraft
from servers.mongod import GuardedServer, TlsServer
from servers.object_stores import rclone_binary
from servers.process import HOST, free_port, is_listening, running

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
SEGMENT = "big.0000.bson.zst.age"
MANIFEST, SIGNATURE = "manifest.json.age", "manifest.json.age.minisig"
QUICK = "serverSelectionTimeoutMS=1500"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workstation]:
    """An empty workstation with one vault."""
    with workstation(tmp_path) as opened:
        opened.add_vault()
        yield opened


@pytest.fixture
def client(replica_set: EmbeddedMongod) -> Iterator[MongoClient[Any]]:
    """A client that leaves the server as empty as it was."""
    with MongoClient[Any](replica_set.uri) as opened:
        before = set(opened.list_database_names())
        yield opened
        for name in set(opened.list_database_names()) - before:
            opened.drop_database(name)


@pytest.fixture
def shop(
    desk: Workstation, client: MongoClient[Any], replica_set: EmbeddedMongod, database_name: str
) -> str:
    """A database of 12 MB, a second collection and a profile; returns its name."""
    fill(client, database_name, 12)
    client[database_name]["small"].insert_many({"_id": n} for n in range(100))
    client[database_name]["big"].create_index("group")
    desk.add_profile(replica_set.uri)
    return database_name


def whole(database: str) -> Selection:
    return Selection(databases=(database,))


def backed_up(desk: Workstation, database: str) -> BackupId:
    status = desk.backup(selection=whole(database))
    assert status.state is RunState.SUCCEEDED, status.problem
    assert status.backup is not None
    return status.backup


def code_of(status: RunStatus) -> str:
    assert status.state is RunState.FAILED, status
    assert status.problem is not None
    assert not status.problem.is_bug, status.problem
    return status.problem.code


def assert_empty(desk: Workstation) -> None:
    assert [*desk.files()] == ["vault.json"]
    assert desk.services.backups.all() == ()
    assert desk.services.vaults.check("attic").debris == ()


# --- getting in --------------------------------------------------------------------------


def test_a_wrong_password_is_named_and_leaves_nothing(
    desk: Workstation, mongod_with_auth: GuardedServer
) -> None:
    uri = mongod_with_auth.uri.replace("mongodb://", "mongodb://root@") + "&authSource=admin"
    desk.add_profile(uri, password=mongod_with_auth.reader.password)

    status = desk.backup()

    assert code_of(status) == "authentication-failed"
    assert_empty(desk)


def test_an_unreachable_host_is_named_within_its_timeout(desk: Workstation) -> None:
    host = f"127.0.0.1:{free_port()}"
    desk.add_profile(f"mongodb://{host}/?serverSelectionTimeoutMS=500")

    status = desk.backup()

    assert code_of(status) == "server-unreachable"
    assert status.problem is not None
    assert host in status.problem.message
    assert status.started_at is not None
    assert status.ended_at is not None
    assert (status.ended_at - status.started_at).total_seconds() < 9  # ten where nothing is said
    assert_empty(desk)


def test_an_untrusted_certificate_is_refused(desk: Workstation, mongod_with_tls: TlsServer) -> None:
    uri = f"{mongod_with_tls.bare_uri}&tls=true&tlsCAFile={mongod_with_tls.stranger_ca_file}"
    desk.add_profile(f"{uri}&{QUICK}")

    assert code_of(desk.backup()) == "tls"
    assert_empty(desk)


def test_a_missing_privilege_is_named_before_anything_is_written(
    desk: Workstation, mongod_with_auth: GuardedServer
) -> None:
    desk.add_profile(mongod_with_auth.uri_for(mongod_with_auth.reader))

    status = desk.backup()

    assert code_of(status) == "missing-privilege"
    assert status.problem is not None
    assert "backup" in status.problem.hint
    assert_empty(desk)


def test_a_user_who_may_not_write_restores_nothing(
    desk: Workstation, mongod_with_auth: GuardedServer, database_name: str
) -> None:
    with MongoClient[Any](mongod_with_auth.uri_for(mongod_with_auth.root)) as root:
        root[database_name]["big"].insert_one({"_id": 1})
        desk.add_profile(mongod_with_auth.uri_for(mongod_with_auth.backup))
        taken = backed_up(desk, database_name)
        before = content(root)

        status = desk.restore(taken)

        assert code_of(status) == "missing-privilege"
        assert content(root) == before
        root.drop_database(database_name)


def test_a_malformed_uri_is_refused_and_not_stored(desk: Workstation) -> None:
    for text in ("mongodb://", "http://example.org", "mongodb://host:port:/", ""):
        with pytest.raises(InvalidUriError):
            desk.services.profiles.add(ProfileDraft("bad", text))
    assert desk.services.profiles.all() == ()


def test_a_damaged_state_file_is_never_guessed_at(tmp_path: Path) -> None:
    paths = app_paths({"MANGROVE_HOME": str(tmp_path)})
    paths.ensure()
    parts = Parts(SessionSecrets(), FakeClock())
    with open_services(paths, parts) as services:
        services.profiles.add(ProfileDraft("shop", "mongodb://localhost"))
    (state,) = [p for p in paths.state.iterdir() if p.suffix == ".sqlite"]
    damaged = b"this was a database once" * 100
    state.write_bytes(damaged)

    def open_again() -> None:
        with open_services(paths, parts):
            pytest.fail("it opened")

    with pytest.raises(DamagedStateError):
        open_again()

    assert state.read_bytes() == damaged


# --- storage -----------------------------------------------------------------------------


def test_a_full_disk_ends_the_backup_and_gives_the_space_back(
    tmp_path: Path,
    tiny_disk: Path,
    client: MongoClient[Any],
    replica_set: EmbeddedMongod,
    database_name: str,
) -> None:
    fill(client, database_name, 5)
    client[database_name]["small"].insert_one({"_id": 1})
    with workstation(tmp_path) as desk:
        desk.add_vault((tiny_disk / "vault").as_uri())
        desk.add_profile(replica_set.uri)

        status = desk.backup(selection=whole(database_name))

        assert code_of(status) == "storage-full"
        health = desk.services.vaults.check("attic")
        assert (health.backups, health.debris) == (0, ())
        assert health.free_bytes is not None
        assert health.free_bytes > 1_500_000


def test_a_bucket_that_goes_away_ends_the_backup(
    tmp_path: Path, client: MongoClient[Any], replica_set: EmbeddedMongod, database_name: str
) -> None:
    fill(client, database_name, 24)
    bucket = tmp_path / "buckets" / "attic"
    bucket.mkdir(parents=True)
    port = free_port()
    command = [rclone_binary(), "serve", "s3", str(bucket.parent), "--addr", f"{HOST}:{port}"]
    options = ["--auth-key", "AKTEST,secret-of-the-test", "--config", str(tmp_path / "conf")]
    with (
        running([*command, *options], lambda: is_listening(port), log=tmp_path / "log") as pid,
        workstation(tmp_path) as desk,
    ):
        url = f"s3://attic?endpoint=http://{HOST}:{port}&region=us-east-1"
        desk.add_vault(url, access_key="AKTEST", secret_key=Secret("secret-of-the-test"))
        desk.add_profile(replica_set.uri)
        killed = desk.at_phase(Phase.DUMP, lambda _: os.kill(pid, signal.SIGKILL), half_way=True)

        status = desk.backup(selection=whole(database_name))

        assert killed.is_set()
        assert code_of(status) == "storage-unavailable"
        assert desk.services.backups.all() == ()
    assert not [p for p in bucket.rglob("*") if p.name.endswith(SIGNATURE)]


# --- servers that die --------------------------------------------------------------------


def test_a_server_that_dies_half_way_through_a_dump_leaves_nothing(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    with MongoClient[Any](fresh_replica_set.uri) as client:
        fill(client, "shop", 40)
    desk.add_profile(f"{fresh_replica_set.uri}&{QUICK}")
    killed = desk.at_phase(Phase.DUMP, lambda _: fresh_replica_set.kill(), half_way=True)

    status = desk.backup(selection=whole("shop"))

    assert killed.is_set()
    assert code_of(status) in ("connection-lost", "server-unreachable")
    assert_empty(desk)


def test_a_server_that_dies_half_way_through_a_restore_keeps_the_old_data(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    with MongoClient[Any](fresh_replica_set.uri, w="majority", journal=True) as client:
        fill(client, "shop", 20)
        desk.add_profile(f"{fresh_replica_set.uri}&{QUICK}")
        taken = backed_up(desk, "shop")
        client["shop"]["big"].delete_many({"group": {"$gt": 0}})
        before = content(client)["shop"]["big"]
    killed = desk.at_phase(Phase.LOAD, lambda _: fresh_replica_set.kill(), half_way=True)

    status = desk.restore(taken, replace=("shop",), safety=SafetyBackup.SKIP)

    assert killed.is_set()
    assert code_of(status) in ("connection-lost", "server-unreachable")
    assert status.problem is not None
    assert "shop.mangrove_" in status.problem.message
    fresh_replica_set.start()
    with MongoClient[Any](fresh_replica_set.uri) as client:
        assert content(client)["shop"]["big"] == before


# --- cancel ------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [p for p in backup.PHASES if p is not Phase.CATALOG])
def test_a_cancelled_backup_leaves_the_vault_as_it_was(
    desk: Workstation, shop: str, phase: Phase
) -> None:
    before = desk.files()
    half_way = phase in (Phase.DUMP, Phase.REREAD)
    asked = desk.at_phase(phase, desk.cancel, half_way=half_way)

    status = desk.backup(selection=whole(shop))

    assert asked.is_set()
    assert status.state is RunState.CANCELLED
    assert desk.files() == before


@pytest.mark.parametrize("phase", restore.PHASES)
def test_a_cancelled_restore_leaves_the_target_as_it_was(
    desk: Workstation, shop: str, client: MongoClient[Any], phase: Phase
) -> None:
    taken = backed_up(desk, shop)
    client[shop]["big"].delete_many({"group": {"$gt": 2}})
    client[shop]["small"].drop()
    before = content(client)
    half_way = phase in (Phase.LOAD, Phase.COMPARE)
    asked = desk.at_phase(phase, desk.cancel, half_way=half_way)

    status = desk.restore(taken, replace=(shop,))

    assert asked.is_set()
    assert status.state is RunState.CANCELLED
    assert content(client) == before


@pytest.mark.parametrize("phase", phases_of(Level.RESTORED))
def test_a_cancelled_verification_leaves_vault_and_target_as_they_were(
    desk: Workstation, shop: str, client: MongoClient[Any], phase: Phase
) -> None:
    taken = backed_up(desk, shop)
    files, before = desk.files(), content(client)
    half_way = phase in (Phase.LOAD, Phase.COMPARE, Phase.DECODE)
    asked = desk.at_phase(phase, desk.cancel, half_way=half_way)

    status = desk.verify(VerifyRequest(taken, Level.RESTORED, "shop"))

    assert asked.is_set()
    assert status.state is RunState.CANCELLED
    assert (desk.files(), content(client)) == (files, before)


# --- damage ------------------------------------------------------------------------------


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


@pytest.mark.parametrize(
    ("ending", "damage", "code"),
    [
        (SEGMENT, flip, "blob-mismatch"),
        (SEGMENT, truncate, "blob-mismatch"),
        (SEGMENT, Path.unlink, "blob-mismatch"),
        (MANIFEST, flip, "signature-invalid"),
        (SIGNATURE, flip, "signature-invalid"),
    ],
)
def test_damage_is_found_and_never_restored(
    desk: Workstation,
    shop: str,
    client: MongoClient[Any],
    ending: str,
    damage: Callable[[Path], None],
    code: str,
) -> None:
    taken = backed_up(desk, shop)
    before = content(client)
    damage(desk.file(ending))

    verified = desk.verify(VerifyRequest(taken, Level.STORED))
    restored = desk.restore(taken)

    assert verified.state is RunState.SUCCEEDED_WITH_WARNINGS
    failed = desk.services.backups.find(taken).failed_evidence
    assert failed is not None
    assert code_of(restored) == code
    assert content(client) == before


def test_the_wrong_identity_opens_nothing_and_accuses_nobody(
    desk: Workstation, shop: str, client: MongoClient[Any], tmp_path: Path
) -> None:
    taken = backed_up(desk, shop)
    before = content(client)
    stranger = desk.add_vault((tmp_path / "other").as_uri(), "other")
    own = desk.services.vaults.find("attic")
    theirs = desk.secrets.fetch(identity_ref(stranger.vault_id))
    desk.secrets.store(identity_ref(own.vault_id), theirs)

    assert code_of(desk.restore(taken)) == "wrong-identity"
    assert code_of(desk.verify(VerifyRequest(taken, Level.DECODED))) == "wrong-identity"
    assert content(client) == before
    assert desk.services.backups.find(taken).evidence == ()


# --- targets and sources -----------------------------------------------------------------


def test_an_existing_target_is_refused_before_anything_is_written(
    desk: Workstation, shop: str, client: MongoClient[Any]
) -> None:
    taken = backed_up(desk, shop)
    before = content(client)

    status = desk.restore(taken, renames=(Rename(shop, shop),))

    assert code_of(status) == "target-not-empty"
    assert content(client) == before


@pytest.mark.parametrize("consistency", [Consistency.SNAPSHOT, Consistency.NONE])
@pytest.mark.parametrize("victim", ["small", "big"])
def test_a_collection_dropped_during_the_dump_is_a_loss_and_the_others_complete(
    desk: Workstation, shop: str, client: MongoClient[Any], consistency: Consistency, victim: str
) -> None:
    kept = "big" if victim == "small" else "small"
    dropped = desk.at_phase(Phase.DUMP, lambda _: client[shop].drop_collection(victim))

    status = desk.backup(selection=whole(shop), consistency=consistency)

    assert dropped.is_set()
    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS, status.problem
    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == [f"{shop}.{victim}"]
    assert not [name for name in desk.files() if f"/{victim}." in name]
    assert status.backup is not None
    explained = desk.services.backups.explain(status.backup)
    assert [e.namespace for e in explained.manifest.namespaces] == [Namespace(shop, kept)]
    assert f"{shop}.{victim}" in explained.text
    proven = desk.verify(VerifyRequest(status.backup, Level.DECODED))
    assert proven.state is RunState.SUCCEEDED


def test_a_source_is_never_written_to(
    desk: Workstation, shop: str, client: MongoClient[Any]
) -> None:
    before = client[shop].command("dbHash")["md5"]
    start = client["local"]["oplog.rs"].find_one(sort=[("$natural", -1)])
    assert start is not None

    taken = backed_up(desk, shop)
    for level in (Level.STORED, Level.DECODED, Level.RESTORED):
        status = desk.verify(VerifyRequest(taken, level))
        assert status.state is RunState.SUCCEEDED, status.problem

    # Every few minutes the server itself writes down who is connected, in config.system.sessions.
    by_others = {"$not": re.compile(r"^config\.")}
    written = client["local"]["oplog.rs"].find(
        {"ts": {"$gt": start["ts"]}, "op": {"$ne": "n"}, "ns": by_others}
    )
    assert [(entry["op"], entry["ns"]) for entry in written] == []
    assert client[shop].command("dbHash")["md5"] == before
