"""vault.json: replaced so that a crash at any place leaves a vault that opens."""

from dataclasses import replace

import pytest

from fakes.vaults import STARTED_AT, TestVault, new_id, new_vault, write_backup
from mangrove.core.blobs import BlobName
from mangrove.core.errors import StorageUnavailableError, VaultNotFoundError
from mangrove.core.vaults.key_changes import (
    Holder,
    with_holder,
    with_new_signing_key,
    without_holder,
)
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.vault import signing_ref_of
from mangrove.vault.descriptor import (
    check_descriptor,
    decode_descriptor,
    descriptor_of,
    encode_descriptor,
    read_descriptor,
    replace_descriptor,
    settle_descriptor,
)
from mangrove.vault.layout import DESCRIPTOR, NEXT_DESCRIPTOR


@pytest.fixture
def vault() -> TestVault:
    return new_vault()


def changed(vault: TestVault) -> TestVault:
    keys = vault.factory.new_keys()
    spec = with_holder(vault.spec, Holder(vault.factory.new_keys().recipient, "Ana"))
    spec = with_new_signing_key(spec, keys.public_key, RetiredKey(spec.public_key, 4, STARTED_AT))
    vault.secrets.store(signing_ref_of(spec), keys.signing_key)
    return replace(vault, spec=spec)


def test_a_changed_description_comes_back_as_written(vault: TestVault) -> None:
    described = descriptor_of(changed(vault).spec)

    assert decode_descriptor(encode_descriptor(described)) == described


def test_a_vault_without_changes_is_described_as_it_always_was(vault: TestVault) -> None:
    data = encode_descriptor(descriptor_of(vault.spec))

    assert b"retired_keys" not in data
    assert b"recipient_names" not in data


class _CutOffError(Exception):
    pass


@pytest.mark.parametrize("steps", range(6))
def test_cut_off_after_any_step_the_vault_still_opens_and_the_next_backup_settles_it(
    vault: TestVault, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = changed(vault)
    left = iter(range(steps))

    def counted(method: str) -> None:
        real = getattr(vault.memory, method)

        def call(*arguments: object) -> object:
            if next(left, None) is None:
                raise _CutOffError
            return real(*arguments)

        monkeypatch.setattr(vault.memory, method, call)

    for method in ("put", "delete"):
        counted(method)
    if steps < 5:
        with pytest.raises(_CutOffError):
            replace_descriptor(vault.storage, descriptor_of(new.spec))
    else:
        replace_descriptor(vault.storage, descriptor_of(new.spec))
    monkeypatch.undo()

    assert read_descriptor(vault.storage).vault_id == vault.spec.vault_id
    assert new.open().health().problem == ""
    write_backup(new, new_id(3))
    assert decode_descriptor(b"".join(vault.storage.get(DESCRIPTOR))) == descriptor_of(new.spec)
    assert not [i for i in vault.storage.list(NEXT_DESCRIPTOR) if i.name == NEXT_DESCRIPTOR]


def test_a_recipient_smuggled_into_the_description_is_noticed_before_writing(
    vault: TestVault,
) -> None:
    strange = with_holder(vault.spec, Holder(vault.factory.new_keys().recipient))
    replace_descriptor(vault.storage, descriptor_of(strange))

    with pytest.raises(VaultNotFoundError, match="other keys"):
        vault.open().begin("shop-production", new_id())
    assert "other keys" in vault.open().health().problem


def test_a_description_that_says_not_encrypted_is_noticed(vault: TestVault) -> None:
    replace_descriptor(vault.storage, descriptor_of(replace(vault.spec, recipients=())))

    with pytest.raises(VaultNotFoundError, match="other keys"):
        check_descriptor(vault.storage, vault.spec)


def test_an_older_description_is_brought_up_to_date(vault: TestVault) -> None:
    ana = with_holder(vault.spec, Holder(vault.factory.new_keys().recipient, "Ana"))
    replace_descriptor(vault.storage, descriptor_of(ana))
    spec = without_holder(ana, "Ana")

    settle_descriptor(vault.storage, spec)

    assert read_descriptor(vault.storage) == descriptor_of(spec)


def test_no_description_at_all_is_no_vault(vault: TestVault) -> None:
    vault.storage.delete(BlobName("vault.json"))

    with pytest.raises(VaultNotFoundError, match=r"vault\.json is missing"):
        read_descriptor(vault.storage)


def test_a_lost_storage_is_not_taken_for_a_missing_vault(
    vault: TestVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: BlobName) -> object:
        raise StorageUnavailableError("the storage is gone")

    monkeypatch.setattr(vault.memory, "get", lost)

    with pytest.raises(StorageUnavailableError):
        read_descriptor(vault.storage)
