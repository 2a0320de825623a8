from dataclasses import replace

import pytest

from contract.each_call import each_call
from contract.storage_suite import NAME, StorageSuite
from mangrove.core.errors import InvalidKeyError, StorageDeniedError, StorageUnavailableError
from mangrove.core.ports.storage import Storage
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.storage.connecting import Patience
from mangrove.vault.storage.object_store import ObjectStorage
from servers.azure import AzureContainer, Azurite

BRISK = Patience(connect_s=2, read_s=20, retries=1, retry_s=5)
pytestmark = pytest.mark.storage


def open_at(container: AzureContainer, secret: str | None = None) -> ObjectStorage:
    given = container.server.key if secret is None else secret
    return ObjectStorage(parse_vault_url(container.url), "", Secret(given), BRISK)


class TestAzurite(StorageSuite):
    @pytest.fixture
    def storage(self, azure: AzureContainer) -> Storage:
        return open_at(azure)


def test_a_wrong_key_is_denied_and_not_shown(azure: AzureContainer) -> None:
    wrong = "V1JPTkdLRVlXUk9OR0tFWQ=="

    for name, call in each_call(open_at(azure, wrong)):
        with pytest.raises(StorageDeniedError) as caught:
            call()
        assert wrong not in f"{caught.value} {caught.value.hint}", name


def test_a_container_that_is_missing_is_named(azure: AzureContainer) -> None:
    storage = open_at(replace(azure, name="no-such-container"))

    for name, call in each_call(storage):
        if name == "delete":
            continue  # there is nothing to remove in a container that is not there
        with pytest.raises(StorageUnavailableError) as caught:
            call()
        assert "container" in str(caught.value), name


def test_without_a_key_a_private_container_is_denied(azure: AzureContainer) -> None:
    open_at(azure).put(NAME, [b"x"])

    with pytest.raises((StorageDeniedError, StorageUnavailableError)):
        open_at(azure, "").get(NAME)


def test_a_key_that_is_none_is_told_before_anything_is_sent(azurite: Azurite) -> None:
    with pytest.raises(InvalidKeyError, match="nothing was sent"):
        open_at(AzureContainer(azurite, "container"), "not base64!")
