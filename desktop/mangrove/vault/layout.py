"""Names of blobs and folders in a vault (DESIGN.md section 4), and the way back from them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from mangrove.core.accounts import auth_part
from mangrove.core.backup import BackupId, slug_in
from mangrove.core.blobs import BlobName, BlobPlace, BlobRole
from mangrove.core.errors import BackupNotFoundError, InvalidSelectionError
from mangrove.core.namespace import Namespace, blob_stem
from mangrove.core.verification import Level
from mangrove.vault.blob_name import checked, is_safe, is_safe_part

DESCRIPTOR = BlobName("vault.json")
NEXT_DESCRIPTOR = BlobName("vault.next.json")  # there only while vault.json is being replaced
SIGNATURE_SUFFIX = ".minisig"
SEALED_SUFFIX = ".age"
JOURNAL_PATH = "_retention/"
LOCKS_PATH = "_locks/"
SEQUENCE_PATH = "_sequence/"
KEYS_PATH = "_keys/"
"""Folders of the vault itself: no profile's slug holds an underscore."""
FILES = "files"
"""The folder of a server's files; a backup with one holds no database."""
_MANIFEST = "manifest.json"
_EVIDENCE = re.compile(
    r"\d{8}T\d{6}Z-[a-z]+-[0-9a-f]{4}\.json"
    r"(?P<sealed>(?:\.r[1-9]\d{0,5})?\.age)?",
    re.ASCII,
)
_MANIFEST_SIGNATURE = re.compile(
    r"/manifest\.json(?:(?:\.r[1-9]\d{0,5})?\.age)?\.minisig", re.ASCII
)
_OPLOG = re.compile(r"oplog\.\d{4,}\.bson(?:\.zst|\.gz)?(?:(?:\.r[1-9]\d{0,5})?\.age)?", re.ASCII)
_GENERATION = re.compile(r"\.r(?P<number>[1-9]\d{0,5})\.age(?:\.minisig)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """The folder of one backup, and the names in it.

    Attributes:
        profile_slug: The folder it is in, the same as in its id.
        sealed: Whether blobs are encrypted, so that names end in ``.age``.
    """

    profile_slug: str
    backup: BackupId
    sealed: bool

    @property
    def path(self) -> str:
        """The folder's name with a slash at its end."""
        return f"{self.profile_slug}/{self.backup}/"

    @property
    def manifest(self) -> BlobName:
        """Name of the manifest."""
        return checked(f"{self.path}{_MANIFEST}{self._seal}")

    @property
    def manifest_signature(self) -> BlobName:
        """Name of the manifest's signature, the blob that makes the backup exist."""
        return signature_of(self.manifest)

    @property
    def foreign_manifest_signature(self) -> BlobName:
        """Name of the signature a backup of the other kind, sealed or not, would have."""
        other = "" if self.sealed else SEALED_SUFFIX
        return checked(f"{self.path}{_MANIFEST}{other}{SIGNATURE_SUFFIX}")

    @property
    def evidence_path(self) -> str:
        """The folder of the evidence with a slash at its end."""
        return f"{self.path}evidence/"

    def blob(self, place: BlobPlace) -> BlobName:
        """Name one blob of the backup.

        Raises:
            InvalidSelectionError: If the database's name cannot be the name of a folder.
        """
        if place.role is BlobRole.OPLOG:
            return checked(f"{self.path}{_file_name(place)}{self._seal}")
        if place.role is BlobRole.FILE:
            return checked(f"{self.path}{FILES}/{_file_name(place)}{self._seal}")
        database = place.namespace.database
        if not _is_folder_name(database):
            raise InvalidSelectionError(
                f"the database {database!r} cannot be stored under its name; nothing was stored",
                hint="leave it out with --exclude",
            )
        return checked(f"{self.path}{database}/{_file_name(place)}{self._seal}")

    def evidence(self, finished_at: datetime, level: Level, tail: str) -> BlobName:
        """Name a piece of evidence; ``tail`` is four random lower-case hex digits."""
        stem = f"{finished_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{level}-{tail}"
        return checked(f"{self.evidence_path}{stem}.json{self._seal}")

    def owns(self, name: str) -> bool:
        """Whether a manifest of this backup may list a blob of this name."""
        if not (is_safe(name) and name.startswith(self.path)):
            return False
        if name.endswith(SEALED_SUFFIX) != self.sealed:
            return False
        own = name[len(self.path) :]
        return "/" in own or _OPLOG.fullmatch(own) is not None

    @property
    def _seal(self) -> str:
        return SEALED_SUFFIX if self.sealed else ""


def folder_of(backup: BackupId, *, sealed: bool) -> BackupFolder:
    """Return the folder that a backup's id leads to.

    Raises:
        BackupNotFoundError: If the text is no backup's id.
    """
    slug = slug_in(backup)
    if slug is None:
        raise BackupNotFoundError(
            f"'{backup}' is not the id of a backup", hint="list the ids with mangrove backups"
        )
    return BackupFolder(slug, backup, sealed)


def owner_of(name: str) -> tuple[str, BackupId] | None:
    """Return slug and id of the backup in whose folder a blob lies, None for any other."""
    slug, _, rest = name.partition("/")
    backup, slash, _ = rest.partition("/")
    if not slash or slug_in(BackupId(backup)) != slug:
        return None
    return slug, BackupId(backup)


def is_manifest_signature(name: str) -> bool:
    """Whether a blob is the signature of a manifest, encrypted or not."""
    owner = owner_of(name)
    rest = name.removeprefix("/".join(owner)) if owner is not None else ""
    return _MANIFEST_SIGNATURE.fullmatch(rest) is not None


def is_evidence(name: str, *, sealed: bool) -> bool:
    """Whether a blob is a piece of evidence, by its name."""
    match = _EVIDENCE.fullmatch(name.rpartition("/")[2])
    return match is not None and bool(match["sealed"]) == sealed and "/evidence/" in name


def is_of_evidence(name: str) -> bool:
    """Whether a blob is a piece of evidence, encrypted or not, or the signature of one."""
    piece = name.removesuffix(SIGNATURE_SUFFIX)
    return any(is_evidence(piece, sealed=sealed) for sealed in (True, False))


def generation_of(name: str) -> int:
    """Return how often what lies in a blob was given to other recipients; 0 for never."""
    match = _GENERATION.search(name, name.rfind("/") + 1)
    return int(match["number"]) if match and match.end() == len(name) else 0


def in_generation(name: str, generation: int) -> BlobName:
    """Return the name of the same encrypted blob in another generation."""
    stem = name.removesuffix(SEALED_SUFFIX)
    if stem == name:
        raise AssertionError(f"not an encrypted blob: {name}")
    if now := generation_of(name):
        stem = stem.removesuffix(f".r{now}")
    return checked(f"{stem}.r{generation}{SEALED_SUFFIX}" if generation else stem + SEALED_SUFFIX)


def signature_of(name: BlobName) -> BlobName:
    """Name the signature of a blob."""
    return checked(name + SIGNATURE_SUFFIX)


def statement_name(at: datetime, kind: str, tail: str) -> BlobName:
    """Name a statement of the journal; ``tail`` is random lower-case hex."""
    return checked(f"{JOURNAL_PATH}{at:%Y%m%dT%H%M%SZ}-{kind}-{tail}.json")


def manifest_of(signature: BlobName) -> BlobName:
    """Name the manifest that a signature is of."""
    return checked(signature.removesuffix(SIGNATURE_SUFFIX))


def _is_folder_name(database: str) -> bool:
    dotted = database.startswith(".") or database.endswith(".")
    return is_safe_part(database) and not dotted


def _file_name(place: BlobPlace) -> str:
    packed = place.compression.suffix
    match place.role:
        case BlobRole.SEGMENT:
            stem = _stem(place.namespace)
            return f"{stem}.{place.number:04d}.bson{packed}"
        case BlobRole.METADATA:
            return f"{_stem(place.namespace)}.metadata.json{packed}"
        case BlobRole.PRELUDE:
            return f"prelude.json{packed}"
        case BlobRole.OPLOG:
            return f"oplog.{place.number:04d}.bson{packed}"
        case BlobRole.FILE:
            return f"{blob_stem(place.namespace.collection)}.{place.number:04d}{packed}"


def _stem(namespace: Namespace) -> str:
    """Users and roles of one database keep the dollar that mongodump gives them."""
    if auth_part(namespace) is not None:
        return namespace.collection
    return blob_stem(namespace.collection)
