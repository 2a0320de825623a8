"""Vaults: where backups are kept, with which keys, and what is known of each backup there."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from mangrove.core.backup import IMPORT_SLUG, SAFETY_MARK, BackupId, Compression, Consistency
from mangrove.core.cover import Cover, DatabaseContent, rough_cover
from mangrove.core.errors import InvalidProfileError, InvalidVaultUrlError
from mangrove.core.mirror import MirrorSpec
from mangrove.core.namespace import Namespace
from mangrove.core.object_lock import KEEPS_NOTHING, Keeping, ObjectLock
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.tunnel import TunnelAuth, parse_server
from mangrove.core.vault_keys import KitRecord, RetiredKey
from mangrove.core.verification import EvidenceSummary

VaultId = NewType("VaultId", str)
BlobName = NewType("BlobName", str)
_KINDS_HINT = (
    "write file:///path, s3://bucket/prefix?endpoint=https://host&region=name, "
    "az://container/prefix?account=name, gs://bucket/prefix, sftp://user@host:port/path or "
    "rclone://remote/path"
)
_SFTP_HINT = "write sftp://user@host:port/path, or /~/path for a folder below the user's own"


class StorageKind(StrEnum):
    """The kinds of storage a vault can live in."""

    FOLDER = "file"
    S3 = "s3"
    AZURE = "az"
    GOOGLE = "gs"
    SFTP = "sftp"
    RCLONE = "rclone"


_OPTIONS: dict[str, frozenset[str]] = {
    StorageKind.FOLDER: frozenset(),
    StorageKind.S3: frozenset({"endpoint", "region", "style", "checksum"}),
    StorageKind.AZURE: frozenset({"account", "endpoint"}),
    StorageKind.GOOGLE: frozenset({"endpoint"}),
    StorageKind.SFTP: frozenset({"auth", "key", "known_hosts"}),
    StorageKind.RCLONE: frozenset({"config"}),
}
_ROOT_WORDS = {
    StorageKind.S3: "bucket",
    StorageKind.AZURE: "container",
    StorageKind.GOOGLE: "bucket",
    StorageKind.RCLONE: "remote of rclone",
}
_REMOTE = re.compile(r"[\w.+@][\w.+@ -]*")
_SECRET_OPTIONS = frozenset(
    {"sig", "password", "secret", "secret_key", "secret_access_key", "account_key", "sas"}
)


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """A vault's URL, taken apart; never holds keys.

    Attributes:
        root: The folder's absolute path; ``bucket`` or ``bucket/prefix``, and so for a container
            or a remote of rclone; ``user@host:port/path`` for SFTP.
        options: Query parameters such as ``endpoint`` and ``region``.
    """

    kind: StorageKind
    root: str
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        """Return a parameter's value."""
        return dict(self.options).get(name)


@dataclass(frozen=True, slots=True)
class StorageLogin:
    """A place and what opens it, before anything is kept of either.

    Attributes:
        object_lock: What is asked of it; None for nothing.
    """

    url: str
    access_key: str = ""
    secret: Secret | None = None
    object_lock: ObjectLock | None = None


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """What trying a place found.

    Attributes:
        free_bytes: None where the storage does not tell.
        keeps_what_is_removed: Whether a removed object was listed still.
        keeping: What it says itself of versions and locks.
    """

    free_bytes: int | None
    keeps_what_is_removed: bool = False
    keeping: Keeping = KEEPS_NOTHING


