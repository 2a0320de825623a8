"""A vault's keys at work: encrypts, decrypts, signs and checks; fetches secrets when needed."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from mangrove.core.command_line import command_line
from mangrove.core.errors import (
    IdentityMissingError,
    InvalidKeyError,
    KeyringUnavailableError,
    SecretError,
    SecretNotFoundError,
    SignatureInvalidError,
    VaultError,
    WrongIdentityError,
)
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.vaults.key_changes import holders, is_within
from mangrove.core.vaults.vault import (
    VaultId,
    VaultSpec,
    description_ref,
    identity_ref,
    signing_ref_of,
)
from mangrove.vault.crypto.age import decrypt_stream, encrypt_stream, rewrap_stream, unwrap_file_key
from mangrove.vault.crypto.age_header import HeaderReader
from mangrove.vault.crypto.minisign import (
    MinisignPublicKey,
    MinisignSecretKey,
    key_id_of,
    sign,
    verify,
    verify_comment,
)
from mangrove.vault.crypto.recipients import X25519Identity, X25519Recipient
from mangrove.vault.retirement import Retirements, mark_of

SEQUENCE_WORDS = "mangrove sequence "
"""A claim of a number vouches for nothing but the number."""


class Sealer:
    """The keys of one opened vault; secrets stay in it and go with it. Safe for threads.

    *Descriptions* are manifests and evidence. On a workstation that may write but not read, a key
    of its own opens them, and nothing else.
    """

    def __init__(self, spec: VaultSpec, secrets: SecretStore) -> None:
        self._spec = spec
        self._secrets = secrets
        self._retirements: Callable[[], Retirements] | None = None
        self._lock = threading.Lock()
        self._identity: X25519Identity | None = None
        self._description_identity: X25519Identity | None = None
        self._signing_key: MinisignSecretKey | None = None

    def look_up_retirements(self, retirements: Callable[[], Retirements]) -> None:
        """Hold what retired keys signed against their records from now on, where there are any."""
        self._retirements = retirements

    def seal(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Encrypt to the vault's recipients; pass everything through in an unencrypted vault."""
        if not self._spec.is_encrypted:
            return iter(chunks)
        return encrypt_stream(chunks, self.recipients)

    def seal_description(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Encrypt a manifest or evidence, so that a workstation that may not read can list."""
        if not self._spec.is_encrypted:
            return iter(chunks)
        return encrypt_stream(chunks, self.description_recipients)

    def unseal(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Decrypt what ``seal`` made.

        Raises:
            IdentityMissingError: If the identity is not in the keyring.
            WrongIdentityError, CorruptBackupError: As the content says.
        """
        if not self._spec.is_encrypted:
            return iter(chunks)
        return decrypt_stream(chunks, [self.require_identity()])

    def unseal_description(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Decrypt what ``seal_description`` made; errors as in ``unseal``."""
        if not self._spec.is_encrypted:
            return iter(chunks)
        return decrypt_stream(chunks, self._description_identities())

    def check_opens(self, chunks: Iterable[bytes]) -> None:
        """Raise WrongIdentityError unless our identity is among those a blob is sealed for."""
        unwrap_file_key(HeaderReader(chunks).read_header(), [self.require_identity()])

    @cached_property
    def recipients(self) -> list[X25519Recipient]:
        """Who can open documents that are stored from now on."""
        return [X25519Recipient.from_text(text) for text in self._spec.recipients]

    @property
    def recipients_mark(self) -> str:
        """A short mark of who can open documents that are stored from now on."""
        text = "\n".join(sorted(self._spec.recipients))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def description_recipients(self) -> list[X25519Recipient]:
        """Who can open manifests and evidence."""
        more = [self._spec.description_recipient] if self._spec.is_write_only else []
        return [*self.recipients, *map(X25519Recipient.from_text, more)]

    def sign(self, data: bytes, trusted_comment: str) -> bytes:
        """Return the content of a ``.minisig`` file."""
        return sign(self.require_signing_key(), data, trusted_comment).encode()

    def reseal_description(self, data: bytes) -> bytes:
        """Give a sealed manifest or evidence to the present recipients."""
        identities = self._description_identities()
        return b"".join(rewrap_stream([data], identities, self.description_recipients))

    def is_by_present_key(self, signature: bytes) -> bool:
        """Whether a signature claims to be by the key that signs now."""
        present = MinisignPublicKey.from_text(self._spec.public_key)
        return key_id_of(_signature_text(signature)) == present.key_id

    @property
    def vault_id(self) -> VaultId:
        """The id of the vault these keys belong to."""
        return self._spec.vault_id

    def verify(self, data: bytes, signature: bytes) -> str:
        """Return the trusted comment once a key we trust is proven to have signed both.

        Raises:
            SignatureInvalidError: If anything does not fit, or a retired key signed what is
                younger than its retirement.
        """
        text = _signature_text(signature)
        comment = str(verify(self._signer_of(text), data, text))
        self._check_age(text, comment)
        return comment

    def verified_comment(self, signature: bytes) -> str:
        """Return a signature's trusted comment, proven to be ours; the data was not looked at.

        Raises:
            SignatureInvalidError: As ``verify`` says.
        """
        text = _signature_text(signature)
        comment = str(verify_comment(self._signer_of(text), text))
        self._check_age(text, comment)
        return comment

    def require_identity(self) -> X25519Identity:
        """Return the age identity, from the keyring the first time.

        Raises:
            IdentityMissingError: If it is not here.
            WrongIdentityError: If the one in the keyring is not one of this vault's.
        """
        with self._lock:
            if self._identity is None:
                try:
                    secret = self._fetched(identity_ref(self._spec.vault_id), "key to open it")
                except SecretNotFoundError as error:
                    raise self._identity_missing(error) from error
                self._identity = self._checked(X25519Identity.from_text(secret.reveal()))
            return self._identity

    def require_signing_key(self) -> MinisignSecretKey:
        """Return the signing key, from the keyring the first time.

        Raises:
            SecretNotFoundError: If it is not there, or is not the one this vault is signed with.
        """
        with self._lock:
            if self._signing_key is None:
                secret = self._fetched(signing_ref_of(self._spec), "signing key")
                key = MinisignSecretKey.from_text(secret.reveal())
                if key.public_key.to_text() != self._spec.public_key:
                    raise SecretNotFoundError(
                        "the signing key in the keyring is not the one of this vault",
                        hint="open the vault again with its recovery kit",
                    )
                self._signing_key = key
            return self._signing_key

    @property
    def has_identity(self) -> bool:
        """Whether what is stored can be decrypted here."""
        if not self._spec.is_encrypted:
            return True
        try:
            self.require_identity()
        except (SecretError, InvalidKeyError, VaultError):
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

    def _description_identities(self) -> list[X25519Identity]:
        if not self._spec.is_write_only:
            return [self.require_identity()]
        with self._lock:
            if self._description_identity is None:
                ref = description_ref(self._spec.vault_id)
                secret = self._fetched(ref, "key to open descriptions")
                self._description_identity = X25519Identity.from_text(secret.reveal())
        found = [self._description_identity]
        return [*found, self.require_identity()] if self.has_identity else found

    def _checked(self, identity: X25519Identity) -> X25519Identity:
        known = (*self._spec.recipients, *self._spec.former_recipients)
        if identity.recipient.to_text() not in known:
            raise WrongIdentityError(
                f"the key in the keyring is none of those that open the vault '{self._spec.name}';"
                " nothing was read and nothing was written",
                hint="open the vault again from its recovery kit",
            )
        return identity

    def _signer_of(self, signature_text: str) -> MinisignPublicKey:
        """Return the trusted key that claims to have signed; the current one when none does."""
        current = MinisignPublicKey.from_text(self._spec.public_key)
        wanted = key_id_of(signature_text)
        retired = [MinisignPublicKey.from_text(k.public_key) for k in self._spec.retired_keys]
        return next((key for key in (current, *retired) if key.key_id == wanted), current)

    def _check_age(self, signature_text: str, comment: str) -> None:
        signer = self._signer_of(signature_text).to_text()
        if signer == self._spec.public_key:
            self._refuse_after_farewell(comment)
            return
        retired = next(key for key in self._spec.retired_keys if key.public_key == signer)
        if not is_within(retired, comment):
            raise SignatureInvalidError(
                "it was signed with a key that had been retired before; somebody else may have it",
                hint="do not restore from it",
            )

        is_listed = comment.startswith(SEQUENCE_WORDS) or not retired.record
        if is_listed or self._retirements is None:
            return
        if mark_of(signature_text.encode()) not in self._retirements().signed_by(retired):
            raise SignatureInvalidError(
                "it was signed with a retired key, and not before that key was retired: somebody"
                " else has the key and forged it",
                hint="do not restore from it",
            )

    def _refuse_after_farewell(self, comment: str) -> None:
        """Refuse what our key signed after it was retired on another workstation."""
        if self._retirements is None or comment.startswith(SEQUENCE_WORDS):
            return
        found = self._retirements().farewell_of(self._spec.public_key)
        if found is not None and not is_within(found, comment):
            raise SignatureInvalidError(
                "it was signed with a key that was retired on another workstation on"
                f" {found.retired_at:%Y-%m-%d}; somebody else may have it",
                hint="open the vault again from a recovery kit that was made since",
            )

    def _identity_missing(self, error: SecretNotFoundError) -> IdentityMissingError:
        spec = self._spec
        who = ", ".join(holder.shown for holder in holders(spec))
        if spec.is_write_only:
            message = f"this workstation may write to the vault '{spec.name}' but not read from it"
        else:
            message = f"{error.message}, so the vault '{spec.name}' cannot be read here"
        give = command_line("vault", "import-identity", spec.name)
        return IdentityMissingError(
            f"{message}; nothing was read and nothing was written",
            hint=f"it opens with the key of {who}: give that key with"
            f" {give}, or open the vault from its recovery kit",
        )

    def _fetched(self, ref: SecretRef, what: str) -> Secret:
        try:
            return self._secrets.fetch(ref)
        except KeyringUnavailableError as error:
            error.message = (
                f"the vault '{self._spec.name}' cannot be used without its {what}: {error.message}"
            )
            raise
        except SecretNotFoundError as error:
            raise self._not_found(error, what) from error

    def _not_found(self, error: SecretNotFoundError, what: str) -> SecretNotFoundError:
        """Say that another keyring answers than the one the keys were put into, if that is so."""
        now, then = self._secrets.describe(), self._spec.kept_in
        if not then or now == then:
            return error
        return SecretNotFoundError(
            f"the {what} of the vault '{self._spec.name}' was put into {then}, but this session"
            f" uses {now}, which does not hold it",
            hint="sign in to the session with the former keyring, or set PYTHON_KEYRING_BACKEND"
            " to it; or open the vault again from its recovery kit",
        )


def _signature_text(signature: bytes) -> str:
    try:
        return signature.decode()
    except UnicodeDecodeError:
        raise SignatureInvalidError("this is not a minisign signature") from None
