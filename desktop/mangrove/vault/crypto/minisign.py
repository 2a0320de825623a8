"""Signatures that the minisign program can check: Ed25519 over a BLAKE2b-512 of the data."""

import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import NewType, NoReturn, Self, SupportsIndex

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from typing_extensions import override

from mangrove.core.errors import InvalidKeyError, SignatureInvalidError

TrustedComment = NewType("TrustedComment", str)

KEY_ID_BYTES = 8
SEED_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ALGORITHM = b"Ed"
PREHASHED_ALGORITHM = b"ED"  # the other one, "Ed", signs the data itself and is obsolete
NO_KDF = b"\x00\x00"
CHECKSUM_ALGORITHM = b"B2"
KDF_PARAMETER_BYTES = 32 + 8 + 8  # salt, operations limit, memory limit
UNTRUSTED_PREFIX = "untrusted comment: "
TRUSTED_PREFIX = "trusted comment: "
MAX_COMMENT_BYTES = 8000  # the program reads lines of up to 8192


@dataclass(frozen=True, slots=True)
class MinisignPublicKey:
    """What checks a signature; may be shown to anybody.

    Source: minisign manual, "Public key format".
    """

    key_id: bytes
    key: bytes

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse a public key file, or its bare second line (``RW...``).

        Raises:
            InvalidKeyError: The text is no minisign public key.
        """
        lines = [line for line in text.strip().splitlines() if line.strip()]
        if len(lines) > 1 and lines[0].startswith("untrusted comment:"):
            lines = lines[1:]
        raw = _decode(lines[0]) if len(lines) == 1 else None
        if raw is None or len(raw) != 42 or raw[:2] != KEY_ALGORITHM:  # noqa: PLR2004 - 2 + 8 + 32
            raise InvalidKeyError("the text is not a minisign public key (RW...)")
        return cls(raw[2:10], raw[10:])

    def to_text(self) -> str:
        """Return the bare base64 form that ``minisign -P`` takes."""
        return b64encode(KEY_ALGORITHM + self.key_id + self.key).decode("ascii")

    def to_file_text(self) -> str:
        """Return the file that ``minisign -p`` takes."""
        return f"{UNTRUSTED_PREFIX}minisign public key {self.name}\n{self.to_text()}\n"

    @property
    def name(self) -> str:
        """The key id as minisign prints it."""
        return f"{int.from_bytes(self.key_id, 'little'):X}"


class MinisignSecretKey:
    """What signs. It never prints; `to_text` and `to_minisign_file` are the only ways out."""

    __slots__ = ("_key", "public_key")

    def __init__(self, seed: bytes, key_id: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = MinisignPublicKey(key_id, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """Return a new key from the system's random numbers."""
        return cls(secrets.token_bytes(SEED_BYTES), secrets.token_bytes(KEY_ID_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse what `to_text` returned.

        Raises:
            InvalidKeyError: The text is something else; it is not repeated in the message.
        """
        raw = _decode(text.strip())
        if raw is None or len(raw) != SEED_BYTES + KEY_ID_BYTES:
            raise InvalidKeyError("the text is not a signing key of ours")
        return cls(raw[:SEED_BYTES], raw[SEED_BYTES:])

    def to_text(self) -> str:
        """Return seed and key id as one line of base64, for the keyring."""
        return b64encode(self._key.private_bytes_raw() + self.public_key.key_id).decode("ascii")

    def to_minisign_file(self) -> str:
        """Return the unencrypted key file that ``minisign -S -W -s`` takes.

        Source: minisign manual, "Secret key format", with the key derivation left out.
        """
        public = self.public_key
        pair = self._key.private_bytes_raw() + public.key
        checksum = blake2b(KEY_ALGORITHM + public.key_id + pair, digest_size=32).digest()
        head = KEY_ALGORITHM + NO_KDF + CHECKSUM_ALGORITHM + bytes(KDF_PARAMETER_BYTES)
        body = b64encode(head + public.key_id + pair + checksum).decode("ascii")
        return f"{UNTRUSTED_PREFIX}minisign secret key {public.name}\n{body}\n"

    def sign_bytes(self, data: bytes) -> bytes:
        """Return the bare Ed25519 signature of ``data``."""
        return self._key.sign(data)

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    @override
    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret is not copied or serialised")


def sign(secret_key: MinisignSecretKey, data: bytes | Iterable[bytes], trusted_comment: str) -> str:
    """Return the text of a ``.minisig`` file.

    The trusted comment is signed together with the data's signature; it is one line.

    Source: minisign manual, "Signature format".
    """
    if not trusted_comment.isprintable() or len(trusted_comment.encode()) > MAX_COMMENT_BYTES:
        raise ValueError("a trusted comment is one short line of printable text")
    public = secret_key.public_key
    signature = secret_key.sign_bytes(_hash(data))
    global_signature = secret_key.sign_bytes(signature + trusted_comment.encode())
    head = b64encode(PREHASHED_ALGORITHM + public.key_id + signature).decode("ascii")
    tail = b64encode(global_signature).decode("ascii")
    return (
        f"{UNTRUSTED_PREFIX}signature from mangrove, key {public.name}\n{head}\n"
        f"{TRUSTED_PREFIX}{trusted_comment}\n{tail}\n"
    )


def verify(
    public_key: MinisignPublicKey, data: bytes | Iterable[bytes], signature_text: str
) -> TrustedComment:
    """Return the trusted comment, once data and comment are proven to be what was signed.

    Raises:
        SignatureInvalidError: Another key, other data, another comment, or no signature at all.
    """
    signature = _parse(signature_text)
    if signature.key_id != public_key.key_id:
        raise SignatureInvalidError("the signature was made with another key")
    key = Ed25519PublicKey.from_public_bytes(public_key.key)
    try:
        key.verify(signature.signature, _hash(data))
    except InvalidSignature as error:
        raise SignatureInvalidError("the data is not what was signed") from error
    _check_comment(public_key, signature)
    return TrustedComment(signature.comment)


def verify_comment(public_key: MinisignPublicKey, signature_text: str) -> TrustedComment:
    """Return the trusted comment, proven to be by this key; the data was not looked at.

    Source: minisign manual, "Signature format": the global signature covers signature and
    trusted comment, so it can be checked without the file.

    Raises:
        SignatureInvalidError: Another key, another comment, or no signature at all.
    """
    signature = _parse(signature_text)
    _check_comment(public_key, signature)
    return TrustedComment(signature.comment)


def key_id_of(signature_text: str) -> bytes:
    """Return the id of the key that a signature claims to be made with.

    Raises:
        SignatureInvalidError: This is no signature.
    """
    return _parse(signature_text).key_id


@dataclass(frozen=True, slots=True)
class _Signature:
    key_id: bytes
    signature: bytes
    comment: str
    global_signature: bytes


def _check_comment(public_key: MinisignPublicKey, signature: _Signature) -> None:
    if signature.key_id != public_key.key_id:
        raise SignatureInvalidError("the signature was made with another key")
    key = Ed25519PublicKey.from_public_bytes(public_key.key)
    try:
        key.verify(signature.global_signature, signature.signature + signature.comment.encode())
    except InvalidSignature as error:
        raise SignatureInvalidError("the trusted comment is not what was signed") from error


def _parse(text: str) -> _Signature:
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    match lines:
        case [untrusted, head_text, trusted, tail_text] if untrusted.startswith(
            UNTRUSTED_PREFIX
        ) and trusted.startswith(TRUSTED_PREFIX):
            head, tail = _decode(head_text), _decode(tail_text)
        case _:
            raise SignatureInvalidError("this is not a minisign signature")
    if head is None or tail is None or len(tail) != SIGNATURE_BYTES:
        raise SignatureInvalidError("the signature is damaged")
    if len(head) != len(PREHASHED_ALGORITHM) + KEY_ID_BYTES + SIGNATURE_BYTES:
        raise SignatureInvalidError("the signature is damaged")
    if head[:2] != PREHASHED_ALGORITHM:
        raise SignatureInvalidError("the signature is not of the pre-hashed kind")
    return _Signature(head[2:10], head[10:], trusted.removeprefix(TRUSTED_PREFIX), tail)


def _hash(data: bytes | Iterable[bytes]) -> bytes:
    digest = blake2b()
    for chunk in [data] if isinstance(data, bytes) else data:
        digest.update(chunk)
    return digest.digest()


def _decode(text: str) -> bytes | None:
    """Return the bytes of canonical base64, or None."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return data if b64encode(data).decode("ascii") == text else None
