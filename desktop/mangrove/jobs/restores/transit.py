"""A deployment or a dump that is being read, in the shape that a restore loads from."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime

from mangrove.core.accounts import ADMIN
from mangrove.core.backup import BackupId, Compression, Consistency, Selection
from mangrove.core.manifest import (
    AuthEntry,
    Manifest,
    NamespaceEntry,
    StoredBlob,
    StoredUsersAndRoles,
)
from mangrove.core.ports.dump import CollectionInfo, OpenDump
from mangrove.core.ports.storage import Passing, as_they_come
from mangrove.engine.framing import iter_documents
from mangrove.engine.target_shape import recorded_indexes, recorded_options
from mangrove.jobs.reading import StartOverError

_NOTHING = StoredBlob("", 0, "", 0)


class Transit:
    """Fulfils the port ``Contents`` on an open dump.

    Each collection is one segment, named after its namespace, neither packed nor encrypted. The
    digests are not known before the documents are read; the loader takes them as they pass. Users
    and roles are read once and held, so that those are added that were planned.

    Args:
        dump: What is being read.
        name: Where it comes from, for people.
        started_at: When.
        reading: Reads a collection of the dump; by itself it would not outlast a lost connection.
    """

    def __init__(
        self,
        dump: OpenDump,
        name: str,
        started_at: datetime,
        reading: Callable[[CollectionInfo], Iterator[bytes]] | None = None,
    ) -> None:
        self._dump = dump
        self._reading = reading or dump.read
        self._held: dict[str, list[bytes]] = {}
        self._name = name
        self._started_at = started_at
        parts = (*dump.collections, *dump.users_and_roles)
        self._infos = {str(info.namespace): info for info in parts}

    def manifest(self, backup: BackupId) -> Manifest:
        """Describe what is there to be read."""
        dump = self._dump
        return Manifest(
            backup=backup,
            vault_id="",
            sequence=0,
            profile_name=self._name,
            profile_slug="",
            started_at=self._started_at,
            finished_at=self._started_at,
            server=dump.facts,
            selection=Selection(),
            requested=Consistency.AUTO,
            achieved=dump.achieved,
            consistency_reason=dump.reason,
            consistent_at=dump.consistent_at,
            compression=Compression.NONE,
            encrypted=False,
            tool_version="",
            namespaces=tuple(_entry(info) for info in dump.collections),
            extra=(),
            not_included=dump.not_included,
            users_and_roles=self._accounts(),
        )

    def _accounts(self) -> StoredUsersAndRoles | None:
        """Describe the users and roles; they are few, so they are counted by reading them."""
        infos = self._dump.users_and_roles
        if not infos:
            return None
        owners = sorted({i.namespace.database for i in infos} - {ADMIN})
        return StoredUsersAndRoles(tuple(owners), tuple(map(self._part, infos)))

    def _part(self, info: CollectionInfo) -> AuthEntry:
        chunks = self._accounts_of(info)
        segment = StoredBlob(str(info.namespace), 0, "", sum(map(len, chunks)))
        return AuthEntry(
            namespace=info.namespace,
            documents=sum(1 for chunk in chunks for _ in iter_documents(chunk)),
            plain_bytes=segment.plain_bytes,
            digest="",
            metadata=None,
            segments=(segment,),
        )

    def _accounts_of(self, info: CollectionInfo) -> list[bytes]:
        name = str(info.namespace)
        while name not in self._held:
            with suppress(StartOverError):
                self._held[name] = [*self._reading(info)]
        return self._held[name]

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Do nothing: nothing is stored."""

    def require_key(self, manifest: Manifest) -> None:
        """Do nothing: nothing is encrypted."""

    def abort(self) -> None:
        """Do nothing: whoever opened the dump ends its calls."""

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield a collection's documents.

        Raises:
            StartOverError: What was read does not count; read it from its beginning again.
        """
        held = self._held.get(blob.name)
        return iter(held) if held is not None else self._reading(self._infos[blob.name])


def _entry(info: CollectionInfo) -> NamespaceEntry:
    segment = StoredBlob(str(info.namespace), 0, "", info.estimated_bytes)
    return NamespaceEntry(
        namespace=info.namespace,
        kind=info.kind,
        options=recorded_options(info),
        indexes=recorded_indexes(info),
        uuid=info.uuid,
        documents=info.estimated_documents,
        plain_bytes=info.estimated_bytes,
        digest="",
        metadata=_NOTHING,
        segments=() if info.kind == "view" else (segment,),
        disk=info.disk,
        documents_known=info.documents_known,
        bytes_known=info.bytes_known,
        most_bytes=info.most_bytes,
    )
