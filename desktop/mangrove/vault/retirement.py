"""What a retired signing key had signed: a record that leaves no room for anything it signs later.

A retired key may be in other hands. Its numbers and moments are bounded by when it was retired, but
whoever has it can write down any number and any moment below the bounds. So the record lists every
signature that was there, and nothing else by that key is believed. The workstation that retired the
key keeps the record's SHA-256; the key itself signs the record last of all, as a word of farewell
to workstations that trust it still.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mangrove.core.blobs import BlobName
from mangrove.core.errors import BlobNotFoundError, MangroveError, SignatureInvalidError
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.blob_name import checked
from mangrove.vault.codecs.manifest import check_format
from mangrove.vault.codecs.strict_json import (
    MalformedDocumentError,
    decode_document,
    encode_document,
    encode_moment,
)
from mangrove.vault.crypto.minisign import MinisignPublicKey, MinisignSecretKey, sign, verify
from mangrove.vault.layout import (
    KEYS_PATH,
    LOCKS_PATH,
    SEQUENCE_PATH,
    SIGNATURE_SUFFIX,
    signature_of,
)
from mangrove.vault.signatures import LIMIT_BYTES as SIGNATURE_LIMIT_BYTES
from mangrove.vault.transfer import fetch_whole, store_compared

log = logging.getLogger(__name__)
FORMAT_NAME = "mangrove retired key"
FORMAT_VERSION = 1
LIMIT_BYTES = 64 << 20
_DIGITS = 32  # 128 bits: nobody finds a second signature with the same beginning
_FIELDS = (
    "format",
    "version",
    "vault_id",
    "minisign_public_key",
    "last_sequence",
    "retired_at",
    "signatures",
)


@dataclass(frozen=True, slots=True)
class Retirement:
    """What a record says.

    Attributes:
        signatures: A mark of each signature of before.
    """

    key: RetiredKey
    signatures: frozenset[str]


def mark_of(signature: bytes) -> str:
    """Return the mark of a signature file."""
    return hashlib.sha256(signature).hexdigest()[:_DIGITS]


def record_name(public_key: str) -> BlobName:
    """Name the record of a key."""
    return checked(f"{KEYS_PATH}{MinisignPublicKey.from_text(public_key).key_id.hex()}.json")


def all_marks(storage: Storage) -> Iterator[str]:
    """Yield a mark of every signature in a storage; each is read once."""
    for info in storage.list():
        passing = info.name.startswith((LOCKS_PATH, SEQUENCE_PATH))
        if info.name.endswith(SIGNATURE_SUFFIX) and not passing:
            yield mark_of(fetch_whole(storage, info.name, SIGNATURE_LIMIT_BYTES))


def encode_record(vault_id: VaultId, key: RetiredKey, marks: Iterable[str]) -> bytes:
    """Return the record's bytes."""
    return encode_document(
        {
            "format": FORMAT_NAME,
            "version": FORMAT_VERSION,
            "vault_id": vault_id,
            "minisign_public_key": key.public_key,
            "last_sequence": key.last_sequence,
            "retired_at": encode_moment(key.retired_at),
            "signatures": sorted(set(marks)),
        }
    )


def decode_record(data: bytes, vault_id: VaultId) -> Retirement:
    """Read a record.

    Raises:
        SignatureInvalidError: If it is none, or one of another vault.
    """
    try:
        node = decode_document(data, LIMIT_BYTES)
        check_format(node, FORMAT_NAME, FORMAT_VERSION)
        record = node.record(_FIELDS)
        is_ours = record["vault_id"].text() == vault_id
        key = RetiredKey(
            record["minisign_public_key"].text(),
            record["last_sequence"].integer(),
            record["retired_at"].moment(),
            hashlib.sha256(data).hexdigest(),
        )
        marks = frozenset(record["signatures"].texts())
    except (MalformedDocumentError, MangroveError) as error:
        raise SignatureInvalidError(f"a record of a retired key cannot be read: {error}") from None
    if not is_ours:
        raise SignatureInvalidError("a record of a retired key is of another vault")
    return Retirement(key, marks)


def store_record(storage: Storage, key: RetiredKey, data: bytes) -> None:
    """Put the record in its place; one that a cut off change left is replaced."""
    name = record_name(key.public_key)
    storage.delete(signature_of(name))
    storage.delete(name)
    store_compared(storage, name, data)


def say_farewell(
    storage: Storage, vault_id: VaultId, key: RetiredKey, old: MinisignSecretKey
) -> None:
    """Let the retired key sign its own record, unless it did: the last thing it signs."""
    name = record_name(key.public_key)
    if next(storage.list(signature_of(name)), None) is not None:
        return
    data = fetch_whole(storage, name, LIMIT_BYTES)
    comment = (
        f"mangrove retired key last {key.last_sequence} at {encode_moment(key.retired_at)}"
        f" vault {vault_id}"
    )
    store_compared(storage, signature_of(name), sign(old, data, comment).encode())


class Retirements:
    """The records in one storage, each read when it is first needed."""

    def __init__(self, storage: Storage, vault_id: VaultId) -> None:
        self._storage, self._vault_id = storage, vault_id
        self._listed: dict[str, frozenset[str]] = {}
        self._farewell: dict[str, RetiredKey | None] = {}

    def signed_by(self, key: RetiredKey) -> frozenset[str]:
        """Return the marks of everything that a key had signed when it was retired.

        Raises:
            SignatureInvalidError: If the record is gone, or not the one that was written then.
        """
        if key.public_key not in self._listed:
            try:
                data = fetch_whole(self._storage, record_name(key.public_key), LIMIT_BYTES)
            except BlobNotFoundError:
                data = b""
            if hashlib.sha256(data).hexdigest() != key.record:
                raise SignatureInvalidError(
                    "the record of what a retired signing key had signed is missing or was changed,"
                    " so what it signed cannot be told from what somebody forged since",
                    hint="bring it back from a mirror: mangrove vault check NAME --repair",
                )
            self._listed[key.public_key] = decode_record(data, self._vault_id).signatures
        return self._listed[key.public_key]

    def farewell_of(self, public_key: str) -> RetiredKey | None:
        """Return when a key that is trusted here was retired elsewhere; None if it was not."""
        if public_key not in self._farewell:
            self._farewell[public_key] = self._read_farewell(public_key)
        return self._farewell[public_key]

    def _read_farewell(self, public_key: str) -> RetiredKey | None:
        name = record_name(public_key)
        try:
            signature = fetch_whole(self._storage, signature_of(name), SIGNATURE_LIMIT_BYTES)
            data = fetch_whole(self._storage, name, LIMIT_BYTES)
            verify(MinisignPublicKey.from_text(public_key), data, signature.decode())
            found = decode_record(data, self._vault_id).key
        except (BlobNotFoundError, SignatureInvalidError, UnicodeDecodeError) as error:
            log.debug("no farewell of a signing key why=%s", type(error).__name__)
            return None
        return found if found.public_key == public_key else None
