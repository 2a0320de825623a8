"""The export body: a backup leaves the vault as a mongodump directory or archive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mangrove.core.accounts import ADMIN, AccountKind, AuthPart, UsersAndRoles, auth_part
from mangrove.core.dump import DumpForm, DumpPacking, ExportRequest
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.globs import matches_any
from mangrove.core.manifest import (
    AuthEntry,
    Manifest,
    NamespaceEntry,
    StoredBlob,
    StoredOplog,
    documents_of_backup,
)
from mangrove.core.ports.backup import Contents
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.wording import (
    bucket_figure,
    buckets_in,
    content_of_all,
    counted,
    is_or_are,
)
from mangrove.engine.accounts import account_of
from mangrove.engine.content import documents_of
from mangrove.engine.framing import iter_documents
from mangrove.engine.mongodump.archive_writer import ArchiveWriter
from mangrove.engine.mongodump.directory_writer import DirectoryWriter
from mangrove.engine.mongodump.foreign import ForeignKind, SpecialName
from mangrove.engine.mongodump.outgoing import (
    DumpPlan,
    DumpWriter,
    OutgoingCollection,
    OutgoingSpecial,
    Packing,
)
from mangrove.engine.stages.compress import decompressed
from mangrove.engine.target_shape import lost_in_a_dump
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults.mirror import told_of_copies
from mangrove.jobs.vaults.stored import check_stored
from mangrove.jobs.workers import Prefetch, each, side_by_side

PHASES = (Phase.CHECK_STORED, Phase.WRITE_DUMP)
AHEAD_CHUNKS = 4
HASHES = "the dump holds users with their password hashes, and it is not encrypted"


@dataclass(frozen=True, slots=True)
class ExportBody:
    """Write a backup, or a part of it, in a form that mongorestore reads.

    Nothing appears under the final name before everything is written and matches the manifest.
    """

    request: ExportRequest
    vault: Contents
    tool_version: str
    parallel: int = 2

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: Nothing is left at the path.
            UnusableDumpError: If the path is in use; it was not touched.
            VaultError, StorageFullError, StorageDeniedError: Nothing is left at the path.
        """
        manifest = documents_of_backup(self.vault.manifest(self.request.backup))
        self.vault.require_key(manifest)
        wanted = [n for n in manifest.namespaces if self._is_chosen(n)]
        chosen = [n for n in wanted if not (n.kind == ForeignKind.VIEW and lost_in_a_dump(n))]
        if not chosen:
            raise InvalidSelectionError("no namespace of the backup matches; nothing was written")
        specials = self._specials(manifest, wanted)
        parts = tuple({part.namespace: part for _, part in specials}.values())
        oplog = self._oplog(manifest, wanted)
        held = (oplog,) if oplog else ()
        check_stored(ctx, self.vault, (*chosen, *parts, *held), self.parallel, ctx.passing)
        outgoing = {n.namespace: self._outgoing(manifest, n) for n in chosen}
        plan = DumpPlan(
            collections=tuple(outgoing.values()),
            specials=tuple(special for special, _ in specials),
            server_version=manifest.server.version_text,
            tool_version=f"mangrove {self.tool_version}",
            has_oplog=oplog is not None,
        )
        ctx.enter(Phase.WRITE_DUMP, sum(n.plain_bytes for n in chosen))
        ctx.expect_namespaces(len(chosen))

        def write(entry: NamespaceEntry) -> None:
            ctx.begin(entry.namespace, entry.plain_bytes)
            if entry.kind != ForeignKind.VIEW:
                chunks = self._documents(ctx, manifest, entry)
                with Prefetch(chunks, AHEAD_CHUNKS, "mangrove-decode") as ahead:
                    writer.write(outgoing[entry.namespace], ahead)
            ctx.finish(entry.namespace)

        with self._writer(plan) as writer:
            for special, part in specials:
                documents = documents_of(part, manifest.compression, self.vault.read)
                writer.write_special(special, _of_database(special, part, documents))
            side_by_side(each(write, chosen), self._width, "mangrove-export")
            if oplog is not None:
                entries = documents_of(oplog, manifest.compression, self.vault.read)
                writer.write_oplog(ctx.passing(entries))
            ctx.check()
            writer.finish()
        result = replace(self._result(chosen, parts), losses=tuple(_lost(wanted)))
        copies = told_of_copies(ctx, self.vault)
        return replace(
            result, warnings=(*result.warnings, *copies, *_without_oplog(manifest, oplog))
        )

    def _oplog(self, manifest: Manifest, chosen: Sequence[NamespaceEntry]) -> StoredOplog | None:
        """Return the oplog if mongorestore could replay it onto what is chosen.

        It replays all of it or nothing: of a part of the deployment it would miss collections.
        """
        is_whole = manifest.selection.is_whole and len(chosen) == len(manifest.namespaces)
        return manifest.oplog if is_whole else None

    @property
    def _width(self) -> int:
        """An archive is one stream: writers would only wait for each other."""
        return 1 if self.request.form is DumpForm.ARCHIVE else self.parallel

    def _is_chosen(self, entry: NamespaceEntry) -> bool:
        text, request = str(entry.namespace), self.request
        wanted = not request.include or matches_any(request.include, text)
        return wanted and not matches_any(request.exclude, text)

    def _specials(
        self, manifest: Manifest, chosen: Sequence[NamespaceEntry]
    ) -> list[tuple[OutgoingSpecial, AuthEntry]]:
        """Return the parts with users and roles that go along, and what each is written from.

        With a part of a deployment go those of its databases, as mongodump writes them for one.
        """
        if self.request.users_and_roles is UsersAndRoles.LEAVE_OUT:
            return []
        held = manifest.users_and_roles
        if held is None:
            raise InvalidSelectionError(
                "the backup holds no users and roles; nothing was written",
                hint="export without --users-and-roles",
            )
        is_everything = len(chosen) == len(manifest.namespaces)
        databases = sorted({entry.namespace.database for entry in chosen} - {ADMIN})
        found = []
        for part in held.parts:
            own = part.namespace.database
            if is_everything or own in databases:
                found.append((self._special(manifest, part), part))
            elif own == ADMIN:
                name = _special_name(part)
                found += [(OutgoingSpecial(name, database), part) for database in databases]
        if not found:
            raise InvalidSelectionError(
                f"the backup's users and roles are those of {held.describe()}, and nothing of it "
                "is exported; nothing was written",
                hint="export without --users-and-roles",
            )
        return found

    def _outgoing(self, manifest: Manifest, entry: NamespaceEntry) -> OutgoingCollection:
        text = self._text(manifest, entry.metadata)
        return OutgoingCollection(entry.namespace, ForeignKind(entry.kind), text)

    def _special(self, manifest: Manifest, entry: AuthEntry) -> OutgoingSpecial:
        text = self._text(manifest, entry.metadata) if entry.metadata else ""
        database = "" if entry.namespace.database == ADMIN else entry.namespace.database
        return OutgoingSpecial(_special_name(entry), database, text)

    def _text(self, manifest: Manifest, blob: StoredBlob) -> str:
        return b"".join(decompressed(self.vault.read(blob), manifest.compression)).decode()

    def _documents(
        self, ctx: RunContext, manifest: Manifest, entry: NamespaceEntry
    ) -> Iterator[bytes]:
        chunks = documents_of(entry, manifest.compression, self.vault.read)
        return ctx.metered(chunks, entry.namespace)

    def _writer(self, plan: DumpPlan) -> DumpWriter:
        packing = Packing.GZIP if self.request.packing is DumpPacking.GZIP else Packing.PLAIN
        path = Path(self.request.path)
        if self.request.form is DumpForm.ARCHIVE:
            return ArchiveWriter(path, plan, packing)
        return DirectoryWriter(path, plan, packing)

    def _result(self, chosen: Sequence[NamespaceEntry], parts: Sequence[AuthEntry]) -> RunResult:
        documents = sum(n.documents for n in chosen)
        buckets = buckets_in((n.kind, n.documents) for n in chosen)
        return RunResult(
            summary=f"{counted(len(chosen), 'collection')} with "
            f"{content_of_all(documents, buckets)} {is_or_are(len(chosen))} in "
            f"{self.request.path}; mongorestore reads it",
            warnings=(HASHES,) if parts else (),
            backup=self.request.backup,
            figures=(
                ("documents", documents),
                *bucket_figure(buckets),
                ("bson_bytes", sum(n.plain_bytes for n in chosen)),
            ),
        )


