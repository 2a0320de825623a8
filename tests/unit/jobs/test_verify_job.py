from collections.abc import Callable

import pytest

from fakes.deployment import FakeDeployment
from fakes.vaults import new_id, new_vault
from mangrove.core.backup import BackupId
from mangrove.core.errors import ConnectionLostError, StorageUnavailableError, WriteRefusedError
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.profile import ProfileId
from mangrove.core.run import Phase, RunState
from mangrove.core.vaults.vault import identity_ref
from mangrove.core.verification import Evidence, Level
from mangrove.jobs.verifications import scratch
from mangrove.jobs.verifications.verify import phases_of
from unit.jobs.conftest import USERS, Bench

LEVELS = (Level.STORED, Level.DECODED, Level.RESTORED)
SEGMENT = "users.0000.bson.zst.age"
MANIFEST, SIGNATURE = "manifest.json.age", "manifest.json.age.minisig"
OWN = ProfileId("id-target")


def evidence(bench: Bench) -> tuple[Evidence, ...]:
    return bench.vault.open().evidence(new_id())


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("level", LEVELS)
def test_a_good_backup_is_proven_and_the_evidence_kept(backed_up: Bench, level: Level) -> None:
    status = backed_up.run(backed_up.verify(level), *phases_of(level))

    assert (status.state, status.problem) == (RunState.SUCCEEDED, None)
    (kept,) = evidence(backed_up)
    assert (kept.level, kept.passed, kept.findings) == (level, True, ())
    assert kept.target == ("embedded" if level is Level.RESTORED else "")
    proven = backed_up.catalog.records[new_id()].proven
    assert proven is not None
    assert proven.level is level
    seen = [s.phase for s in backed_up.seen if s.phase is not None]
    assert tuple(dict.fromkeys(seen)) == phases_of(level)


@pytest.mark.parametrize(("level", "counts"), [(LEVELS[0], False), (LEVELS[1], True)])
def test_documents_are_counted_only_where_they_were_seen(
    backed_up: Bench, level: Level, counts: bool
) -> None:
    status = backed_up.run(backed_up.verify(level), *phases_of(level))

    assert status.result is not None
    assert ("documents" in dict(status.result.figures)) is counts


def test_a_trial_restore_counts_documents_and_indexes(backed_up: Bench) -> None:
    backed_up.run(backed_up.verify())

    (kept,) = evidence(backed_up)
    results = {n.namespace: (n.documents, n.indexes, n.good) for n in kept.namespaces}
    assert results["shop.users"] == (len(USERS), 2, True)
    assert {"load", "indexes", "compare"} <= {name for name, _ in kept.steps}
    assert kept.server_version == "6.0.5"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("ending", [SEGMENT, MANIFEST, SIGNATURE, "users.metadata.json.zst.age"])
@pytest.mark.parametrize("damage", [flipped, lambda c: c[:-3], lambda c: c + b"x", lambda _: b""])
def test_damage_anywhere_is_found_at_every_level(
    backed_up: Bench, level: Level, ending: str, damage: Callable[[bytes], bytes]
) -> None:
    backed_up.damage(ending, damage)

    status = backed_up.run(backed_up.verify(level))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS, status.problem
    assert status.result is not None
    assert "not what it should be" in status.result.summary
    assert len(status.result.losses) == 1
    (kept,) = evidence(backed_up)
    assert (kept.passed, len(kept.findings)) == (False, 1)
    failed = backed_up.catalog.records[new_id()].failed_evidence
    assert failed is not None
    assert backed_up.gate.scratch.calls == []


def test_a_missing_blob_is_a_finding(backed_up: Bench) -> None:
    (name,) = [n for n in backed_up.blobs() if n.endswith(SEGMENT)]
    backed_up.vault.storage.delete(name)  # type: ignore[arg-type]  # a name as listed

    backed_up.run(backed_up.verify(Level.STORED))

    (kept,) = evidence(backed_up)
    assert [f.subject for f in kept.findings] == [name]
    assert "missing" in kept.findings[0].problem


def test_a_copy_that_differs_is_a_finding(backed_up: Bench) -> None:
    backed_up.gate.scratch.refused = {3}

    status = backed_up.run(backed_up.verify())

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    (kept,) = evidence(backed_up)
    assert not kept.passed
    assert "refused" in kept.findings[0].problem


def test_the_wrong_identity_says_nothing_about_the_backup(backed_up: Bench) -> None:
    stranger = new_vault()
    theirs = stranger.secrets.kept[identity_ref(stranger.spec.vault_id)]
    backed_up.vault.secrets.kept[identity_ref(backed_up.vault.spec.vault_id)] = theirs

    status = backed_up.run(backed_up.verify(Level.DECODED))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "wrong-identity"
    assert backed_up.catalog.records[new_id()].evidence == ()


