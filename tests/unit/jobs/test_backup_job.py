from collections.abc import Callable

import bson
import pytest

from fakes.vaults import new_id
from mangrove.core.backup import BackupRequest, Compression, Consistency, Selection
from mangrove.core.backup_record import BackupState
from mangrove.core.errors import ConnectionLostError
from mangrove.core.manifest import StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.run import Phase, RunId, RunState
from mangrove.engine.content import documents_of
from mangrove.jobs.backup import PHASES
from unit.jobs.conftest import ORDERS, USERS, Bench

SEGMENT = "users.0000.bson.zst.age"


def test_a_backup_holds_every_document_and_is_in_the_catalog(bench: Bench) -> None:
    status = bench.run(bench.backup(), *PHASES)

    assert (status.state, status.problem) == (RunState.SUCCEEDED, None)
    assert status.result is not None
    assert status.result.losses == ()
    record = bench.catalog.records[new_id()]
    assert (record.state, record.documents, record.namespaces) == (BackupState.COMPLETE, 14, 3)
    vault = bench.vault.open()
    manifest = vault.manifest(new_id())
    entries = {str(e.namespace): e for e in manifest.namespaces}
    read = b"".join(documents_of(entries["shop.users"], manifest.compression, vault.read))
    assert bson.decode_all(read) == USERS
    assert entries["shop.big_orders"].segments == ()
    assert status.result.figures[0] == ("documents", 14)


def test_phases_come_in_the_announced_order(bench: Bench) -> None:
    bench.run(bench.backup(), *PHASES)

    seen = [status.phase for status in bench.seen if status.phase is not None]
    assert tuple(dict.fromkeys(seen)) == PHASES


@pytest.mark.parametrize("compression", Compression)
def test_each_compression_reads_back(bench: Bench, compression: Compression) -> None:
    request = BackupRequest("shop", "attic", compression=compression)

    status = bench.run(bench.backup(request=request, segment_bytes=64))

    assert status.state is RunState.SUCCEEDED, status.problem
    vault = bench.vault.open()
    manifest = vault.manifest(new_id())
    for entry, content in zip(manifest.namespaces[1:], (ORDERS, USERS), strict=True):
        assert len(entry.segments) > 1
        read = b"".join(documents_of(entry, compression, vault.read))
        assert bson.decode_all(read) == content


def test_a_lost_connection_fails_the_run_and_leaves_nothing(bench: Bench) -> None:
    bench.shop.hook = after(3, "read", ConnectionLostError("the connection was lost"))

    status = bench.run(bench.backup())

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert (status.problem.code, status.problem.is_bug) == ("connection-lost", False)
    assert bench.blobs() == []
    assert bench.catalog.records == {}


def test_a_cancel_half_way_leaves_nothing(bench: Bench) -> None:
    def cancel(operation: str, _: str) -> None:
        if operation == "read" and len(bench.shop.calls) > 3:
            for status in bench.runner.live():
                bench.runner.cancel(status.run_id)

    bench.shop.hook = cancel

    status = bench.run(bench.backup())

    assert (status.state, status.problem, status.result) == (RunState.CANCELLED, None, None)
    assert bench.blobs() == []
    assert bench.catalog.records == {}


@pytest.mark.parametrize("phase", [p for p in PHASES if p is not Phase.CATALOG])
def test_a_cancel_in_any_phase_before_the_signature_leaves_nothing(
    bench: Bench, phase: Phase
) -> None:
    bench.cancel_at(phase)

    status = bench.run(bench.backup(), *PHASES)

    assert status.state is RunState.CANCELLED
    assert bench.blobs() == []


def test_a_cancel_after_the_signature_comes_too_late(bench: Bench) -> None:
    bench.cancel_at(Phase.CATALOG)

    status = bench.run(bench.backup(), *PHASES)

    assert status.state is RunState.SUCCEEDED
    assert new_id() in bench.catalog.records
    assert bench.vault.open().manifest(new_id()).documents == 14


