import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from contract.each_call import each_call
from contract.storage_suite import StorageSuite
from mangrove.core.errors import InvalidKeyError, StorageDeniedError
from mangrove.core.ports.storage import Storage
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.storage.connecting import Patience
from mangrove.vault.storage.object_store import ObjectStorage
from servers.google import Google, service_account

BRISK = Patience(connect_s=2, read_s=20, retries=1, retry_s=5)
pytestmark = pytest.mark.storage


def open_at(google: Google, secret: str | None = None) -> ObjectStorage:
    given = google.service_account if secret is None else secret
    return ObjectStorage(parse_vault_url(google.url), "", Secret(given), BRISK)


class TestGoogle(StorageSuite):
    @pytest.fixture
    def storage(self, google: Google) -> Storage:
        return open_at(google)


def test_the_key_of_another_account_is_denied(google: Google) -> None:
    stranger = service_account(rsa.generate_private_key(65537, 2048), google.endpoint)

    for name, call in each_call(open_at(google, stranger)):
        with pytest.raises(StorageDeniedError) as caught:
            call()
        assert "PRIVATE KEY" not in f"{caught.value} {caught.value.hint}", name


def test_a_clock_that_is_off_is_refused_and_named_as_a_possible_reason(google: Google) -> None:
    google.clock_is_off_s = 2 * 3600

    for name, call in each_call(open_at(google)):
        with pytest.raises(StorageDeniedError) as caught:
            call()
        assert "clock" in caught.value.hint, name


@pytest.mark.parametrize("secret", ["{}", "not json", "[]"])
def test_what_is_no_service_account_is_told_before_anything_is_sent(
    google: Google, secret: str
) -> None:
    with pytest.raises(InvalidKeyError):
        open_at(google, secret)


def test_without_a_key_nothing_is_asked_of_the_machine_we_run_on(google: Google) -> None:
    with pytest.raises(StorageDeniedError, match="service account"):
        ObjectStorage(parse_vault_url(google.url), "", None, BRISK)
