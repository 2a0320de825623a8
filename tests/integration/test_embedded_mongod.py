"""The embedded mongod starts, keeps its data, dies when it should, and explains itself."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from mangrove.connectors.embedded.mongod import EmbeddedMongod, find_mongod
from mangrove.core.errors import EmbeddedServerError
from servers.mongod import SOURCE_TREE, mongod_binary
from servers.process import is_alive, is_listening

pytestmark = [pytest.mark.mongod, pytest.mark.slow]

ORPHAN = """
import os, signal, sys
from pathlib import Path
from mangrove.connectors.embedded.mongod import EmbeddedMongod
server = EmbeddedMongod(Path(sys.argv[1]), Path(sys.argv[2]))
server.start()
print(server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedMongod]:
    with EmbeddedMongod(mongod_binary(), tmp_path / "server") as running:
        yield running


def insert(server: EmbeddedMongod, number: int) -> None:
    with MongoClient[dict[str, Any]](server.uri) as client:
        client.shop.get_collection("orders").insert_one({"_id": number})


def orders(server: EmbeddedMongod) -> list[int]:
    with MongoClient[dict[str, Any]](server.uri) as client:
        return [order["_id"] for order in client.shop.orders.find()]


def test_server_keeps_port_and_data_over_a_stop(server: EmbeddedMongod) -> None:
    port = server.port
    insert(server, 1)

    server.stop()
    was_reachable_when_stopped = is_listening(port)
    server.start()
    insert(server, 2)

    assert not was_reachable_when_stopped
    assert (server.port, orders(server)) == (port, [1, 2])


def test_server_is_the_primary_of_a_replica_set_with_an_oplog(server: EmbeddedMongod) -> None:
    with MongoClient[dict[str, Any]](server.uri) as client:
        hello = client.admin.command("hello")
        entry = client.local["oplog.rs"].find_one()

    assert (hello["setName"], hello["isWritablePrimary"]) == ("embedded", True)
    assert entry is not None


def test_killed_server_leaves_no_process_and_starts_again(server: EmbeddedMongod) -> None:
    with MongoClient[dict[str, Any]](server.uri, w=1, journal=True) as client:
        client.shop.orders.insert_one({"_id": 1})
    pid = server.pid
    assert pid is not None

    server.kill()
    was_alive = is_alive(pid)
    pid_when_killed = server.pid
    server.start()

    assert (was_alive, pid_when_killed) == (False, None)
    assert orders(server) == [1]


def test_two_servers_run_at_once(server: EmbeddedMongod) -> None:
    with EmbeddedMongod(mongod_binary()) as other:
        insert(server, 1)
        insert(other, 2)

        assert (orders(server), orders(other)) == ([1], [2])


def test_temporary_folder_goes_with_the_server_and_a_given_one_stays(tmp_path: Path) -> None:
    given = tmp_path / "given"

    with EmbeddedMongod(mongod_binary()) as temporary, EmbeddedMongod(mongod_binary(), given):
        folder = temporary.folder

    assert not folder.exists()
    assert (given / "data").is_dir()


def test_server_stops_when_its_owner_is_killed(tmp_path: Path) -> None:
    owner = subprocess.run(
        [sys.executable, "-c", ORPHAN, str(mongod_binary()), str(tmp_path / "server")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PYTHONPATH": str(SOURCE_TREE / "desktop")},
    )
    pid = int(owner.stdout)

    deadline = time.monotonic() + 60
    while is_alive(pid) and time.monotonic() < deadline:
        threading.Event().wait(0.02)

    assert owner.returncode == -signal.SIGKILL
    assert not is_alive(pid)


def test_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = EmbeddedMongod(mongod_binary(), tmp_path / "server")
    starter = threading.Thread(target=server.start)

    starter.start()
    starter.join()

    with server:
        insert(server, 1)
        assert orders(server) == [1]


def test_program_that_ends_at_once_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\necho no room for journal files\nexit 48\n")
    program.chmod(0o755)

    with (
        pytest.raises(EmbeddedServerError, match=r"status 48.*no room for journal files"),
        EmbeddedMongod(program),
    ):
        pass


def test_program_that_does_not_listen_is_ended_after_the_time_limit(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    server = EmbeddedMongod(program, tmp_path / "server", start_timeout_s=0.2)

    with pytest.raises(EmbeddedServerError, match=r"not ready within 0\.2 s"):
        server.start()

    assert server.pid is None


def test_file_that_is_no_program_is_reported(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_bytes(b"\x7fELF, but no more than that")
    program.chmod(0o755)

    with (
        pytest.raises(EmbeddedServerError, match="could not be run"),
        EmbeddedMongod(program),
    ):
        pass


def test_wrong_argument_is_reported_with_the_words_of_mongod(tmp_path: Path) -> None:
    server = EmbeddedMongod(mongod_binary(), tmp_path / "server", extra_args=["--no-such-thing"])

    with pytest.raises(EmbeddedServerError, match="no-such-thing"):
        server.start()


def test_finding_prefers_the_variable_then_the_folders_then_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = {}
    for name in ("variable", "folder", "path"):
        programs[name] = tmp_path / name / "mongod"
        programs[name].parent.mkdir()
        programs[name].touch(mode=0o755)
    monkeypatch.setenv("PATH", str(programs["path"].parent))
    monkeypatch.setenv("MANGROVE_MONGOD", str(programs["variable"]))
    folders = [tmp_path / "nowhere", programs["folder"].parent]

    by_variable = find_mongod(folders)
    monkeypatch.delenv("MANGROVE_MONGOD")

    assert by_variable == programs["variable"]
    assert find_mongod(folders) == programs["folder"]
    assert find_mongod() == programs["path"]


def test_finding_nothing_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MANGROVE_MONGOD", raising=False)

    with pytest.raises(EmbeddedServerError) as caught:
        find_mongod([tmp_path])

    assert "MANGROVE_MONGOD" in caught.value.hint


def test_variable_that_names_no_program_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANGROVE_MONGOD", str(tmp_path / "gone"))

    with pytest.raises(EmbeddedServerError, match="MANGROVE_MONGOD names"):
        find_mongod([mongod_binary().parent])
