"""How a manifest is written: each part of it as a JSON document."""

from collections.abc import Mapping

from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import Selection
from mangrove.core.deployment import DiskUse, ServerFacts
from mangrove.core.manifest import (
    DIGEST_ALGORITHM,
    FORMAT_VERSION,
    AuthEntry,
    Manifest,
    NamespaceEntry,
    StoredBlob,
    StoredFiles,
    StoredOplog,
    StoredUsersAndRoles,
)
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.vault.codecs.strict_json import encode_moment

FORMAT_NAME = "mangrove manifest"


def manifest_document(manifest: Manifest) -> Mapping[str, object]:
    """Return a whole manifest as a document."""
    at, held = manifest.consistent_at, manifest.users_and_roles
    # Written only where there is something to say: other manifests stay as they always were.
    more: dict[str, object] = {}
    if held is not None:
        more["users_and_roles"] = _accounts_document(held)
    if manifest.sealed_to:
        more["sealed_to"] = list(manifest.sealed_to)
    if manifest.oplog is not None:
        more["oplog"] = _oplog_document(manifest.oplog)
    if manifest.files is not None:
        more["files"] = _files_document(manifest.files)
    return {
        **more,
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "digest_algorithm": DIGEST_ALGORITHM,
        "backup": manifest.backup,
        "vault_id": manifest.vault_id,
        "sequence": manifest.sequence,
        "profile_name": manifest.profile_name,
        "profile_slug": manifest.profile_slug,
        "started_at": encode_moment(manifest.started_at),
        "finished_at": encode_moment(manifest.finished_at),
        "server": _server_document(manifest.server),
        "selection": _selection_document(manifest.selection),
        "requested_consistency": manifest.requested,
        "achieved_consistency": manifest.achieved,
        "consistency_reason": manifest.consistency_reason,
        "consistent_at": None if at is None else _timestamp_document(at),
        "compression": manifest.compression,
        "encrypted": manifest.encrypted,
        "tool_version": manifest.tool_version,
        "namespaces": [_entry_document(entry) for entry in manifest.namespaces],
        "extra": [_blob_document(blob) for blob in manifest.extra],
        "not_included": [{"what": n.what, "reason": n.reason} for n in manifest.not_included],
    }


def _server_document(server: ServerFacts) -> Mapping[str, object]:
    return {
        "version_text": server.version_text,
        "version": list(server.version),
        "feature_version": server.feature_version,
        "topology": server.topology,
        "replica_set": server.replica_set,
    }


def _selection_document(selection: Selection) -> Mapping[str, object]:
    document: dict[str, object] = {
        "databases": list(selection.databases),
        "collections": [_namespace_document(n) for n in selection.collections],
        "exclude": list(selection.exclude),
    }
    # Written only where there is something to say: other manifests stay as they always were.
    if selection.include:
        document["include"] = list(selection.include)
    if selection.queries:
        document["queries"] = [
            {**_namespace_document(q.namespace), "query": q.text} for q in selection.queries
        ]
    if selection.users_and_roles is not UsersAndRoles.LEAVE_OUT:
        document["users_and_roles"] = selection.users_and_roles
    return document


def _accounts_document(held: StoredUsersAndRoles) -> Mapping[str, object]:
    return {
        "databases": list(held.databases),
        "parts": [_auth_document(entry) for entry in held.parts],
    }


def _auth_document(entry: AuthEntry) -> Mapping[str, object]:
    return {
        **_namespace_document(entry.namespace),
        "documents": entry.documents,
        "plain_bytes": entry.plain_bytes,
        "digest": entry.digest,
        "metadata": None if entry.metadata is None else _blob_document(entry.metadata),
        "segments": [_blob_document(blob) for blob in entry.segments],
    }


def _oplog_document(oplog: StoredOplog) -> Mapping[str, object]:
    return {
        "first_ts": _timestamp_document(oplog.first_ts),
        "last_ts": _timestamp_document(oplog.last_ts),
        "first_term": oplog.first_term,
        "last_term": oplog.last_term,
        "documents": oplog.documents,
        "plain_bytes": oplog.plain_bytes,
        "digest": oplog.digest,
        "segments": [_blob_document(blob) for blob in oplog.segments],
    }


def _files_document(held: StoredFiles) -> Mapping[str, object]:
    origin = held.origin
    return {
        "snapshot": origin.snapshot,
        "provider": origin.provider,
        "locked": origin.locked,
        "directory_per_db": origin.directory_per_db,
        "directory_for_indexes": origin.directory_for_indexes,
        "needs_oplog_recovery": origin.needs_oplog_recovery,
        "databases": list(origin.databases),
        "files": [
            {
                "path": file.path,
                "size_bytes": file.size_bytes,
                "segments": [_blob_document(blob) for blob in file.segments],
            }
            for file in held.files
        ],
    }


def _timestamp_document(at: OplogTimestamp) -> Mapping[str, object]:
    return {"t": at.seconds, "i": at.increment}


def _namespace_document(namespace: Namespace) -> Mapping[str, object]:
    return {"database": namespace.database, "collection": namespace.collection}


def _entry_document(entry: NamespaceEntry) -> Mapping[str, object]:
    # Written only where it is known: other manifests stay as they always were.
    more = {} if entry.disk is None else {"disk": _disk_document(entry.disk)}
    return {
        **more,
        **_namespace_document(entry.namespace),
        "kind": entry.kind,
        "options": entry.options,
        "indexes": list(entry.indexes),
        "uuid": entry.uuid,
        "documents": entry.documents,
        "plain_bytes": entry.plain_bytes,
        "digest": entry.digest,
        "metadata": _blob_document(entry.metadata),
        "segments": [_blob_document(blob) for blob in entry.segments],
    }


def _disk_document(disk: DiskUse) -> Mapping[str, object]:
    return {"data_bytes": disk.data_bytes, "index_bytes": disk.index_bytes}


def _blob_document(blob: StoredBlob) -> Mapping[str, object]:
    return {
        "name": blob.name,
        "size_bytes": blob.size_bytes,
        "sha256": blob.sha256,
        "plain_bytes": blob.plain_bytes,
    }
