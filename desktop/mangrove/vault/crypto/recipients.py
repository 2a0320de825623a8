"""Who can open an age file: X25519 key pairs and passphrases."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol, Self, SupportsIndex

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from typing_extensions import override

from mangrove.core.errors import HeaderMalformedError, InvalidKeyError
from mangrove.vault.crypto.age_header import (
    FILE_KEY_BYTES,
    FileKey,
    Stanza,
    decode_base64,
    derive_key,
    encode_base64,
)
from mangrove.vault.crypto.bech32 import Bech32Error
from mangrove.vault.crypto.bech32 import decode as decode_bech32
from mangrove.vault.crypto.bech32 import encode as encode_bech32

KEY_BYTES = 32
WRAPPED_KEY_BYTES = FILE_KEY_BYTES + 16
ZERO_NONCE = bytes(12)  # allowed: every wrapping key is used exactly once
X25519_KIND = "X25519"
X25519_INFO = b"age-encryption.org/v1/X25519"
RECIPIENT_PREFIX = "age"
IDENTITY_PREFIX = "age-secret-key-"
SCRYPT_KIND = "scrypt"
SCRYPT_INFO = b"age-encryption.org/v1/scrypt"
SALT_BYTES = 16
DEFAULT_WORK_FACTOR = 18  # about a second, 256 MiB
MAX_WORK_FACTOR = 22  # 4 GiB; more is an attack on the reader
WORK_FACTOR = re.compile(r"[1-9][0-9]?", re.ASCII)


class Recipient(Protocol):
    """Somebody a file can be encrypted to."""

    def wrap(self, file_key: FileKey) -> Stanza:
        """Return the stanza with which the recipient's identity finds the file key."""


class Identity(Protocol):
    """Somebody who may be able to open a file."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Return the file key, or None if no stanza is for this identity.

        Raises:
            HeaderMalformedError: A stanza of the identity's own kind breaks the format.
        """


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """A public key: encrypts, cannot decrypt, may be shown to anybody.

    Source: C2SP age.md, "The X25519 recipient type".
    """

    public_key: bytes

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse ``age1...``.

        Raises:
            InvalidKeyError: The text is no age recipient.
        """
        return cls(_decode_key(text.strip(), RECIPIENT_PREFIX, "an age recipient (age1...)"))

    def to_text(self) -> str:
        """Return ``age1...``."""
        return encode_bech32(RECIPIENT_PREFIX, self.public_key)

    @override
    def __str__(self) -> str:
        return self.to_text()

    def wrap(self, file_key: FileKey) -> Stanza:
        """Return a stanza made with a fresh ephemeral key."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        try:
            shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public_key))
        except ValueError as error:  # a low-order point: everybody could open such a file
            raise InvalidKeyError("the age recipient is not a safe public key") from error
        wrap_key = derive_key(shared, salt=share + self.public_key, info=X25519_INFO)
        return Stanza(X25519_KIND, (encode_base64(share),), _seal_key(wrap_key, file_key))


class _HiddenSecret:
    """Keeps a secret out of texts, copies and pickles."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    @override
    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret is not copied or serialised")


class X25519Identity(_HiddenSecret):
    """A private key. It never prints; `to_text` is the only way to its text."""

    __slots__ = ("_key", "recipient")

    def __init__(self, secret: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(secret)
        self.recipient = X25519Recipient(self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """Return a new identity from the system's random numbers."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse ``AGE-SECRET-KEY-1...``.

        Raises:
            InvalidKeyError: The text is no age identity; it is not repeated in the message.
        """
        wanted = "an age identity (AGE-SECRET-KEY-1...)"
        return cls(_decode_key(text.strip(), IDENTITY_PREFIX, wanted))

    def to_text(self) -> str:
        """Return ``AGE-SECRET-KEY-1...``: for the keyring and the recovery kit only."""
        return encode_bech32(IDENTITY_PREFIX, self._key.private_bytes_raw()).upper()

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Return the file key from the first X25519 stanza that this identity opens."""
        found = (self._open(stanza) for stanza in stanzas if stanza.kind == X25519_KIND)
        return next((file_key for file_key in found if file_key is not None), None)

    def _open(self, stanza: Stanza) -> FileKey | None:
        if len(stanza.arguments) != 1:
            raise HeaderMalformedError("an X25519 stanza has a wrong number of arguments")
        share = decode_base64(stanza.arguments[0])
        if len(share) != KEY_BYTES:
            raise HeaderMalformedError("an X25519 stanza has a share of the wrong length")
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError as error:
            raise HeaderMalformedError("an X25519 stanza has an unsafe share") from error
        wrap_key = derive_key(shared, salt=share + self.recipient.public_key, info=X25519_INFO)
        return _open_key(wrap_key, stanza)


