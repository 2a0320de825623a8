"""What a proof promises (V1 to V5): on real servers, with the accidents that may happen to it."""

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import PROFILE, VAULT, Workstation, databases, fill, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import MONGOD_VARIABLE, EmbeddedMongod
from mangrove.core.backup import BackupId
from mangrove.core.jobs.job import JobKind
from mangrove.core.run import Phase, RunState
from mangrove.core.verification import Level, VerifyRequest
from mangrove.jobs.verifications import scratch
from mangrove.services.jobs import JobDraft
from servers.mongod import SOURCE_TREE, mongod_binary
from servers.process import is_alive

pytestmark = [pytest.mark.mongod, pytest.mark.slow]

KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1] + "/desktop", sys.argv[1] + "/tests"]
from fakes.workstation import workstation
from mangrove.core.run import Phase
from mangrove.core.verification import VerifyRequest
with workstation(Path(sys.argv[2])) as desk:
    desk.add_vault()
    desk.add_profile(sys.argv[3])
    backup = desk.backup().backup
    print(backup, flush=True)
    desk.at_phase(Phase.COMPARE, lambda _: os.kill(os.getpid(), signal.SIGKILL))
    desk.verify(VerifyRequest(backup, target=sys.argv[4]))
"""


@pytest.fixture
def desk(tmp_path: Path, fresh_replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.shop.orders.insert_many({"_id": n, "state": "new"} for n in range(200))
    with workstation(tmp_path, clock=SystemClock()) as opened:
        opened.add_vault()
        opened.add_profile(fresh_replica_set.uri)
        yield opened


def taken(desk: Workstation) -> BackupId:
    backup = desk.backup().backup
    assert backup is not None
    return backup


def test_v1_a_scratch_name_that_is_taken_is_refused_and_never_dropped(
    desk: Workstation, fresh_replica_set: EmbeddedMongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = taken(desk)
    monkeypatch.setattr(scratch.secrets, "token_hex", lambda n: "ab" * n)
    name = scratch.PREFIX + "ab" * 8
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client[name].precious.insert_one({"_id": "not ours"})

    status = desk.verify(VerifyRequest(backup, target=PROFILE))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "namespace-conflict"
    with MongoClient[Any](fresh_replica_set.uri) as client:
        assert client[name].precious.count_documents({}) == 1
    assert databases(fresh_replica_set) == {"shop", name}
    assert desk.services.backups.all()[0].evidence == ()


def test_v2_proving_an_old_backup_does_not_make_the_newest_one_proven(desk: Workstation) -> None:
    old, newest = taken(desk), taken(desk)

    desk.verify(VerifyRequest(old))

    records = {record.backup: record for record in desk.services.backups.all()}
    assert records[old].proven is not None
    assert records[newest].proven is None
    jobs = desk.services.jobs
    draft = JobDraft("proof", JobKind.VERIFY, VAULT, "sundays 05:00", "UTC", share_percent=0)
    jobs.add(draft)
    (run_id,) = jobs.run("proof").steps
    assert desk.services.activity.status(run_id).backup == newest


def test_v3_one_document_that_differs_is_found_though_all_counts_agree(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    backup = taken(desk)

    def change(_: object) -> None:
        with MongoClient[Any](fresh_replica_set.uri) as client:
            (copy,) = (n for n in client.list_database_names() if n.startswith(scratch.PREFIX))
            client[copy].orders.update_one({"_id": 7}, {"$set": {"state": "old"}})

    changed = desk.at_phase(Phase.COMPARE, change)
    status = desk.verify(VerifyRequest(backup, target=PROFILE))

    assert changed.is_set()
    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    (kept,) = desk.services.backups.explain(backup).evidence
    assert not kept.passed
    (finding,) = kept.findings
    assert "as many documents as the backup, but not the same ones" in finding.problem
    assert [n.documents for n in kept.namespaces] == [200]


def test_v4_a_scratch_server_without_room_is_an_error_and_no_bad_backup(
    desk: Workstation,
    fresh_replica_set: EmbeddedMongod,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with MongoClient[Any](fresh_replica_set.uri) as client:
        fill(client, "shop", 80)  # a fifth of the cache may be dirty, more must go to the disk
    backup = taken(desk)
    cramped = tmp_path / "mongod"  # no file of it may grow beyond 12 MB
    cramped.write_text(f'#!/bin/sh\nulimit -f 24576\nexec {mongod_binary()} "$@"\n')
    cramped.chmod(0o755)
    monkeypatch.setenv(MONGOD_VARIABLE, str(cramped))

    status = desk.verify(VerifyRequest(backup))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "embedded-server", status.problem
    assert "says nothing about the backup" in status.problem.message
    (record,) = desk.services.backups.all()
    assert record.evidence == ()
    assert record.failed_evidence is None


@pytest.mark.parametrize("phase", [Phase.LOAD, Phase.COMPARE])
def test_v5_a_cancelled_proof_drops_its_scratch_databases(
    desk: Workstation, fresh_replica_set: EmbeddedMongod, phase: Phase
) -> None:
    backup = taken(desk)
    asked = desk.at_phase(phase, desk.cancel)

    status = desk.verify(VerifyRequest(backup, target=PROFILE))

    assert asked.is_set()
    assert status.state is RunState.CANCELLED
    assert databases(fresh_replica_set) == {"shop"}
    assert desk.services.backups.all()[0].evidence == ()


def killed_in_a_proof(folder: Path, server: EmbeddedMongod, target: str) -> BackupId:
    arguments = [str(SOURCE_TREE), str(folder), server.uri, target]
    environment = os.environ | {"TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return BackupId(done.stdout.strip())


def test_v5_what_a_killed_proof_left_on_a_deployment_goes_with_the_next_one(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod
) -> None:
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.shop.orders.insert_many({"_id": n} for n in range(50))
    backup = killed_in_a_proof(tmp_path, fresh_replica_set, PROFILE)
    left = databases(fresh_replica_set) - {"shop"}
    assert len(left) == 1
    assert all(name.startswith(scratch.PREFIX) for name in left)
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client[scratch.PREFIX + secrets.token_hex(8)].mine.insert_one({"_id": 1})

    with workstation(tmp_path, clock=SystemClock()) as desk:
        # its keyring went with the killed process; what is checked here needs none
        desk.services.verifications.clean_up(PROFILE)

    after = databases(fresh_replica_set)
    assert not left & after
    assert len(after) == 2  # the shop, and what only looks like ours
    assert backup


def test_v5_a_killed_proof_leaves_no_server_and_no_documents_behind(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod
) -> None:
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.shop.orders.insert_many({"_id": n} for n in range(50))

    killed_in_a_proof(tmp_path, fresh_replica_set, "embedded")

    for _ in range(1500):
        if not any((tmp_path / "tmp").iterdir()):
            break
        threading.Event().wait(0.02)
    assert not list((tmp_path / "tmp").iterdir())
    assert fresh_replica_set.pid is not None
    assert is_alive(fresh_replica_set.pid)


def test_every_level_has_its_own_phases_and_each_is_gone_through(desk: Workstation) -> None:
    backup = taken(desk)

    for level in (Level.STORED, Level.DECODED, Level.RESTORED):
        seen: list[Phase] = []
        desk.services.activity.subscribe(
            lambda s, seen=seen: seen.append(s.phase) if s.phase else None
        )
        status = desk.verify(VerifyRequest(backup, level))
        gone_through = [p for p in dict.fromkeys(seen) if p in status.phases]
        assert gone_through == list(status.phases)
