from concurrent.futures import ThreadPoolExecutor

import pytest

from fakes.vaults import TestVault, new_id, new_vault, write_backup
from mangrove.core.blobs import BlobName
from mangrove.vault.sealing import Sealer
from mangrove.vault.sequence import SequenceClaims


@pytest.fixture
def vault() -> TestVault:
    return new_vault()


def claims(vault: TestVault) -> SequenceClaims:
    return SequenceClaims(vault.storage, Sealer(vault.spec, vault.secrets), vault.spec.vault_id)


def claimed(vault: TestVault) -> list[str]:
    return sorted(info.name for info in vault.storage.list("_sequence/"))


def test_backups_written_at_the_same_time_carry_different_numbers(vault: TestVault) -> None:
    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(lambda _: claims(vault).claim(), range(12)))

    assert sorted(numbers) == list(range(1, 13))


def test_the_next_number_costs_one_small_object_however_many_backups_there_are(
    vault: TestVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(6):
        write_backup(vault, new_id(hour))
    read: list[str] = []
    get = type(vault.memory).get
    monkeypatch.setattr(
        type(vault.memory), "get", lambda self, name: (read.append(name), get(self, name))[1]
    )

    assert claims(vault).claim() == 7
    assert read == ["_sequence/6"]


def test_a_published_backup_leaves_one_claim_and_a_given_up_one_none(vault: TestVault) -> None:
    write_backup(vault, new_id(1))
    write_backup(vault, new_id(2))
    with vault.open().begin("shop-production", new_id(3)):
        assert claimed(vault) == ["_sequence/2", "_sequence/3"]

    assert claimed(vault) == ["_sequence/2"]


def test_without_claims_the_signatures_of_the_backups_tell(vault: TestVault) -> None:
    for hour in range(3):
        write_backup(vault, new_id(hour))
    for name in claimed(vault):
        vault.storage.delete(BlobName(name))

    assert claims(vault).claim() == 4


@pytest.mark.parametrize("forged", ["_sequence/900000000000", "_sequence/99"])
def test_a_claim_that_nobody_of_ours_signed_does_not_count(vault: TestVault, forged: str) -> None:
    write_backup(vault, new_id(1))
    stranger = new_vault()
    claims(stranger).claim()
    signature = b"".join(stranger.storage.get(BlobName("_sequence/1")))
    vault.memory.tamper(BlobName(forged), signature)

    assert claims(vault).claim() == 2


def test_a_storage_that_was_rolled_back_gives_out_no_number_twice(vault: TestVault) -> None:
    write_backup(vault, new_id(1))

    assert claims(vault).claim(floor=41) == 42
