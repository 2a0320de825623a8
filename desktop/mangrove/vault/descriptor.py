"""The file ``vault.json``: which vault lies here, and the public halves of its keys."""

from dataclasses import dataclass
from datetime import datetime

from mangrove.core.errors import UnknownFormatError
from mangrove.core.vault import VaultId, VaultSpec
from mangrove.vault.manifest_codec import check_format
from mangrove.vault.strict_json import (
    MalformedDocumentError,
    decode_document,
    encode_document,
    encode_moment,
)

LIMIT_BYTES = 1 << 20
FORMAT_NAME = "mangrove vault"
FORMAT_VERSION = 1
_FIELDS = ("format", "version", "vault_id", "age_recipients", "minisign_public_key", "created_at")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What ``vault.json`` says; a help for people, never what we trust keys from."""

    vault_id: VaultId
    recipients: tuple[str, ...]
    public_key: str
    created_at: datetime


def descriptor_of(spec: VaultSpec) -> Descriptor:
    """Return the descriptor that a vault should have."""
    return Descriptor(spec.vault_id, spec.recipients, spec.public_key, spec.created_at)


def encode_descriptor(descriptor: Descriptor) -> bytes:
    """Return the bytes of ``vault.json``."""
    return encode_document(
        {
            "format": FORMAT_NAME,
            "version": FORMAT_VERSION,
            "vault_id": descriptor.vault_id,
            "age_recipients": list(descriptor.recipients),
            "minisign_public_key": descriptor.public_key,
            "created_at": encode_moment(descriptor.created_at),
        }
    )


def decode_descriptor(data: bytes) -> Descriptor:
    """Read ``vault.json``.

    Raises:
        UnknownFormatError: If it is of a newer version, or no description of a vault at all.
    """
    try:
        document = decode_document(data, LIMIT_BYTES)
        check_format(document, FORMAT_NAME, FORMAT_VERSION)
        record = document.record(_FIELDS)
        return Descriptor(
            vault_id=VaultId(record["vault_id"].text()),
            recipients=record["age_recipients"].texts(),
            public_key=record["minisign_public_key"].text(),
            created_at=record["created_at"].moment(),
        )
    except MalformedDocumentError as error:
        raise UnknownFormatError(
            f"vault.json does not describe a vault: {error}",
            hint="check the vault's URL; nothing was written",
        ) from None
