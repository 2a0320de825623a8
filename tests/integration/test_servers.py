"""Every server that tests rely on comes up, behaves as the real thing, and goes away."""

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import keyring
import obstore
import pytest
from keyring.errors import KeyringLocked
from obstore.exceptions import PermissionDeniedError
from obstore.store import S3Store
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from mangrove.connectors.embedded.mongod import EmbeddedMongod
from servers.keyring_service import SecretService
from servers.mongod import GuardedServer, ThreeNodes, TlsServer
from servers.object_stores import ObjectStore
from servers.process import HOST, free_port, is_alive, is_listening, running
from servers.xvfb import Display

pytestmark = pytest.mark.slow

STORE_FROM_CHILD = "import keyring; keyring.set_password('mangrove', 'child', 'from a child')"
SHOW_A_WINDOW = """
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
label = QLabel("hello", windowTitle="Mangrove test window")
label.show()
app.exec()
"""


@pytest.fixture(params=["rclone_s3", "moto_s3"])
def bucket(request: pytest.FixtureRequest) -> ObjectStore:
    store: ObjectStore = request.getfixturevalue(request.param)
    return store


def client_of(store: ObjectStore, secret_key: str | None = None) -> S3Store:
    return S3Store(
        store.bucket,
        endpoint=store.endpoint,
        access_key_id=store.access_key,
        secret_access_key=secret_key or store.secret_key,
        region=store.region,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )


@pytest.mark.mongod
def test_replica_set_and_standalone_take_writes(
    replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    set_names = []
    for server in (replica_set, standalone):
        with MongoClient[dict[str, Any]](server.uri) as client:
            client[database_name].things.insert_one({})
            set_names.append(client.admin.command("hello").get("setName"))

    assert set_names == ["embedded", None]


@pytest.mark.mongod
def test_fresh_replica_set_is_empty(fresh_replica_set: EmbeddedMongod) -> None:
    with MongoClient[dict[str, Any]](fresh_replica_set.uri) as client:
        assert set(client.list_database_names()) == {"admin", "config", "local"}


@pytest.mark.mongod
def test_three_nodes_elect_another_primary_when_theirs_dies(
    three_node_replica_set: ThreeNodes,
) -> None:
    first = three_node_replica_set.primary()

    first.kill()
    second = three_node_replica_set.primary()

    assert second is not first
    with MongoClient[dict[str, Any]](three_node_replica_set.uri) as client:
        client.shop.orders.insert_one({"_id": 1})


@pytest.mark.mongod
def test_access_control_keeps_each_user_to_his_role(mongod_with_auth: GuardedServer) -> None:
    backup = mongod_with_auth.uri_for(mongod_with_auth.backup)
    nobody = mongod_with_auth.uri

    with MongoClient[dict[str, Any]](backup) as client:
        entry = client.local["oplog.rs"].find_one()
        with pytest.raises(OperationFailure) as write_refused:
            client.shop.orders.insert_one({})
    with MongoClient[dict[str, Any]](nobody) as client, pytest.raises(OperationFailure) as unknown:
        client.list_database_names()

    assert entry is not None
    assert (write_refused.value.code, unknown.value.code) == (13, 13)


@pytest.mark.mongod
def test_passwords_do_not_show_in_a_representation(mongod_with_auth: GuardedServer) -> None:
    assert mongod_with_auth.root.password not in repr(mongod_with_auth)


@pytest.mark.mongod
def test_tls_server_answers_only_those_who_trust_its_authority(mongod_with_tls: TlsServer) -> None:
    def ping(patience_ms: int = 20_000, **tls: Any) -> float:
        uri = mongod_with_tls.bare_uri
        limit = {"serverSelectionTimeoutMS": patience_ms}
        with MongoClient[dict[str, Any]](uri, **limit, **tls) as client:
            return float(client.admin.command("ping")["ok"])

    ca_file, client_file = str(mongod_with_tls.ca_file), str(mongod_with_tls.client_file)

    assert ping(tls=True, tlsCAFile=ca_file) == 1
    assert ping(tls=True, tlsCAFile=ca_file, tlsCertificateKeyFile=client_file) == 1
    with pytest.raises(ServerSelectionTimeoutError, match="CERTIFICATE_VERIFY_FAILED"):
        ping(1500, tls=True, tlsCAFile=str(mongod_with_tls.stranger_ca_file))
    with pytest.raises(ServerSelectionTimeoutError):
        ping(300)


@pytest.mark.keyring
def test_keyring_keeps_a_secret_of_a_child_and_can_be_locked(secret_service: SecretService) -> None:
    subprocess.run([sys.executable, "-c", STORE_FROM_CHILD], check=True, timeout=120)
    kept = keyring.get_password("mangrove", "child")

    secret_service.lock()

    assert kept == "from a child"
    with pytest.raises(KeyringLocked):
        keyring.get_password("mangrove", "child")


@pytest.mark.storage
def test_object_store_keeps_what_is_put(bucket: ObjectStore) -> None:
    client = client_of(bucket)

    obstore.put(client, "folder/name", b"content")

    assert bytes(obstore.get(client, "folder/name").bytes()) == b"content"


@pytest.mark.storage
def test_rclone_refuses_wrong_keys(rclone_s3: ObjectStore) -> None:
    client = client_of(rclone_s3, secret_key="wrong")  # noqa: S106 - it is meant to be wrong

    with pytest.raises(PermissionDeniedError):
        obstore.put(client, "name", b"content")


def test_display_shows_a_window_and_takes_a_picture(x_display: Display, tmp_path: Path) -> None:
    def is_shown() -> bool:
        command = ["search", "--onlyvisible", "--name", "Mangrove test window"]
        try:
            return bool(x_display.xdotool(*command).strip())
        except subprocess.CalledProcessError:
            return False

    command = [sys.executable, "-c", SHOW_A_WINDOW]
    with running(command, is_shown, log=tmp_path / "log", env=x_display.env):
        picture = x_display.screenshot(tmp_path / "screen.png")

    assert picture.stat().st_size > 1000


def test_tiny_disk_is_soon_full(tiny_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left") as full:
        (tiny_disk / "blob").write_bytes(bytes(4 * 1024 * 1024))

    assert full.value.errno == errno.ENOSPC


def test_server_process_is_gone_after_its_block(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", HOST]

    with running(command, lambda: is_listening(port), log=tmp_path / "log") as pid:
        was_alive = is_alive(pid)

    assert (was_alive, is_alive(pid), is_listening(port)) == (True, False, False)


def test_server_that_does_not_come_up_shows_its_output(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"]

    with (
        pytest.raises(AssertionError, match="out of luck"),
        running(command, lambda: False, log=tmp_path / "log"),
    ):
        pass
