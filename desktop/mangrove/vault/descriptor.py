"""The file ``vault.json``: which vault lies here, and the public halves of its keys."""

from dataclasses import dataclass
from datetime import datetime

from mangrove.core.errors import (
    BlobNotFoundError,
    MangroveError,
    UnknownFormatError,
    VaultNotFoundError,
)
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.vault.codecs.manifest import check_format
from mangrove.vault.codecs.strict_json import (
    MalformedDocumentError,
    Node,
    decode_document,
    encode_document,
    encode_moment,
)
from mangrove.vault.layout import DESCRIPTOR, NEXT_DESCRIPTOR
from mangrove.vault.transfer import fetch_whole, store_compared

LIMIT_BYTES = 1 << 20
FORMAT_NAME = "mangrove vault"
FORMAT_VERSION = 1
_FIELDS = ("format", "version", "vault_id", "age_recipients", "minisign_public_key", "created_at")
_LATER_FIELDS = ("recipient_names", "retired_keys")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What ``vault.json`` says; a help for people, never what we trust keys from."""

    vault_id: VaultId
    recipients: tuple[str, ...]
    public_key: str
    created_at: datetime
    recipient_names: tuple[tuple[str, str], ...] = ()
    retired_keys: tuple[RetiredKey, ...] = ()


def descriptor_of(spec: VaultSpec) -> Descriptor:
    """Return the descriptor that a vault should have."""
    return Descriptor(
        spec.vault_id,
        spec.recipients,
        spec.public_key,
        spec.created_at,
        spec.recipient_names,
        spec.retired_keys,
    )


def encode_descriptor(descriptor: Descriptor) -> bytes:
    """Return the bytes of ``vault.json``."""
    document: dict[str, object] = {
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "vault_id": descriptor.vault_id,
        "age_recipients": list(descriptor.recipients),
        "minisign_public_key": descriptor.public_key,
        "created_at": encode_moment(descriptor.created_at),
    }
    # Written only where there is something to say: other vaults stay as they always were.
    if descriptor.recipient_names:
        document["recipient_names"] = dict(descriptor.recipient_names)
    if descriptor.retired_keys:
        document["retired_keys"] = [_retired_document(key) for key in descriptor.retired_keys]
    return encode_document(document)


def decode_descriptor(data: bytes) -> Descriptor:
    """Read ``vault.json``.

    Raises:
        UnknownFormatError: If it is of a newer version, or no description of a vault at all.
    """
    try:
        document = decode_document(data, LIMIT_BYTES)
        check_format(document, FORMAT_NAME, FORMAT_VERSION)
        record = document.record(_FIELDS, _LATER_FIELDS)
        names, retired = record.get("recipient_names"), record.get("retired_keys")
        return Descriptor(
            vault_id=VaultId(record["vault_id"].text()),
            recipients=record["age_recipients"].texts(),
            public_key=record["minisign_public_key"].text(),
            created_at=record["created_at"].moment(),
            recipient_names=_names(names) if names else (),
            retired_keys=tuple(map(_retired, retired.items())) if retired else (),
        )
    except MalformedDocumentError as error:
        raise UnknownFormatError(
            f"vault.json does not describe a vault: {error}",
            hint="check the vault's URL; nothing was written",
        ) from None


def read_descriptor(storage: Storage) -> Descriptor:
    """Read ``vault.json``, or the new one that was to take its place when a change was cut off.

    Raises:
        VaultNotFoundError: If there is neither.
    """
    for name in (DESCRIPTOR, NEXT_DESCRIPTOR):
        try:
            return decode_descriptor(fetch_whole(storage, name, LIMIT_BYTES))
        except BlobNotFoundError:
            continue
    raise VaultNotFoundError(
        "there is no vault in the storage: vault.json is missing",
        hint="check that the right disk is mounted or the right bucket is named",
    )


def replace_descriptor(storage: Storage, descriptor: Descriptor) -> None:
    """Put another ``vault.json`` in the place of the one that is there.

    Errors: wherever this is cut off, one of the two names leads to a whole description, and the
        next call finishes the work.
    """
    data = encode_descriptor(descriptor)
    storage.delete(NEXT_DESCRIPTOR)
    store_compared(storage, NEXT_DESCRIPTOR, data)
    storage.delete(DESCRIPTOR)
    store_compared(storage, DESCRIPTOR, data)
    storage.delete(NEXT_DESCRIPTOR)


def check_descriptor(storage: Storage, spec: VaultSpec) -> Descriptor:
    """Return what lies in the storage, once it is sure to be this vault with keys we know.

    Raises:
        VaultNotFoundError: If another vault, or none, lies there, or one with strange keys.
    """
    found = read_descriptor(storage)
    if found.vault_id != spec.vault_id:
        raise VaultNotFoundError(
            "another vault lies in the storage; nothing was read or written",
            hint="check the vault's URL",
        )
    known_signers = {spec.public_key, *(key.public_key for key in spec.retired_keys)}
    known_holders = {*spec.recipients, *spec.former_recipients}
    is_known = found.public_key in known_signers and set(found.recipients) <= known_holders
    if not is_known or bool(found.recipients) != spec.is_encrypted:
        raise VaultNotFoundError(
            "vault.json names other keys than the ones trusted here; nothing was written",
            hint="if keys were changed on another workstation, open the vault again from a new"
            " recovery kit; if not, find out who changed it before anything is stored there",
        )
    return found


def settle_descriptor(storage: Storage, spec: VaultSpec) -> None:
    """Bring ``vault.json`` up to the keys that this workstation trusts.

    Raises:
        VaultNotFoundError: As ``check_descriptor`` says; nothing was written.
    """
    if check_descriptor(storage, spec) != descriptor_of(spec) or _is_unfinished(storage):
        replace_descriptor(storage, descriptor_of(spec))


def descriptor_problem(storage: Storage, spec: VaultSpec) -> str:
    """Say what is wrong with ``vault.json``; "" when nothing is."""
    try:
        check_descriptor(storage, spec)
    except MangroveError as error:
        return error.message
    return ""


def _is_unfinished(storage: Storage) -> bool:
    return any(info.name == NEXT_DESCRIPTOR for info in storage.list(NEXT_DESCRIPTOR))


def _names(node: Node) -> tuple[tuple[str, str], ...]:
    pairs = node.fields()
    return tuple((key, Node(name, f"{node.path}.name").text()) for key, name in pairs.items())


def _retired_document(key: RetiredKey) -> dict[str, object]:
    document: dict[str, object] = {
        "minisign_public_key": key.public_key,
        "last_sequence": key.last_sequence,
        "retired_at": encode_moment(key.retired_at),
    }
    return {**document, "record": key.record} if key.record else document


def _retired(node: Node) -> RetiredKey:
    record = node.record(("minisign_public_key", "last_sequence", "retired_at"), ("record",))
    return RetiredKey(
        record["minisign_public_key"].text(),
        record["last_sequence"].integer(),
        record["retired_at"].moment(),
        found.text() if (found := record.get("record")) else "",
    )
