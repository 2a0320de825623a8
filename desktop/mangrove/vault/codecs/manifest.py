"""The manifest as JSON bytes, format version 1, and back (FORMAT.md, "Manifest")."""

import re
from collections.abc import Callable
from typing import TypeVar

from mangrove.core.accounts import UsersAndRoles, auth_part
from mangrove.core.backup import (
    BackupId,
    CollectionQuery,
    Compression,
    Consistency,
    Selection,
)
from mangrove.core.deployment import DiskUse, ServerFacts, Topology
from mangrove.core.errors import BackupNotFoundError, ManifestCorruptError, UnknownFormatError
from mangrove.core.manifest import (
    DIGEST_ALGORITHM,
    FORMAT_VERSION,
    AuthEntry,
    Manifest,
    NamespaceEntry,
    NotIncluded,
    StoredBlob,
    StoredFile,
    StoredFiles,
    StoredOplog,
    StoredUsersAndRoles,
)
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.stored_files import FilesOrigin
from mangrove.vault.blob_name import is_safe_part
from mangrove.vault.codecs.manifest_writing import FORMAT_NAME, manifest_document
from mangrove.vault.codecs.strict_json import (
    MalformedDocumentError,
    Node,
    Record,
    decode_document,
    encode_document,
)
from mangrove.vault.layout import folder_of

LIMIT_BYTES = 512 << 20
KINDS = ("collection", "view", "timeseries")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{32}")
_MAX_UINT32 = 2**32 - 1
_FIELDS = [
    "format",
    "version",
    "digest_algorithm",
    "backup",
    "vault_id",
    "sequence",
    "profile_name",
    "profile_slug",
    "started_at",
    "finished_at",
    "server",
    "selection",
    "requested_consistency",
    "achieved_consistency",
    "consistency_reason",
    "consistent_at",
    "compression",
    "encrypted",
    "tool_version",
    "namespaces",
    "extra",
    "not_included",
]
_ENTRY_FIELDS = [
    "database",
    "collection",
    "kind",
    "options",
    "indexes",
    "uuid",
    "documents",
    "plain_bytes",
    "digest",
    "metadata",
    "segments",
]
_AUTH_FIELDS = [
    "database",
    "collection",
    "documents",
    "plain_bytes",
    "digest",
    "metadata",
    "segments",
]
_LATER_CHOICES = ["include", "queries", "users_and_roles"]
_OPLOG_FIELDS = [
    "first_ts",
    "last_ts",
    "first_term",
    "last_term",
    "documents",
    "plain_bytes",
    "digest",
    "segments",
]
_LATER_FIELDS = ["users_and_roles", "sealed_to", "oplog", "files"]
_LATER_ENTRY_FIELDS = ["disk"]
_ORIGIN_FIELDS = [
    "snapshot",
    "provider",
    "locked",
    "directory_per_db",
    "directory_for_indexes",
    "needs_oplog_recovery",
    "databases",
]
_SERVER_FIELDS = ["version_text", "version", "feature_version", "topology", "replica_set"]

Value = TypeVar("Value")


