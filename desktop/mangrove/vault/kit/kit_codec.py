"""A recovery kit as text: an age identity file whose comments say everything else."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from mangrove.core.backup import Compression
from mangrove.core.errors import InvalidProfileError, InvalidUriError, UnknownFormatError
from mangrove.core.profile import Colour, Profile, ProfileId
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelAuth, TunnelSpec
from mangrove.core.uri import parse_uri
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.kit import RecoveryKit
from mangrove.core.vaults.mirror import MirrorSpec
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.vault.codecs.manifest import check_format
from mangrove.vault.codecs.strict_json import (
    MalformedDocumentError,
    Node,
    decode_document,
    encode_document,
    encode_moment,
)

FORMAT_NAME = "mangrove recovery kit"
FORMAT_VERSION = 1
LIMIT_BYTES = 8 << 20
_MARK = "#| "
_FIELDS = (
    "format",
    "version",
    "vault",
    "identity",
    "description_identity",
    "signing_key",
    "storage_key",
    "profiles",
    "last_sequence",
    "made_at",
    "tool_version",
)
_VAULT_FIELDS = (
    "vault_id",
    "name",
    "url",
    "recipients",
    "recipient_names",
    "former_recipients",
    "public_key",
    "retired_keys",
    "description_recipient",
    "compression",
    "access_key",
    "created_at",
)
_LATER_FIELDS = ("mirror_keys",)
_LATER_VAULT_FIELDS = ("mirrors",)
_MIRROR_FIELDS = ("mirror_id", "name", "url", "access_key", "has_storage_secret")
_PROFILE_FIELDS = ("profile_id", "name", "slug", "uri", "colour", "created_at", "tunnel")
_TUNNEL_FIELDS = ("host", "user", "port", "auth", "key_file", "known_hosts")
Value = TypeVar("Value")


def encode_kit(kit: RecoveryKit, instructions: Iterable[str]) -> bytes:
    """Return the text: instructions as comments, the identities, and the document as comments.

    The result is what ``age -d -i`` takes: it skips the lines that begin with ``#``.
    Source: age manual, "-i": one identity a line, empty lines and ``#`` lines are ignored.
    """
    lines = [f"# {line}".rstrip() for line in instructions]
    secrets = (kit.identity, kit.description_identity)
    lines += [secret.reveal() for secret in secrets if secret is not None]
    document = encode_document(_document(kit)).decode()
    lines += [_MARK + line for line in document.splitlines()]
    return ("\n".join(lines) + "\n").encode()


def decode_kit(data: bytes) -> RecoveryKit:
    """Read back what ``encode_kit`` made.

    Raises:
        UnknownFormatError: If it is no recovery kit, or one of a newer version.
    """
    try:
        text = data.decode()
        lines = [line[len(_MARK) :] for line in text.split("\n") if line.startswith(_MARK)]
        node = decode_document("\n".join(lines).encode(), LIMIT_BYTES)
        check_format(node, FORMAT_NAME, FORMAT_VERSION)
        return _kit(node)
    except (MalformedDocumentError, UnicodeDecodeError, InvalidUriError, InvalidProfileError):
        raise UnknownFormatError(
            "the file holds no recovery kit; nothing was changed",
            hint="give the file that mangrove vault kit wrote beside the PDF",
        ) from None


def _document(kit: RecoveryKit) -> Mapping[str, object]:
    document = _first_document(kit)
    if not kit.mirror_keys:
        return document
    return {**document, "mirror_keys": {name: key.reveal() for name, key in kit.mirror_keys}}


def _first_document(kit: RecoveryKit) -> Mapping[str, object]:
    return {
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "vault": _vault_document(kit.spec),
        "identity": _revealed(kit.identity),
        "description_identity": _revealed(kit.description_identity),
        "signing_key": _revealed(kit.signing_key),
        "storage_key": _revealed(kit.storage_key),
        "profiles": [_profile_document(profile) for profile in kit.profiles],
        "last_sequence": kit.last_sequence,
        "made_at": encode_moment(kit.made_at),
        "tool_version": kit.tool_version,
    }


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def _vault_document(spec: VaultSpec) -> Mapping[str, object]:
    document = _first_vault_document(spec)
    if not spec.mirrors:
        return document
    return {**document, "mirrors": [_mirror_document(mirror) for mirror in spec.mirrors]}


def _mirror_document(mirror: MirrorSpec) -> Mapping[str, object]:
    return {
        "mirror_id": mirror.mirror_id,
        "name": mirror.name,
        "url": mirror.url,
        "access_key": mirror.access_key,
        "has_storage_secret": mirror.has_storage_secret,
    }


def _first_vault_document(spec: VaultSpec) -> Mapping[str, object]:
    return {
        "vault_id": spec.vault_id,
        "name": spec.name,
        "url": spec.url,
        "recipients": list(spec.recipients),
        "recipient_names": dict(spec.recipient_names),
        "former_recipients": list(spec.former_recipients),
        "public_key": spec.public_key,
        "retired_keys": [_retired_document(key) for key in spec.retired_keys],
        "description_recipient": spec.description_recipient,
        "compression": spec.compression,
        "access_key": spec.access_key,
        "created_at": encode_moment(spec.created_at),
    }


def _retired_document(key: RetiredKey) -> dict[str, object]:
    document: dict[str, object] = {
        "public_key": key.public_key,
        "last_sequence": key.last_sequence,
        "retired_at": encode_moment(key.retired_at),
    }
    return {**document, "record": key.record} if key.record else document


def _profile_document(profile: Profile) -> Mapping[str, object]:
    tunnel = profile.tunnel
    return {
        "profile_id": profile.profile_id,
        "name": profile.name,
        "slug": profile.slug,
        "uri": profile.uri.text(),
        "colour": profile.colour,
        "created_at": encode_moment(profile.created_at),
        "tunnel": None
        if tunnel is None
        else {
            "host": tunnel.host,
            "user": tunnel.user,
            "port": tunnel.port,
            "auth": tunnel.auth,
            "key_file": tunnel.key_file,
            "known_hosts": tunnel.known_hosts,
        },
    }


def _kit(node: Node) -> RecoveryKit:
    record = node.record(_FIELDS, _LATER_FIELDS)
    keys = record.get("mirror_keys")
    return RecoveryKit(
        spec=_spec(record["vault"]),
        identity=_secret(record["identity"]),
        description_identity=_secret(record["description_identity"]),
        signing_key=_secret(record["signing_key"]),
        storage_key=_secret(record["storage_key"]),
        profiles=tuple(map(_profile, record["profiles"].items())),
        last_sequence=record["last_sequence"].integer(),
        made_at=record["made_at"].moment(),
        tool_version=record["tool_version"].text(),
        mirror_keys=_mirror_keys(keys) if keys else (),
    )


def _mirror_keys(node: Node) -> tuple[tuple[str, Secret], ...]:
    pairs = node.fields().items()
    return tuple((name, Secret(Node(key, f"{node.path}.key").text())) for name, key in pairs)


def _mirror(node: Node) -> MirrorSpec:
    record = node.record(_MIRROR_FIELDS)
    return MirrorSpec(
        mirror_id=record["mirror_id"].text(),
        name=record["name"].text(),
        url=record["url"].text(),
        access_key=record["access_key"].text(),
        has_storage_secret=record["has_storage_secret"].flag(),
    )


def _optional(node: Node, read: Callable[[Node], Value]) -> Value | None:
    return None if node.value is None else read(node)


def _secret(node: Node) -> Secret | None:
    text = node.optional_text()
    return None if text is None else Secret(text)


def _spec(node: Node) -> VaultSpec:
    record = node.record(_VAULT_FIELDS, _LATER_VAULT_FIELDS)
    mirrors = record.get("mirrors")
    names = record["recipient_names"]
    return VaultSpec(
        vault_id=VaultId(record["vault_id"].text()),
        name=record["name"].text(),
        url=record["url"].text(),
        recipients=record["recipients"].texts(),
        public_key=record["public_key"].text(),
        compression=record["compression"].choice(Compression),
        access_key=record["access_key"].text(),
        created_at=record["created_at"].moment(),
        recipient_names=tuple(
            (key, Node(name, f"{names.path}.name").text()) for key, name in names.fields().items()
        ),
        former_recipients=record["former_recipients"].texts(),
        retired_keys=tuple(map(_retired, record["retired_keys"].items())),
        description_recipient=record["description_recipient"].text(),
        mirrors=tuple(map(_mirror, mirrors.items())) if mirrors else (),
    )


def _retired(node: Node) -> RetiredKey:
    record = node.record(("public_key", "last_sequence", "retired_at"), ("record",))
    return RetiredKey(
        record["public_key"].text(),
        record["last_sequence"].integer(),
        record["retired_at"].moment(),
        found.text() if (found := record.get("record")) else "",
    )


def _profile(node: Node) -> Profile:
    record = node.record(_PROFILE_FIELDS)
    return Profile(
        profile_id=ProfileId(record["profile_id"].text()),
        name=record["name"].text(),
        slug=record["slug"].text(),
        uri=parse_uri(record["uri"].text()).uri,
        password=None,
        certificate_password=None,
        colour=record["colour"].choice(Colour),
        created_at=record["created_at"].moment(),
        tunnel=_optional(record["tunnel"], _tunnel),
    )


def _tunnel(node: Node) -> TunnelSpec:
    record = node.record(_TUNNEL_FIELDS)
    return TunnelSpec(
        host=record["host"].text(),
        user=record["user"].text(),
        port=record["port"].integer(),
        auth=record["auth"].choice(TunnelAuth),
        key_file=record["key_file"].text(),
        known_hosts=record["known_hosts"].text(),
    )
