"""A vault's keys at work: encrypts, decrypts, signs and checks; fetches secrets when needed."""

import threading
from collections.abc import Iterable, Iterator

from mangrove.core.errors import (
    InvalidKeyError,
    KeyringUnavailableError,
    SecretError,
    SecretNotFoundError,
    SignatureInvalidError,
)
from mangrove.core.ports import SecretStore
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.vault import VaultSpec, identity_ref, signing_key_ref
from mangrove.vault.crypto.age import decrypt_stream, encrypt_stream
from mangrove.vault.crypto.minisign import MinisignPublicKey, MinisignSecretKey, sign, verify
from mangrove.vault.crypto.recipients import X25519Identity, X25519Recipient


class Sealer:
    """The keys of one opened vault; secrets stay in it and go with it. Safe for threads."""

    def __init__(self, spec: VaultSpec, secrets: SecretStore) -> None:
        self._spec = spec
        self._secrets = secrets
        self._lock = threading.Lock()
        self._identity: X25519Identity | None = None
        self._signing_key: MinisignSecretKey | None = None

    def seal(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Encrypt to the vault's recipients; pass everything through in an unencrypted vault."""
        if not self._spec.is_encrypted:
            return iter(chunks)
        recipients = [X25519Recipient.from_text(text) for text in self._spec.recipients]
        return encrypt_stream(chunks, recipients)

    def unseal(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Decrypt what ``seal`` made.

        Raises:
            SecretNotFoundError: If the identity is not in the keyring.
            WrongIdentityError, CorruptBackupError: As the content says.
        """
        if not self._spec.is_encrypted:
            return iter(chunks)
        return decrypt_stream(chunks, [self.require_identity()])

    def sign(self, data: bytes, trusted_comment: str) -> bytes:
        """Return the content of a ``.minisig`` file."""
        return sign(self.require_signing_key(), data, trusted_comment).encode()

    def verify(self, data: bytes, signature: bytes) -> str:
        """Return the trusted comment once the key we trust is proven to have signed both.

        Raises:
            SignatureInvalidError: If anything does not fit.
        """
        try:
            text = signature.decode()
        except UnicodeDecodeError:
            raise SignatureInvalidError("this is not a minisign signature") from None
        return str(verify(MinisignPublicKey.from_text(self._spec.public_key), data, text))

    def require_identity(self) -> X25519Identity:
        """Return the age identity, from the keyring the first time."""
        with self._lock:
            if self._identity is None:
                secret = self._fetched(identity_ref(self._spec.vault_id), "key to open it")
                self._identity = X25519Identity.from_text(secret.reveal())
            return self._identity

    def require_signing_key(self) -> MinisignSecretKey:
        """Return the signing key, from the keyring the first time.

        Raises:
            SecretNotFoundError: If it is not there, or is not the one this vault is signed with.
        """
        with self._lock:
            if self._signing_key is None:
                secret = self._fetched(signing_key_ref(self._spec.vault_id), "signing key")
                key = MinisignSecretKey.from_text(secret.reveal())
                if key.public_key.to_text() != self._spec.public_key:
                    raise SecretNotFoundError(
                        "the signing key in the keyring is not the one of this vault",
                        hint="open the vault again with its recovery kit",
                    )
                self._signing_key = key
            return self._signing_key

    def _fetched(self, ref: SecretRef, what: str) -> Secret:
        try:
            return self._secrets.fetch(ref)
        except KeyringUnavailableError as error:
            error.message = (
                f"the vault '{self._spec.name}' cannot be used without its {what}: {error.message}"
            )
            raise

    @property
    def has_identity(self) -> bool:
        """Whether what is stored can be decrypted here."""
        if not self._spec.is_encrypted:
            return True
        try:
            self.require_identity()
        except (SecretError, InvalidKeyError):
            return False
        return True

    @property
    def has_signing_key(self) -> bool:
        """Whether backups and evidence can be signed here."""
        try:
            self.require_signing_key()
        except (SecretError, InvalidKeyError):
            return False
        return True