def encode_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as bytes; the same manifest always gives the same bytes."""
    return encode_document(manifest_document(manifest))


def decode_manifest(data: bytes) -> Manifest:
    """Read a manifest's bytes.

    Raises:
        ManifestCorruptError: If anything is missing, strange, or contradicts another part.
        UnknownFormatError: If a newer Mangrove wrote it.
    """
    try:
        document = decode_document(data, LIMIT_BYTES)
        check_format(document, FORMAT_NAME, FORMAT_VERSION)
        manifest = _manifest(document.record(_FIELDS, _LATER_FIELDS))
        _check(manifest)
    except MalformedDocumentError as error:
        raise ManifestCorruptError(
            f"the manifest cannot be understood: {error}",
            hint="restore from another backup; the blobs of this one were not touched",
        ) from None
    return manifest


def check_format(document: Node, name: str, version: int) -> None:
    """Look at ``format`` and ``version`` before anything else in a document.

    Raises:
        UnknownFormatError: If the version is not the one we know.
    """
    fields = document.fields()
    if fields.get("format") != name:
        document.fail(f"is not a {name}")
    if Node(fields.get("version"), "version").integer(least=1) != version:
        raise UnknownFormatError(
            f"this is a {name} of version {fields['version']}; we know version {version}",
            hint="open it with a newer Mangrove",
        )


def _manifest(record: Record) -> Manifest:
    if record["digest_algorithm"].text() != DIGEST_ALGORITHM:
        record["digest_algorithm"].fail("is not known")
    return Manifest(
        backup=BackupId(record["backup"].text()),
        vault_id=record["vault_id"].text(),
        sequence=record["sequence"].integer(least=1),
        profile_name=record["profile_name"].text(),
        profile_slug=record["profile_slug"].text(),
        started_at=record["started_at"].moment(),
        finished_at=record["finished_at"].moment(),
        server=_server(record["server"]),
        selection=_selection(record["selection"]),
        requested=record["requested_consistency"].choice(Consistency),
        achieved=record["achieved_consistency"].choice(Consistency),
        consistency_reason=record["consistency_reason"].text(),
        consistent_at=_optional(record["consistent_at"], _timestamp),
        compression=record["compression"].choice(Compression),
        encrypted=record["encrypted"].flag(),
        tool_version=record["tool_version"].text(),
        namespaces=tuple(_entry(node) for node in record["namespaces"].items()),
        extra=tuple(_blob(node) for node in record["extra"].items()),
        not_included=tuple(_not_included(node) for node in record["not_included"].items()),
        users_and_roles=_accounts(held) if (held := record.get("users_and_roles")) else None,
        sealed_to=sealed_to.texts() if (sealed_to := record.get("sealed_to")) else (),
        oplog=_oplog(oplog) if (oplog := record.get("oplog")) else None,
        files=_files(files) if (files := record.get("files")) else None,
    )


def _optional(node: Node, read: Callable[[Node], Value]) -> Value | None:
    return None if node.value is None else read(node)


def _timestamp(node: Node) -> OplogTimestamp:
    record = node.record(("t", "i"))
    seconds, increment = record["t"].integer(), record["i"].integer()
    if max(seconds, increment) > _MAX_UINT32:
        node.fail("is out of range")
    return OplogTimestamp(seconds, increment)


def _server(node: Node) -> ServerFacts:
    record = node.record(_SERVER_FIELDS)
    return ServerFacts(
        version_text=record["version_text"].text(),
        version=tuple(part.integer() for part in record["version"].items()),
        feature_version=record["feature_version"].text(),
        topology=record["topology"].choice(Topology),
        replica_set=record["replica_set"].text(),
    )


def _selection(node: Node) -> Selection:
    record = node.record(("databases", "collections", "exclude"), _LATER_CHOICES)
    include, queries = record.get("include"), record.get("queries")
    accounts = record.get("users_and_roles")
    pairs = [item.record(("database", "collection")) for item in record["collections"].items()]
    return Selection(
        databases=record["databases"].texts(),
        collections=tuple(Namespace(p["database"].text(), p["collection"].text()) for p in pairs),
        exclude=record["exclude"].texts(),
        include=include.texts() if include else (),
        queries=tuple(_query(item) for item in queries.items()) if queries else (),
        users_and_roles=accounts.choice(UsersAndRoles) if accounts else UsersAndRoles.LEAVE_OUT,
    )


def _query(node: Node) -> CollectionQuery:
    record = node.record(("database", "collection", "query"))
    namespace = Namespace(record["database"].text(), record["collection"].text())
    return CollectionQuery(namespace, record["query"].text())


def _entry(node: Node) -> NamespaceEntry:
    record = node.record(_ENTRY_FIELDS, _LATER_ENTRY_FIELDS)
    if record["kind"].text() not in KINDS:
        record["kind"].fail(f"is not one of {KINDS}")
    return NamespaceEntry(
        namespace=Namespace(record["database"].text(), record["collection"].text()),
        kind=record["kind"].text(),
        options=record["options"].text(),
        indexes=record["indexes"].texts(),
        uuid=record["uuid"].optional_text(),
        documents=record["documents"].integer(),
        plain_bytes=record["plain_bytes"].integer(),
        digest=record["digest"].matching(_DIGEST),
        metadata=_blob(record["metadata"]),
        segments=tuple(_blob(item) for item in record["segments"].items()),
        disk=_disk(disk) if (disk := record.get("disk")) else None,
    )


def _disk(node: Node) -> DiskUse:
    record = node.record(("data_bytes", "index_bytes"))
    return DiskUse(record["data_bytes"].integer(), record["index_bytes"].integer())


def _oplog(node: Node) -> StoredOplog:
    record = node.record(_OPLOG_FIELDS)
    return StoredOplog(
        first_ts=_timestamp(record["first_ts"]),
        last_ts=_timestamp(record["last_ts"]),
        first_term=record["first_term"].integer(least=-1),
        last_term=record["last_term"].integer(least=-1),
        documents=record["documents"].integer(),
        plain_bytes=record["plain_bytes"].integer(),
        digest=record["digest"].matching(_DIGEST),
        segments=tuple(_blob(item) for item in record["segments"].items()),
    )


def _files(node: Node) -> StoredFiles:
    record = node.record([*_ORIGIN_FIELDS, "files"])
    origin = FilesOrigin(
        snapshot=record["snapshot"].text(),
        provider=record["provider"].text(),
        locked=record["locked"].flag(),
        directory_per_db=record["directory_per_db"].flag(),
        directory_for_indexes=record["directory_for_indexes"].flag(),
        needs_oplog_recovery=record["needs_oplog_recovery"].flag(),
        databases=record["databases"].texts(),
    )
    return StoredFiles(origin, tuple(_file(item) for item in record["files"].items()))


def _file(node: Node) -> StoredFile:
    record = node.record(("path", "size_bytes", "segments"))
    path = record["path"].text()
    if not all(map(is_safe_part, path.split("/"))):
        record["path"].fail("leads out of the data folder")
    file = StoredFile(
        path,
        record["size_bytes"].integer(),
        tuple(_blob(item) for item in record["segments"].items()),
    )
    if sum(blob.plain_bytes for blob in file.segments) != file.size_bytes:
        record["size_bytes"].fail("is not what its segments add up to")
    return file


def _accounts(node: Node) -> StoredUsersAndRoles:
    record = node.record(("databases", "parts"))
    parts = tuple(_auth_entry(item) for item in record["parts"].items())
    return StoredUsersAndRoles(record["databases"].texts(), parts)


def _auth_entry(node: Node) -> AuthEntry:
    record = node.record(_AUTH_FIELDS)
    namespace = Namespace(record["database"].text(), record["collection"].text())
    if auth_part(namespace) is None:
        node.fail("holds no users and roles")
    return AuthEntry(
        namespace=namespace,
        documents=record["documents"].integer(),
        plain_bytes=record["plain_bytes"].integer(),
        digest=record["digest"].matching(_DIGEST),
        metadata=_optional(record["metadata"], _blob),
        segments=tuple(_blob(item) for item in record["segments"].items()),
    )


def _blob(node: Node) -> StoredBlob:
    record = node.record(("name", "size_bytes", "sha256", "plain_bytes"))
    return StoredBlob(
        name=record["name"].text(),
        size_bytes=record["size_bytes"].integer(),
        sha256=record["sha256"].matching(_SHA256),
        plain_bytes=record["plain_bytes"].integer(),
    )


def _not_included(node: Node) -> NotIncluded:
    record = node.record(("what", "reason"))
    return NotIncluded(record["what"].text(), record["reason"].text())


def _check(manifest: Manifest) -> None:
    """Refuse a manifest whose parts contradict each other."""
    try:
        folder = folder_of(manifest.backup, sealed=manifest.encrypted)
    except BackupNotFoundError:
        raise MalformedDocumentError("its id is not the id of a backup") from None
    if folder.profile_slug != manifest.profile_slug:
        raise MalformedDocumentError("its id and its profile's slug differ")
    if manifest.finished_at < manifest.started_at:
        raise MalformedDocumentError("it ends before it starts")
    if manifest.achieved is Consistency.AUTO:
        raise MalformedDocumentError("its consistency is not a reached one")
    _check_oplog(manifest)
    _check_files(manifest)
    names = [blob.name for blob in manifest.blobs]
    if len(set(names)) != len(names):
        raise MalformedDocumentError("it names a blob twice")
    if not all(map(folder.owns, names)):
        raise MalformedDocumentError("it names a blob outside its folder or of the wrong kind")
    held = manifest.users_and_roles.parts if manifest.users_and_roles else ()
    namespaces = [e.namespace for e in manifest.namespaces] + [e.namespace for e in held]
    if len(set(namespaces)) != len(namespaces):
        raise MalformedDocumentError("it names a namespace twice")


def _check_files(manifest: Manifest) -> None:
    if manifest.files is None:
        return
    if manifest.namespaces or manifest.oplog or manifest.users_and_roles:
        raise MalformedDocumentError("it holds both documents and files")
    paths = [file.path for file in manifest.files.files]
    if len(set(paths)) != len(paths):
        raise MalformedDocumentError("it names a file twice")


def _check_oplog(manifest: Manifest) -> None:
    oplog = manifest.oplog
    if (oplog is not None) != (manifest.achieved is Consistency.OPLOG):
        raise MalformedDocumentError("its consistency and its oplog contradict each other")
    if oplog is not None and (
        oplog.first_ts > oplog.last_ts or manifest.consistent_at != oplog.last_ts
    ):
        raise MalformedDocumentError("its oplog ends where it cannot end")
