"""Rows of the database tree, made from what a server lists or a manifest holds."""

from collections.abc import Iterable

from mangrove.core.deployment import CollectionSize
from mangrove.core.manifest import Manifest
from mangrove.ui.models.namespace_rows import NamespaceRow


def rows_of_deployment(collections: Iterable[CollectionSize]) -> tuple[NamespaceRow, ...]:
    """Make rows of what a server lists."""
    return tuple(
        NamespaceRow(c.database, c.name, c.kind, c.documents, c.data_bytes) for c in collections
    )


def rows_of_manifest(manifest: Manifest) -> tuple[NamespaceRow, ...]:
    """Make rows of what a backup holds."""
    return tuple(
        NamespaceRow(
            database=entry.namespace.database,
            collection=entry.namespace.collection,
            kind=entry.kind,
            documents=entry.documents,
            plain_bytes=entry.plain_bytes,
            stored_bytes=entry.metadata.size_bytes + sum(s.size_bytes for s in entry.segments),
            indexes=len(entry.indexes),
            documents_known=entry.documents_known,
            bytes_known=entry.bytes_known,
        )
        for entry in manifest.namespaces
    )