def test_a_cancel_before_the_start_reads_nothing(bench: Bench) -> None:
    status = bench.run_cancelled(bench.backup())

    assert status.state is RunState.CANCELLED
    assert bench.shop.calls == []
    assert bench.blobs() == []


def test_a_dropped_collection_is_a_loss_and_the_others_complete(bench: Bench) -> None:
    bench.shop.dropped.add(Namespace("shop", "users"))

    status = bench.run(bench.backup(segment_bytes=64))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == ["shop.users"]
    assert "shop.users" in status.result.summary
    assert not [name for name in bench.blobs() if "/users." in name]
    manifest = bench.vault.open().manifest(new_id())
    assert [str(e.namespace) for e in manifest.namespaces] == ["shop.big_orders", "shop.orders"]
    assert [n.what for n in manifest.not_included] == ["shop.users"]
    failed = [n for n in status.namespaces if n.namespace == "shop.users"]
    assert [n.state.value for n in failed] == ["failed"]


def test_a_backup_of_dropped_collections_only_is_none(bench: Bench) -> None:
    bench.shop.dropped.add(Namespace("shop", "users"))
    selection = Selection(collections=(Namespace("shop", "users"),))

    status = bench.run(bench.backup(request=BackupRequest("shop", "attic", selection)))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "namespace-changed"
    assert bench.blobs() == []


def test_nothing_is_signed_when_a_stored_object_reads_back_differently(bench: Bench) -> None:
    def spoil(_: RunId) -> None:
        bench.damage(SEGMENT, lambda content: content[:-1] + bytes([content[-1] ^ 1]))
        del bench.at_phase[Phase.REREAD]

    bench.at_phase[Phase.REREAD] = spoil

    status = bench.run(bench.backup())

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "blob-mismatch"
    assert bench.blobs() == []


def test_a_catalog_that_fails_does_not_undo_a_signed_backup(bench: Bench) -> None:
    bench.catalog.is_broken = True

    status = bench.run(bench.backup())

    assert status.state is RunState.SUCCEEDED
    assert status.result is not None
    assert "list it with: mangrove vault rebuild-catalog attic" in status.result.warnings[0]
    assert [r.backup for r in bench.vault.open().records()] == [new_id()]


def test_every_listed_blob_is_there_and_nothing_else(bench: Bench) -> None:
    bench.run(bench.backup())

    manifest = bench.vault.open().manifest(new_id())
    listed: list[StoredBlob] = [*manifest.blobs]
    own = {name for name in bench.blobs() if "manifest.json" not in name}
    assert own == {blob.name for blob in listed}


def after(count: int, operation: str, error: Exception) -> Callable[[str, str], None]:
    """Raise an error at an operation, after it went well a few times."""
    left = [count]

    def hook(called: str, _: str) -> None:
        if called == operation:
            left[0] -= 1
            if left[0] < 0:
                raise error

    return hook


def test_a_forgotten_snapshot_is_left_and_said_when_any_consistency_will_do(bench: Bench) -> None:
    bench.shop.forgotten.add(Namespace("shop", "users"))

    status = bench.run(bench.backup(segment_bytes=64))

    assert status.state is RunState.SUCCEEDED, status.problem
    manifest = bench.vault.open().manifest(new_id())
    assert (manifest.achieved, manifest.consistent_at) == (Consistency.NONE, None)
    assert "forgot the cluster time" in manifest.consistency_reason
    assert {str(e.namespace): e.documents for e in manifest.namespaces}["shop.users"] == len(USERS)


def test_a_forgotten_snapshot_ends_the_run_when_it_was_asked_for(bench: Bench) -> None:
    bench.shop.forgotten.add(Namespace("shop", "users"))
    request = BackupRequest("shop", "attic", consistency=Consistency.SNAPSHOT)

    status = bench.run(bench.backup(request=request))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "snapshot-lost"
    assert bench.blobs() == []
