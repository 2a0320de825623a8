"""Snapshots of a machine behind SSH: everything that runs there runs through a real sshd."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import Workstation
from integration.test_snapshots import (
    ENOUGH,
    Writer,
    at,
    delete,
    server_on,
    source_path,
    taken,
    verified,
)
from mangrove.connectors.ssh.host import SshHost, open_ssh_host
from mangrove.core.errors import SnapshotCommandError, TunnelError
from servers.loop_volumes import LoopVolume
from servers.sshd import Sshd

pytestmark = pytest.mark.mongod
__all__ = ["at", "source_path"]


@contextmanager
def machine(sshd: Sshd) -> Iterator[SshHost]:
    with open_ssh_host(sshd.spec, None) as host:
        yield host


def test_snapshot_is_taken_verified_and_deleted_over_ssh(
    btrfs_volume: LoopVolume, at: Workstation, sshd: Sshd
) -> None:
    with server_on(btrfs_volume) as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        at.add_profile(mongod.uri)
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            snapshot = taken(at, ssh=sshd.spec)
        assert snapshot.place == sshd.spec.address
        assert not client.admin.command("currentOp").get("fsyncLock")

        snapshot = verified(at, snapshot)
        assert snapshot.is_read_back
        delete(at, snapshot)
    assert list(Path(snapshot.parts[0].name).parent.iterdir()) == []


def test_command_ends_as_it_ended_there(sshd: Sshd) -> None:
    with machine(sshd) as host:
        ran = host.run(("sh", "-c", "echo out; echo 'it is; full' >&2; exit 3"), 30)

    assert (ran.status, ran.out, ran.last_words) == (3, "out\n", "it is; full")


def test_arguments_reach_the_machine_as_they_are(sshd: Sshd) -> None:
    odd = ["a b", "$(touch /x)", "'quoted'", "new\nline", ""]
    with machine(sshd) as host:
        ran = host.run(("printf", r"%s\0", *odd), 30)

    assert ran.out == "".join(f"{text}\0" for text in odd)


def test_command_that_hangs_is_given_up(sshd: Sshd) -> None:
    with machine(sshd) as host, pytest.raises(SnapshotCommandError, match="sleep did not end"):
        host.run(("sleep", "600"), 0.5)


def test_stream_is_whole_and_its_failure_is_told(sshd: Sshd, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)) * 20_000)
    with machine(sshd) as host:
        assert (
            b"".join(host.stream(("tail", "-c", "+11", "--", str(file))))
            == (file.read_bytes()[10:])
        )
        with pytest.raises(SnapshotCommandError, match="cat failed"):
            list(host.stream(("cat", str(tmp_path / "none"))))


def test_cut_connection_is_told_as_such(own_sshd: Sshd) -> None:
    with machine(own_sshd) as host:
        endless = host.stream(("cat", "/dev/zero"))
        next(endless)
        own_sshd.hang_up()
        with pytest.raises(TunnelError, match="broke"):
            sum(map(len, endless))