@dataclass(frozen=True, slots=True)
class VaultSpec:
    """One vault as this workstation knows it; the trust anchor for what lies in the storage.

    Attributes:
        vault_id: Also in ``vault.json``; a storage that says otherwise is refused.
        url: As the person gave it, without keys.
        recipients: age recipients (``age1…``) that every blob is encrypted to; empty when the
            person chose an unencrypted vault.
        public_key: minisign public key that manifests must be signed with.
        access_key: Name of the S3 access key; the secret key is in the keyring.
        recipient_names: Pairs of a recipient and whose it is.
        former_recipients: Those that were taken away; what is stored may still be theirs.
        retired_keys: Former signing keys, oldest first.
        description_recipient: On a workstation that may write but not read: the key that opens
            manifests and evidence, and no document. "" elsewhere.
        kept_in: What the keyring called itself when the keys were put there.
        kit: The recovery kit made last.
        has_storage_secret: Whether the keyring holds what opens the storage: a secret key, a
            password or passphrase, a service account's key, a section of rclone's configuration.
        mirrors: More copies of the vault.
        object_lock: What everything that is written is locked for; None for nothing.
        keeping: What the storage said of versions and locks when it was asked last.
    """

    vault_id: VaultId
    name: str
    url: str
    recipients: tuple[str, ...]
    public_key: str
    compression: Compression
    access_key: str
    created_at: datetime
    recipient_names: tuple[tuple[str, str], ...] = ()
    former_recipients: tuple[str, ...] = ()
    retired_keys: tuple[RetiredKey, ...] = ()
    description_recipient: str = ""
    kept_in: str = ""
    kit: KitRecord | None = None
    has_storage_secret: bool = False
    mirrors: tuple[MirrorSpec, ...] = ()
    object_lock: ObjectLock | None = None
    keeping: Keeping | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether what is stored is encrypted."""
        return bool(self.recipients)

    @property
    def is_write_only(self) -> bool:
        """Whether this workstation was set up to write and verify, but not to read documents."""
        return bool(self.description_recipient)


def identity_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of a vault's age identity."""
    return SecretRef(f"vault/{vault_id}/age-identity")


def signing_key_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of a vault's first signing key."""
    return SecretRef(f"vault/{vault_id}/signing-key")


def signing_ref_of(spec: VaultSpec) -> SecretRef:
    """Name the keyring entry of the key that signs now; each later key has its own."""
    if not spec.retired_keys:
        return signing_key_ref(spec.vault_id)
    return SecretRef(f"vault/{spec.vault_id}/signing-key-{len(spec.retired_keys) + 1}")


def description_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of the key that opens manifests and evidence only."""
    return SecretRef(f"vault/{vault_id}/description-identity")


def storage_key_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of the storage's own secret key."""
    return SecretRef(f"vault/{vault_id}/storage-key")


def parse_vault_url(url_text: str) -> StorageAddress:
    """Take a vault's URL apart.

    Raises:
        InvalidVaultUrlError: If the kind is unknown, a part is missing, or keys are inside.
    """
    try:
        parts = urlsplit(url_text.strip())
        scheme, host, path = parts.scheme, parts.netloc, unquote(parts.path)
    except ValueError:
        raise InvalidVaultUrlError("this is not a vault URL", hint=_KINDS_HINT) from None
    is_login = parts.username is not None and scheme != StorageKind.SFTP
    if is_login or parts.password is not None:
        raise _keys_inside()
    if not scheme and path.startswith("/"):
        raise InvalidVaultUrlError(
            "a vault is named by a URL, not by a path", hint=f"write file://{path}"
        )
    if scheme not in _OPTIONS:
        raise InvalidVaultUrlError(f"'{scheme}' is not a kind of vault", hint=_KINDS_HINT)
    kind = StorageKind(scheme)
    options = _checked_options(kind, parts.query)
    if kind is StorageKind.FOLDER:
        return _folder_address(host, path)
    if kind is StorageKind.SFTP:
        return _sftp_address(host, path, options)
    return _rooted_address(kind, host, path, options)


def _keys_inside() -> InvalidVaultUrlError:
    hint = "give the access key or password apart; it goes to the keyring"
    return InvalidVaultUrlError("a vault URL holds no keys", hint=hint)


