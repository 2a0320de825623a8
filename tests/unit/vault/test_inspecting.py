import time
from datetime import timedelta

import pytest

from fakes.vaults import STARTED_AT, TestVault, evidence_for, new_id, new_vault, write_backup
from mangrove.core.blobs import BlobName
from mangrove.core.manifest import StoredBlob
from mangrove.core.retention.marks import Statement, StatementKind
from mangrove.core.vaults.lock import LockMode
from mangrove.core.vaults.report import FindingKind, VaultReport, compare_folder

ONE, OTHER = new_id(1), new_id(2)


@pytest.fixture
def vault() -> TestVault:
    made = new_vault()
    write_backup(made, ONE)
    write_backup(made, OTHER)
    made.open().keep_evidence(evidence_for(ONE))
    return made


def looked(vault: TestVault) -> VaultReport:
    known = [seen.record for seen in vault.open().survey([])]
    return vault.open().inspect(known)


def blob(vault: TestVault, *parts: str) -> BlobName:
    return next(i.name for i in vault.storage.list() if all(p in i.name for p in parts))


def test_a_sound_vault_has_nothing_to_say(vault: TestVault) -> None:
    pin = Statement(StatementKind.PIN, STARTED_AT, "ann@desk", (ONE,))
    vault.open().journal.add(pin)

    report = looked(vault)

    assert report.findings == ()
    assert report.is_sound
    assert (report.backups, report.tool_versions) == (2, (("0.1.0", 2),))
    assert report.objects == len(list(vault.storage.list()))


def test_each_kind_of_trouble_is_told_apart(vault: TestVault) -> None:
    storage, memory = vault.storage, vault.memory
    storage.delete(blob(vault, ONE, "users.0001"))
    memory.tamper(blob(vault, OTHER, "users.0000"), b"short")
    memory.tamper(BlobName(f"shop-production/{OTHER}/shop/stray.0000.bson.zst.age"), b"x" * 9)
    memory.tamper(BlobName(f"shop-production/{new_id(7)}/shop/users.0000.bson.zst.age"), b"x" * 5)
    memory.tamper(BlobName("holiday.jpg"), b"x" * 3)
    memory.tamper(BlobName("_retention/20260301T120000Z-pin-00000000.json"), b"{}")
    lease = vault.open().locks.take(LockMode.SHARED, "backup of shop")
    del lease

    found = {f.kind: f for f in looked(vault).findings}

    assert found[FindingKind.MISSING].subject == ONE
    assert "users.0001" in found[FindingKind.MISSING].problem
    assert found[FindingKind.CHANGED].subject == OTHER
    assert found[FindingKind.ORPHAN].size_bytes == 9
    assert found[FindingKind.DEBRIS].size_bytes == 5
    assert found[FindingKind.FOREIGN].names == ("holiday.jpg",)
    assert found[FindingKind.STATEMENT].names == ("_retention/20260301T120000Z-pin-00000000.json",)
    assert FindingKind.LOCK not in found


def test_a_repair_removes_what_is_left_over_and_nothing_else(vault: TestVault) -> None:
    before = {i.name for i in vault.storage.list()}
    for name in (
        f"shop-production/{OTHER}/shop/stray.0000.bson.zst.age",
        f"shop-production/{new_id(7)}/shop/users.0000.bson.zst.age",
        "_retention/20260301T120000Z-pin-00000000.json",
        "holiday.jpg",
    ):
        vault.memory.tamper(BlobName(name), b"x" * 7)

    freed = vault.open().repair(looked(vault).findings)

    assert freed == 14
    assert {i.name for i in vault.storage.list()} == before | {"holiday.jpg"}
    assert [f.kind for f in looked(vault).findings] == [FindingKind.FOREIGN]


def test_a_backup_that_cannot_be_read_is_harm_and_the_others_are_still_looked_at(
    vault: TestVault,
) -> None:
    vault.memory.tamper(blob(vault, ONE, "manifest.json.age"), b"rubbish")
    vault.storage.delete(blob(vault, OTHER, "users.0000"))

    report = looked(vault)

    assert {f.kind for f in report.findings} == {FindingKind.UNREADABLE, FindingKind.MISSING}
    assert not report.is_sound


def test_what_the_catalog_has_and_the_storage_has_are_compared(vault: TestVault) -> None:
    known = [seen.record for seen in vault.open().survey([])]
    list(vault.open().purge(ONE))
    new = write_backup(vault, new_id(5)).backup

    kinds = {f.subject: f.kind for f in vault.open().inspect(known).findings}

    assert kinds == {ONE: FindingKind.GONE, new: FindingKind.UNLISTED}


def test_stale_locks_are_named_with_the_way_out(vault: TestVault) -> None:
    locks = vault.open().locks
    locks.take(LockMode.SHARED, "backup of shop")
    clock = vault.factory._locking.clock
    clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # a fake

    (finding,) = looked(vault).findings

    assert finding.kind is FindingKind.LOCK
    assert "--break-lock" in finding.remedy


@pytest.mark.slow
def test_a_hundred_thousand_objects_are_compared_in_a_second_or_two() -> None:
    blobs = [
        StoredBlob(f"shop/b/db/c.{n:06d}.bson.zst.age", n, "ab" * 32, n) for n in range(100_000)
    ]
    expected = {b.name: b.size_bytes for b in blobs}
    found = dict(expected)
    found.pop(blobs[7].name)

    began = time.process_time()
    findings = compare_folder("b", expected, found, ())

    assert time.process_time() - began < 5.0
    assert [f.kind for f in findings] == [FindingKind.MISSING]
