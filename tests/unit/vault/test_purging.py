import pytest

from fakes.vaults import TestVault, evidence_for, new_id, new_vault, write_backup
from mangrove.core.blobs import BlobName
from mangrove.core.errors import BackupNotFoundError
from mangrove.core.verification import Level
from mangrove.vault.inventory import take_inventory

ONE, OTHER = new_id(1), new_id(2)


@pytest.fixture(params=[True, False], ids=["encrypted", "plain"])
def vault(request: pytest.FixtureRequest) -> TestVault:
    made = new_vault(encrypted=request.param)
    write_backup(made, ONE)
    write_backup(made, OTHER)
    made.open().keep_evidence(evidence_for(ONE))
    return made


def names(vault: TestVault, backup: str) -> list[str]:
    return [info.name for info in vault.storage.list() if backup in info.name]


def test_a_purged_backup_leaves_nothing_and_the_others_whole(vault: TestVault) -> None:
    before = names(vault, OTHER)

    purged = list(vault.open().purge(ONE))

    assert "manifest.json" in purged[0].name
    assert purged[0].name.endswith(".minisig")
    assert names(vault, ONE) == []
    assert names(vault, OTHER) == before
    assert vault.open().manifest(OTHER).backup == OTHER


def test_wherever_a_purge_is_cut_off_what_is_left_is_debris_that_a_check_removes(
    vault: TestVault,
) -> None:
    for _ in range(len(names(vault, ONE)) - 1):
        next(vault.open().purge(ONE))  # and then the process dies
        inventory = take_inventory(vault.storage)
        assert [shelf.backup for shelf in inventory.signed] == [OTHER]
        assert [debris.backup for debris in inventory.debris] == [ONE]
        with pytest.raises(BackupNotFoundError):
            vault.open().manifest(ONE)

    health = vault.open().health()
    assert vault.open().clean(health.debris[0]) > 0
    assert names(vault, ONE) == []


def test_what_is_gone_cannot_be_purged_again(vault: TestVault) -> None:
    list(vault.open().purge(ONE))

    with pytest.raises(BackupNotFoundError):
        list(vault.open().purge(ONE))


def test_a_survey_reads_only_what_is_new_or_has_changed(vault: TestVault) -> None:
    known = [seen.record for seen in vault.open().survey([])]
    again = {seen.record.backup: seen for seen in vault.open().survey(known)}
    assert [again[ONE].is_known, again[OTHER].is_known] == [True, True]

    vault.open().keep_evidence(evidence_for(OTHER, Level.STORED))
    third = {seen.record.backup: seen for seen in vault.open().survey(known)}

    assert third[ONE].is_known
    assert not third[OTHER].is_known
    assert third[OTHER].record.proven is not None


def test_a_survey_tells_of_a_backup_that_has_lost_an_object(vault: TestVault) -> None:
    known = [seen.record for seen in vault.open().survey([])]
    segment = next(name for name in names(vault, ONE) if "users.0001" in name)
    lost = next(info.size_bytes for info in vault.storage.list(segment))
    vault.storage.delete(BlobName(segment))

    seen = {item.record.backup: item for item in vault.open().survey(known)}

    assert seen[ONE].missing_bytes == lost
    assert seen[OTHER].missing_bytes == 0