def test_a_storage_that_is_gone_fails_the_run_and_keeps_no_evidence(
    backed_up: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> None:
        raise StorageUnavailableError("the storage cannot be reached")

    with monkeypatch.context() as patched:
        patched.setattr(backed_up.vault.storage, "get", gone)
        status = backed_up.run(backed_up.verify(Level.STORED))

    assert status.problem is not None
    assert status.problem.code == "storage-unavailable"
    assert evidence(backed_up) == ()


@pytest.mark.parametrize("level", LEVELS)
def test_a_cancel_in_any_phase_keeps_no_evidence(backed_up: Bench, level: Level) -> None:
    for phase in phases_of(level):
        backed_up.at_phase.clear()
        backed_up.cancel_at(phase)

        status = backed_up.run(backed_up.verify(level, "target"), *phases_of(level))

        assert status.state is RunState.CANCELLED, phase
        assert backed_up.target.collections == {}, phase
        assert backed_up.register.open == set(), phase
    assert evidence(backed_up) == ()


def test_a_cancel_before_the_start_reads_nothing(backed_up: Bench) -> None:
    status = backed_up.run_cancelled(backed_up.verify(Level.RESTORED, "target"))

    assert status.state is RunState.CANCELLED
    assert backed_up.target.calls == []


@pytest.mark.parametrize("operation", ["create", "insert", "build_indexes", "read"])
def test_a_failure_half_way_drops_the_scratch_databases(backed_up: Bench, operation: str) -> None:
    def hook(called: str, _: str) -> None:
        if called == operation:
            raise WriteRefusedError("no more")

    backed_up.target.hook = hook

    status = backed_up.run(backed_up.verify(target="target"))

    assert status.state is RunState.FAILED
    assert backed_up.target.collections == {}
    assert backed_up.register.open == set()
    assert evidence(backed_up) == ()


def test_other_databases_of_the_target_are_not_touched(backed_up: Bench) -> None:
    backed_up.target.add("shop.users", {"_id": "production"})
    before = backed_up.target.content()

    status = backed_up.run(backed_up.verify(target="target"))

    assert status.state is RunState.SUCCEEDED, status.problem
    assert backed_up.target.content() == before
    written = {
        subject.partition(".")[0] for call, subject in backed_up.target.calls if call != "read"
    }
    assert all(name.startswith(scratch.PREFIX) for name in written if name)


def test_a_scratch_database_that_cannot_be_dropped_stays_registered(backed_up: Bench) -> None:
    def hook(called: str, _: str) -> None:
        if called == "drop_database":
            raise ConnectionLostError("the connection was lost")

    backed_up.target.hook = hook

    status = backed_up.run(backed_up.verify(target="target"))

    assert status.state is RunState.SUCCEEDED
    assert len(backed_up.register.open) == 1


def test_an_abandoned_scratch_database_goes_at_the_next_verification(backed_up: Bench) -> None:
    abandoned = f"{scratch.PREFIX}0123"
    backed_up.target.add(f"{abandoned}.users", {"_id": 1})
    backed_up.register.left_behind.add((OWN, abandoned))

    backed_up.run(backed_up.verify(target="target"))

    assert backed_up.target.collections == {}
    assert backed_up.register.left_behind == set()


def test_a_registered_name_that_is_no_scratch_database_is_never_dropped(backed_up: Bench) -> None:
    backed_up.target.add("production.users", {"_id": 1})
    backed_up.register.left_behind.add((OWN, "production"))

    backed_up.run(backed_up.verify(target="target"))

    assert backed_up.target.names() == ["production.users"]


def test_a_scratch_name_that_exists_is_never_dropped(
    backed_up: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch.secrets, "token_hex", lambda _: "taken")
    backed_up.target.add(f"{scratch.PREFIX}taken.users", {"_id": "somebody's"})
    before = backed_up.target.content()

    status = backed_up.run(backed_up.verify(target="target"))

    assert status.problem is not None
    assert status.problem.code == "namespace-conflict"
    assert backed_up.target.content() == before


def test_a_scratch_copy_with_another_shape_is_a_finding(
    backed_up: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = FakeDeployment.describe

    def without_indexes(self: FakeDeployment, namespace: object) -> CollectionInfo:
        info = describe(self, namespace)  # type: ignore[arg-type]  # passed on
        return CollectionInfo(info.namespace, info.kind, info.options, (), info.uuid)

    monkeypatch.setattr(FakeDeployment, "describe", without_indexes)
    backed_up.run(backed_up.verify())

    (kept,) = evidence(backed_up)
    assert {f.problem for f in kept.findings} >= {"lacks the index name_1"}


def test_an_unknown_backup_fails_without_evidence(bench: Bench) -> None:
    body = bench.verify(Level.STORED)

    status = bench.run(body)

    assert status.problem is not None
    assert status.problem.code == "backup-not-found"
    assert BackupId(new_id()) not in bench.catalog.records


def test_a_catalog_that_fails_does_not_undo_the_evidence(backed_up: Bench) -> None:
    backed_up.catalog.is_broken = True

    status = backed_up.run(backed_up.verify(Level.STORED))

    assert status.state is RunState.SUCCEEDED
    assert status.result is not None
    assert "list it with: mangrove vault rebuild-catalog attic" in status.result.warnings[0]
    assert len(evidence(backed_up)) == 1


def test_a_cancel_at_the_end_of_a_trial_restore_still_cleans_up(backed_up: Bench) -> None:
    backed_up.cancel_at(Phase.CLEAN_UP)

    backed_up.run(backed_up.verify(target="target"))

    assert backed_up.target.collections == {}