def _checked_options(kind: StorageKind, query: str) -> tuple[tuple[str, str], ...]:
    options = tuple(parse_qsl(query))
    for name, _ in options:
        if name.lower() in _SECRET_OPTIONS:
            raise _keys_inside()
        if (
            name not in _OPTIONS[kind] and kind is not StorageKind.S3
        ):  # which took any from the first
            known = ", ".join(sorted(_OPTIONS[kind])) or "none"
            raise InvalidVaultUrlError(
                f"'{name}' is not an option of a vault of the kind '{kind}'",
                hint=f"these are: {known}",
            )
    return options


def _folder_address(host: str, path: str) -> StorageAddress:
    if host not in ("", "localhost") or not path.startswith("/"):
        raise InvalidVaultUrlError("a folder vault needs an absolute path", hint=_KINDS_HINT)
    return StorageAddress(StorageKind.FOLDER, path.rstrip("/") or "/")


def _sftp_address(server: str, path: str, options: tuple[tuple[str, str], ...]) -> StorageAddress:
    try:
        parse_server(server)
    except InvalidProfileError as error:
        raise InvalidVaultUrlError(error.message, hint=_SFTP_HINT) from None
    if path.rstrip("/") in ("", "/~"):
        raise InvalidVaultUrlError("the URL names no folder on the server", hint=_SFTP_HINT)
    if any(part in (".", "..") for part in path.split("/")):
        raise InvalidVaultUrlError("the folder holds a dotted part", hint=_SFTP_HINT)
    if dict(options).get("auth", TunnelAuth.AGENT) not in tuple(TunnelAuth):
        raise InvalidVaultUrlError(
            "this is no way to sign in", hint=f"auth is one of {', '.join(TunnelAuth)}"
        )
    return StorageAddress(StorageKind.SFTP, server + path.rstrip("/"), options)


