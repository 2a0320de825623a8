"""Two Mangroves at one prefix of a bucket: beside each other, in each other's way, taken over."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.clock import FakeClock
from fakes.workstation import Workstation, fill, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Selection
from mangrove.core.errors import VaultLockedError
from mangrove.core.run import RunState
from mangrove.core.secret import Secret
from mangrove.core.vaults.lock import LockMode
from servers.object_stores import ObjectStore

pytestmark = [pytest.mark.mongod, pytest.mark.slow, pytest.mark.storage]
PASSPHRASE = Secret("tide turns mangrove roots")
TESTS = Path(__file__).resolve().parents[1]
CHILD = """
import json, sys
from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.backup import BackupRequest, Selection
from mangrove.core.secret import Secret, SecretRef

home, database = sys.argv[1:]
secrets = SessionSecrets()
for name, value in json.loads(sys.stdin.readline()).items():
    secrets.store(SecretRef(name), Secret(value))
with open_services(app_paths({"MANGROVE_HOME": home}), Parts(secrets, SystemClock())) as services:
    request = BackupRequest("shop", "attic", Selection((database,)), limit_bytes_per_s=20_000)
    run = services.backups.start(request)
    while not services.activity.wait(run, 0.05).done_bytes:
        pass
    print("writing", flush=True)
    services.activity.wait(run)
"""


@contextmanager
def another(desk: Workstation, database: str) -> Iterator[subprocess.Popen[str]]:
    """A backup that takes very long, in a process with the state and keys of a workstation."""
    kept = {ref.name: secret.reveal() for ref, secret in desk.secrets._kept.items()}
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(desk.folder / "home"), database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent / "desktop")},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(kept) + "\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "writing"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_two_processes_write_beside_each_other_and_a_dead_one_is_taken_over(
    tmp_path: Path, replica_set: EmbeddedMongod, moto_s3: ObjectStore, database_name: str
) -> None:
    clock, selection = FakeClock(SystemClock().now()), Selection(databases=(database_name,))
    place = moto_s3.url.replace("?", "/team/mongo?")
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 1)
    with (
        workstation(tmp_path / "one") as one,
        workstation(tmp_path / "two", clock=clock) as two,
    ):
        secret = Secret(moto_s3.secret_key)
        one.add_vault(place, access_key=moto_s3.access_key, secret_key=secret)
        one.add_profile(replica_set.uri)
        kits = one.services.kits
        sealed = kits.make("attic", str(tmp_path / "kit"), PASSPHRASE, with_storage_key=True).sealed
        two.services.kits.open(two.services.kits.read(str(sealed), PASSPHRASE))

        with another(one, database_name) as process:
            beside = two.backup(selection=selection)
            assert beside.state is RunState.SUCCEEDED, beside
            (lock,) = two.services.vaults.locks("attic")
            assert (lock.mode, lock.owner.pid) == (LockMode.SHARED, process.pid)
            with pytest.raises(VaultLockedError, match="backup of shop") as alive:
                two.services.upkeep.repair("attic")
            assert not alive.value.details.get("stale")
            assert two.services.vaults.break_stale_locks("attic") == ()
            process.send_signal(signal.SIGKILL)
            process.wait()

        clock.advance(timedelta(minutes=31))
        with pytest.raises(VaultLockedError) as stale:
            two.services.upkeep.repair("attic")
        assert stale.value.details.get("stale")
        assert "--break-lock" in stale.value.hint
        (broken,) = two.services.vaults.break_stale_locks("attic")
        assert broken.owner == lock.owner
        mended = two.services.upkeep.repair("attic")

        assert mended.freed_bytes >= 0
        assert [r.backup for r in two.services.backups.all()] == [beside.backup]
        assert two.services.vaults.check("attic").debris == ()
        assert two.services.upkeep.inspect("attic").is_sound
