"""A vault's keys are named when the keyring cannot give them."""

from dataclasses import replace

import pytest
from keyring.backends.fail import Keyring

from fakes.vaults import STARTED_AT, new_vault
from mangrove.connectors.secrets.os_keyring import OsKeyring
from mangrove.core.errors import (
    IdentityMissingError,
    KeyringUnavailableError,
    SecretNotFoundError,
    SignatureInvalidError,
    WrongIdentityError,
)
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import Holder, with_holder, with_new_signing_key
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.vault import description_ref, identity_ref, signing_ref_of
from mangrove.vault.crypto.recipients import X25519Identity
from mangrove.vault.sealing import Sealer


def test_without_a_keyring_the_vault_and_its_missing_key_are_named() -> None:
    spec = new_vault().spec
    sealer = Sealer(spec, OsKeyring(Keyring()))

    with pytest.raises(KeyringUnavailableError) as caught:
        sealer.require_signing_key()

    assert f"'{spec.name}' cannot be used without its signing key" in caught.value.message


def test_a_key_that_went_into_another_keyring_is_said_to_be_there() -> None:
    vault = new_vault()
    spec = replace(vault.spec, kept_in="KWallet")
    vault.secrets.kept.clear()

    with pytest.raises(SecretNotFoundError) as caught:
        Sealer(spec, vault.secrets).require_signing_key()

    assert "was put into KWallet" in caught.value.message
    assert vault.secrets.describe() in caught.value.message
    assert "PYTHON_KEYRING_BACKEND" in caught.value.hint


def test_without_the_identity_it_is_said_who_can_open_the_vault() -> None:
    vault = new_vault()
    spec = with_holder(vault.spec, Holder("age1" + "q" * 58, "Ana"))
    vault.secrets.forget(identity_ref(spec.vault_id))

    with pytest.raises(IdentityMissingError) as caught:
        Sealer(spec, vault.secrets).require_identity()

    assert "Ana" in caught.value.hint
    assert "recovery kit" in caught.value.hint
    assert "nothing was written" in caught.value.message


def test_an_identity_of_another_vault_is_refused_before_anything_is_read() -> None:
    vault = new_vault()
    ref = identity_ref(vault.spec.vault_id)
    vault.secrets.store(ref, Secret(X25519Identity.generate().to_text()))
    sealer = Sealer(vault.spec, vault.secrets)

    with pytest.raises(WrongIdentityError, match="nothing was read"):
        list(sealer.unseal([b"age-encryption.org/v1"]))
    assert not sealer.has_identity


def test_a_comment_is_proven_without_its_file() -> None:
    vault = new_vault()
    sealer = Sealer(vault.spec, vault.secrets)
    signature = sealer.sign(b"data", "mangrove backup b sequence 7 vault v")

    assert sealer.verified_comment(signature) == "mangrove backup b sequence 7 vault v"
    with pytest.raises(SignatureInvalidError):
        sealer.verified_comment(signature.replace(b"sequence 7", b"sequence 8"))
    with pytest.raises(SignatureInvalidError):
        sealer.verified_comment(b"\xff")


def test_a_retired_key_is_trusted_for_its_time_and_no_longer() -> None:
    vault = new_vault()
    old = Sealer(vault.spec, vault.secrets)
    before, after = (
        old.sign(b"data", f"mangrove backup b sequence {number} vault v") for number in (3, 4)
    )
    new_key = vault.factory.new_keys()
    spec = with_new_signing_key(
        vault.spec, new_key.public_key, RetiredKey(vault.spec.public_key, 3, STARTED_AT)
    )
    vault.secrets.store(signing_ref_of(spec), new_key.signing_key)
    sealer = Sealer(spec, vault.secrets)

    assert sealer.verify(b"data", before).endswith("sequence 3 vault v")
    with pytest.raises(SignatureInvalidError, match="retired"):
        sealer.verify(b"data", after)
    with pytest.raises(SignatureInvalidError, match="retired"):
        sealer.verified_comment(after)
    assert sealer.verify(b"x", sealer.sign(b"x", "mangrove backup b sequence 9 vault v"))


def test_a_workstation_that_may_not_read_opens_descriptions_only() -> None:
    vault = new_vault()
    description = X25519Identity.generate()
    spec = replace(vault.spec, description_recipient=description.recipient.to_text())
    reader = Sealer(spec, vault.secrets)
    kept = dict(vault.secrets.kept)
    vault.secrets.store(description_ref(spec.vault_id), Secret(description.to_text()))
    vault.secrets.forget(identity_ref(spec.vault_id))
    writer = Sealer(spec, vault.secrets)

    listed, stored = b"".join(writer.seal_description([b"manifest"])), writer.seal([b"documents"])
    data = b"".join(stored)

    assert b"".join(writer.unseal_description([listed])) == b"manifest"
    with pytest.raises(IdentityMissingError, match="may write to the vault"):
        list(writer.unseal([data]))
    vault.secrets.kept = kept
    assert b"".join(reader.unseal([data])) == b"documents"
