"""A vault's keys are named when the keyring cannot give them."""

import pytest
from keyring.backends.fail import Keyring

from fakes.vaults import new_vault
from mangrove.connectors.secrets.os_keyring import OsKeyring
from mangrove.core.errors import KeyringUnavailableError
from mangrove.vault.sealing import Sealer


def test_without_a_keyring_the_vault_and_its_missing_key_are_named() -> None:
    spec = new_vault().spec
    sealer = Sealer(spec, OsKeyring(Keyring()))

    with pytest.raises(KeyringUnavailableError) as caught:
        sealer.require_signing_key()

    assert f"'{spec.name}' cannot be used without its signing key" in caught.value.message