def _lost(entries: Sequence[NamespaceEntry]) -> Iterator[Loss]:
    for entry in filter(lost_in_a_dump, entries):
        what = "it is" if entry.kind == ForeignKind.VIEW else "those are"
        yield Loss(
            str(entry.namespace),
            f"its options or indexes have field names such as $oid, which mongodump's metadata "
            f"cannot hold: {what} not in the dump",
        )


def _special_name(entry: AuthEntry) -> SpecialName:
    return SpecialName((auth_part(entry.namespace) or AuthPart.USERS).value)


def _of_database(
    special: OutgoingSpecial, part: AuthEntry, chunks: Iterator[bytes]
) -> Iterator[bytes]:
    """Yield those users or roles that belong to the database that a part is written for."""
    if special.database in ("", part.namespace.database) or part.part is AuthPart.VERSION:
        yield from chunks
        return
    kind = AccountKind.USER if part.part is AuthPart.USERS else AccountKind.ROLE
    for chunk in chunks:
        own = (d for d in iter_documents(chunk) if account_of(d, kind).database == special.database)
        yield b"".join(own)


def _without_oplog(manifest: Manifest, written: StoredOplog | None) -> tuple[str, ...]:
    if manifest.oplog is None:
        return ()
    if written is None:
        said = (
            "the oplog that brings the collections to one moment is not in the dump, because "
            "mongorestore replays it onto a whole deployment only: they stand at different moments"
        )
        return (said,)
    return ("restore it with mongorestore --oplogReplay: without, its collections do not fit",)