class ScryptRecipient(_HiddenSecret):
    """A passphrase to encrypt with; it must be a file's only recipient.

    Units: ``work_factor`` is the base-two logarithm of scrypt's N; each step doubles time and
        memory, and 18 takes about a second.
    Source: C2SP age.md, "The scrypt recipient type".
    """

    __slots__ = ("_passphrase", "_work_factor")

    def __init__(self, passphrase: str, work_factor: int = DEFAULT_WORK_FACTOR) -> None:
        if not passphrase:
            raise InvalidKeyError("the passphrase is empty")
        if not 1 <= work_factor <= MAX_WORK_FACTOR:
            raise InvalidKeyError(f"the work factor must be between 1 and {MAX_WORK_FACTOR}")
        self._passphrase = passphrase
        self._work_factor = work_factor

    def wrap(self, file_key: FileKey) -> Stanza:
        """Return a stanza made with a fresh salt."""
        salt = secrets.token_bytes(SALT_BYTES)
        wrap_key = _stretch(self._passphrase, salt, self._work_factor)
        arguments = (encode_base64(salt), str(self._work_factor))
        return Stanza(SCRYPT_KIND, arguments, _seal_key(wrap_key, file_key))


class ScryptIdentity(_HiddenSecret):
    """A passphrase to decrypt with."""

    __slots__ = ("_max_work_factor", "_passphrase")

    def __init__(self, passphrase: str, max_work_factor: int = MAX_WORK_FACTOR) -> None:
        self._passphrase = passphrase
        self._max_work_factor = max_work_factor

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey | None:
        """Return the file key, if a passphrase is what opens the file and this is the one."""
        check_scrypt_stands_alone(stanzas)
        if not stanzas or stanzas[0].kind != SCRYPT_KIND:
            return None
        return self._open(stanzas[0])

    def _open(self, stanza: Stanza) -> FileKey | None:
        match stanza.arguments:
            case (salt_text, factor_text):
                salt = decode_base64(salt_text)
            case _:
                raise HeaderMalformedError("a scrypt stanza has a wrong number of arguments")
        if len(salt) != SALT_BYTES:
            raise HeaderMalformedError("a scrypt stanza has a salt of the wrong length")
        if not WORK_FACTOR.fullmatch(factor_text) or int(factor_text) > self._max_work_factor:
            raise HeaderMalformedError("a scrypt stanza has a work factor that is not accepted")
        _check_body(stanza)
        return _open_key(_stretch(self._passphrase, salt, int(factor_text)), stanza)


def check_scrypt_stands_alone(stanzas: Sequence[Stanza]) -> None:
    """Refuse a header that mixes a passphrase with anything else.

    Raises:
        HeaderMalformedError: A scrypt stanza has company.
    """
    if len(stanzas) > 1 and any(stanza.kind == SCRYPT_KIND for stanza in stanzas):
        raise HeaderMalformedError("the encrypted header mixes a passphrase with other recipients")


def parse_identity_file(text: str) -> list[X25519Identity]:
    """Return the identities of a file as ``age-keygen`` writes it: one a line, ``#`` comments.

    Raises:
        InvalidKeyError: A line is no identity, or there is none.
    """
    lines = [line.strip() for line in text.splitlines()]
    found = [X25519Identity.from_text(line) for line in lines if line and line[0] != "#"]
    if not found:
        raise InvalidKeyError("the identity file holds no identity")
    return found


def _decode_key(text: str, prefix: str, wanted: str) -> bytes:
    try:
        found_prefix, key = decode_bech32(text)
    except Bech32Error as error:
        raise InvalidKeyError(f"the text is not {wanted}: {error}") from error
    if found_prefix != prefix or len(key) != KEY_BYTES:
        raise InvalidKeyError(f"the text is not {wanted}")
    return key


def _stretch(passphrase: str, salt: bytes, work_factor: int) -> bytes:
    scrypt = Scrypt(salt=SCRYPT_INFO + salt, length=32, n=1 << work_factor, r=8, p=1)
    return scrypt.derive(passphrase.encode())


def _seal_key(wrap_key: bytes, file_key: FileKey) -> bytes:
    return ChaCha20Poly1305(wrap_key).encrypt(ZERO_NONCE, file_key, None)


def _open_key(wrap_key: bytes, stanza: Stanza) -> FileKey | None:
    _check_body(stanza)
    try:
        return FileKey(ChaCha20Poly1305(wrap_key).decrypt(ZERO_NONCE, stanza.body, None))
    except InvalidTag:
        return None


def _check_body(stanza: Stanza) -> None:
    """Check the length before decrypting, against partitioning oracles."""
    if len(stanza.body) != WRAPPED_KEY_BYTES:
        raise HeaderMalformedError("the encrypted header holds a file key of the wrong length")