def _rooted_address(
    kind: StorageKind, root: str, path: str, options: tuple[tuple[str, str], ...]
) -> StorageAddress:
    """Take apart what begins with a bucket, a container or a remote of rclone."""
    if not root:
        raise InvalidVaultUrlError(f"the URL names no {_ROOT_WORDS[kind]}", hint=_KINDS_HINT)
    if kind is StorageKind.RCLONE and not _REMOTE.fullmatch(root):
        raise InvalidVaultUrlError("this is no name of an rclone remote", hint=_KINDS_HINT)
    if kind is StorageKind.AZURE and "account" not in dict(options):
        hint = "write az://container/prefix?account=name"
        raise InvalidVaultUrlError("the URL names no storage account", hint=hint)
    prefix = path.strip("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise InvalidVaultUrlError("the prefix holds an empty or dotted part", hint=_KINDS_HINT)
    return StorageAddress(kind, f"{root}/{prefix}".rstrip("/"), options)


class BlobRole(StrEnum):
    """What a blob of a backup holds."""

    SEGMENT = "segment"
    METADATA = "metadata"
    PRELUDE = "prelude"
    OPLOG = "oplog"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """Which blob of a backup is meant; the vault turns it into a name.

    Attributes:
        namespace: For a prelude only its ``database`` counts, for an oplog nothing; for a file
            its ``collection`` is the path.
        number: Counts the segments of a namespace or oplog from 0.
    """

    role: BlobRole
    namespace: Namespace
    compression: Compression
    number: int = 0


@dataclass(frozen=True, slots=True)
class BlobReceipt:
    """What a storage took: full name, size and SHA-256 of the stored bytes."""

    name: BlobName
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """One entry of a storage's listing."""

    name: BlobName
    size_bytes: int
    modified_at: datetime | None


OPLOG_DEBRIS = "oplog"
"""The folder of slices, in the place of a backup's id."""


@dataclass(frozen=True, slots=True)
class Debris:
    """Stored objects that belong to no signed backup: left by a run that did not finish.

    Attributes:
        backup: The folder's name; ``oplog`` for unsigned slices; "" for objects elsewhere.
    """

    profile_slug: str
    backup: str
    blobs: int
    size_bytes: int
    modified_at: datetime | None


class BackupState(StrEnum):
    """What the catalog knows of a backup's standing."""

    COMPLETE = "complete"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """One backup as a catalog row; everything in it comes from the vault.

    Attributes:
        data_at: The moment whose data is surely inside (see ``Manifest.data_at``).
        problem: Why the backup is unreadable; "" when it is complete.
        evidence: Newest first.
        is_filtered: Whether a query left out some documents of a collection.
        consistent_at: The moment that everything inside stands at; None without one.
        scope: The mark of its selection; backups of different scopes never replace each other.
        cover: What of the deployment it protects; None in rows from before that was kept.
        contents: What its databases come to.
        is_physical: Whether it holds a server's files instead of documents.
    """

    backup: BackupId
    vault_id: VaultId
    profile_slug: str
    profile_name: str
    state: BackupState
    problem: str
    sequence: int
    started_at: datetime
    finished_at: datetime
    data_at: datetime
    achieved: Consistency
    selection: str
    is_whole: bool
    databases: tuple[str, ...]
    namespaces: int
    documents: int
    plain_bytes: int
    stored_bytes: int
    compression: Compression
    is_encrypted: bool
    server_version: str
    not_included: int
    evidence: tuple[EvidenceSummary, ...] = ()
    is_filtered: bool = False
    consistent_at: OplogTimestamp | None = None
    scope: str = ""
    cover: Cover | None = None
    contents: tuple[DatabaseContent, ...] = ()
    is_physical: bool = False

    @property
    def protects(self) -> Cover:
        """What of the deployment it protects, as far as is known."""
        if self.cover is not None:
            return self.cover
        return rough_cover(self.databases, is_whole=self.is_whole, is_filtered=self.is_filtered)

    @property
    def is_aside(self) -> bool:
        """Whether it is a safety backup or an import: not one that somebody took to go back to."""
        is_import = self.profile_slug.startswith(IMPORT_SLUG)
        return is_import or self.profile_name.endswith(SAFETY_MARK)

    def with_evidence(self, summary: EvidenceSummary) -> Self:
        """Return the record with one more piece of evidence, newest first."""
        return replace(self, evidence=(summary, *self.evidence))

    @property
    def proven(self) -> EvidenceSummary | None:
        """The deepest passed evidence, the newest of that depth; None without any."""
        passed = [e for e in self.evidence if e.passed]
        return max(passed, key=lambda e: (e.level.depth, e.finished_at), default=None)

    @property
    def failed_evidence(self) -> EvidenceSummary | None:
        """The newest evidence if that one failed."""
        newest = max(self.evidence, key=lambda e: e.finished_at, default=None)
        return newest if newest is not None and not newest.passed else None


@dataclass(frozen=True, slots=True)
class SeenBackup:
    """A signed backup as a storage lists it now.

    Attributes:
        missing_bytes: What of it is not there, going by sizes alone.
        is_known: Whether the record is the very one that was known before.
    """

    record: BackupRecord
    missing_bytes: int = 0
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class VaultHealth:
    """What a look at a vault's storage found.

    Attributes:
        reachable: Whether the storage answered.
        problem: The reason when it did not, or when ``vault.json`` is not ours.
        has_identity, has_signing_key: Whether the keyring can open and sign.
        free_bytes: None where the storage cannot tell.
        slices: Signed oplog slices; ``stored_bytes`` counts them too.
        missing: Backups that this workstation has seen there, newest first, and did not remove.
        rolled_back: A sentence if the newest of all are among them; "" otherwise.
        keeping: What the storage says of versions and locks.
    """

    reachable: bool
    problem: str
    backups: int
    stored_bytes: int
    free_bytes: int | None
    has_identity: bool
    has_signing_key: bool
    debris: tuple[Debris, ...]
    slices: int = 0
    missing: tuple[BackupId, ...] = ()
    rolled_back: str = ""
    keeping: Keeping = KEEPS_NOTHING
