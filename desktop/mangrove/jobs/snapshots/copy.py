"""The copy body: a snapshot's files, encrypted, into a vault, as a physical backup."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from posixpath import join

from mangrove.core.backup import BackupId, Compression, Consistency, Selection
from mangrove.core.backup_record import BackupRecord
from mangrove.core.blobs import BlobPlace, BlobRole
from mangrove.core.errors import MangroveError, RunCancelled, SnapshotCommandError
from mangrove.core.explain import size_text
from mangrove.core.manifest import Manifest, NotIncluded, StoredBlob, StoredFile, StoredFiles
from mangrove.core.namespace import Namespace
from mangrove.core.ports.backup import Draft
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.snapshot import CopyLedger, HostFile, OpenHost, UnfinishedCopy
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Phase, RunResult
from mangrove.core.snapshots.clone import origin_of
from mangrove.core.snapshots.snapshot import LockUse, Snapshot
from mangrove.core.snapshots.volumes import SNAPSHOT_FOLDER
from mangrove.core.vaults.lock import LockMode
from mangrove.core.wording import counted
from mangrove.engine.stages.compress import compressed
from mangrove.jobs.backup import nowhere, reread
from mangrove.jobs.context import RunContext
from mangrove.jobs.pacing import Pace
from mangrove.jobs.snapshots.files import readable
from mangrove.jobs.snapshots.machine import HostShell
from mangrove.jobs.vaults.leasing import leased
from mangrove.jobs.workers import each, side_by_side

PHASES = (Phase.PREFLIGHT, Phase.COPY_FILES, Phase.REREAD, Phase.SIGN, Phase.CATALOG)
SEGMENT_BYTES = 256 << 20
# Made anew by every server that opens the files.
LEFT_OUT_FILES = frozenset({"mongod.lock", "WiredTiger.lock"})
LEFT_OUT_FOLDERS = {
    "diagnostic.data": "figures about the server, which it makes anew",
    "lost+found": "a folder of the file system",
    SNAPSHOT_FOLDER: "snapshots",
}


@dataclass(frozen=True, slots=True)
class CopySnapshotBody:
    """Copy one snapshot into a vault: afterwards it is published, or can be gone on with.

    Attributes:
        backup: Its id in the vault, unless an unfinished copy has one already.
        copy_on: Brings the published backup to the vault's mirrors; returns what to warn of.
    """

    snapshot: Snapshot
    backup: BackupId
    open_host: OpenHost
    vault: Vault
    catalog: Catalog
    ledger: CopyLedger
    clock: Clock
    tool_version: str
    parallel: int = 2
    segment_bytes: int = SEGMENT_BYTES
    limit_bytes_per_s: int | None = None
    copy_on: Callable[[RunContext], tuple[str, ...]] = nowhere

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: Nothing of it is left in the vault.
            SnapshotCommandError, TunnelError, VaultError: What was stored stays there unsigned,
                and the next copy of this snapshot into this vault goes on behind it.
        """
        ctx.enter(Phase.PREFLIGHT, note=self.snapshot.place)
        purpose = f"copy of snapshot {self.snapshot.snapshot}"
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased(ctx, self.vault, LockMode.SHARED, purpose, self.clock),
            self.open_host(self.snapshot.ssh) as host,
            ctx.aborting_on_cancel(host.abort),
        ):
            shell = HostShell(host)
            with readable(shell, self.snapshot, self.open_host) as folders:
                found = list(files_of(shell, self.snapshot, folders))
                manifest, record = self._stored(ctx, shell, found)
        ctx.enter_last(Phase.CATALOG)
        self.ledger.forget(manifest.backup)
        self.catalog.put(record)
        warnings = self.copy_on(ctx)
        return _result(manifest, warnings)

    def _stored(
        self, ctx: RunContext, shell: HostShell, found: "list[SourceFile]"
    ) -> tuple[Manifest, BackupRecord]:
        copy = self._unfinished()
        with self.vault.begin(self.snapshot.profile_slug, copy.backup) as draft:
            try:
                work = _Copying(self, ctx, shell, draft, copy)
                files = work.copy_all(found)
                manifest = self._manifest(draft, copy.backup, files)
                pace = Pace(ctx, self.clock, self.limit_bytes_per_s)
                reread(ctx, pace, draft, manifest, self.parallel)
                ctx.enter(Phase.SIGN)
                return manifest, draft.publish(manifest)
            except MangroveError:
                if not ctx.cancelled.is_set():
                    draft.keep_unfinished()
                else:
                    self.ledger.forget(copy.backup)
                raise
            except RunCancelled:
                self.ledger.forget(copy.backup)
                raise

    def _unfinished(self) -> UnfinishedCopy:
        """Return the copy to go on with, or a new one."""
        vault_id = self.vault.spec.vault_id
        found = self.ledger.find(self.snapshot.snapshot, vault_id)
        if found is not None:
            return found
        fresh = UnfinishedCopy(self.snapshot.snapshot, vault_id, self.backup)
        self.ledger.begin(fresh)
        return fresh

    def _manifest(self, draft: Draft, backup: BackupId, files: StoredFiles) -> Manifest:
        snapshot, spec = self.snapshot, self.vault.spec
        held = "while writes were held back" if snapshot.lock is LockUse.LOCK else "without a lock"
        return Manifest(
            backup=backup,
            vault_id=spec.vault_id,
            sequence=draft.sequence,
            profile_name=snapshot.profile_name,
            profile_slug=snapshot.profile_slug,
            started_at=snapshot.taken_at,
            finished_at=self.clock.now(),
            server=snapshot.server,
            selection=Selection(),
            requested=Consistency.AUTO,
            achieved=Consistency.SNAPSHOT,
            consistency_reason=f"the files of {snapshot.node}, by {snapshot.provider}, {held}",
            consistent_at=snapshot.consistent_at,
            compression=spec.compression,
            encrypted=spec.is_encrypted,
            tool_version=self.tool_version,
            namespaces=(),
            extra=(),
            not_included=tuple(NotIncluded(n, r) for n, r in sorted(LEFT_OUT_FOLDERS.items())),
            files=files,
        )

    @property
    def compression(self) -> Compression:
        """As the vault is set."""
        return self.vault.spec.compression


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the data folder, and where it is read."""

    path: str
    place: str
    size_bytes: int


@dataclass(slots=True)
class _Copying:
    """The storing part of one copy."""

    body: CopySnapshotBody
    ctx: RunContext
    shell: HostShell
    draft: Draft
    copy: UnfinishedCopy
    done: dict[str, StoredFile] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def copy_all(self, found: list[SourceFile]) -> StoredFiles:
        self.ctx.enter(Phase.COPY_FILES, sum(file.size_bytes for file in found))
        largest_first = sorted(found, key=lambda file: -file.size_bytes)
        side_by_side(each(self._one, largest_first), self.body.parallel, "mangrove-copy")
        files = tuple(self.done[path] for path in sorted(self.done))
        return StoredFiles(origin_of(self.body.snapshot), files)

    def _one(self, file: SourceFile) -> None:
        self.ctx.note(file.path)
        kept = self._kept(file)
        offset = sum(blob.plain_bytes for blob in kept)
        self.ctx.advance(offset)
        segments = [*kept, *self._rest(file, len(kept), offset)]
        if sum(blob.plain_bytes for blob in segments) != file.size_bytes:
            raise SnapshotCommandError(
                f"{file.path} changed while it was read: this is no snapshot",
                hint="look whether something writes to the snapshot's files",
            )
        with self.lock:
            self.done[file.path] = StoredFile(file.path, file.size_bytes, tuple(segments))

    def _kept(self, file: SourceFile) -> list[StoredBlob]:
        """Return the segments, from the first on, that an earlier copy has stored."""
        pieces = {number: blob for path, number, blob in self.copy.pieces if path == file.path}
        kept: list[StoredBlob] = []
        while (blob := pieces.get(len(kept))) is not None and self.draft.adopt(blob):
            kept.append(blob)
        return kept

    def _rest(self, file: SourceFile, number: int, offset: int) -> Iterator[StoredBlob]:
        if offset >= file.size_bytes:
            return
        read = ("tail", "--bytes", f"+{offset + 1}", "--", file.place)
        stream = self.shell.host.stream((*self.shell.elevate, *read))
        cutter = _Cutter(self.ctx.metered(stream), self.body.segment_bytes)
        while cutter.has_more():
            yield self._segment(file, number, cutter)
            number += 1

    def _segment(self, file: SourceFile, number: int, cutter: "_Cutter") -> StoredBlob:
        packing = self.body.compression
        place = BlobPlace(BlobRole.FILE, Namespace("", file.path), packing, number)
        receipt = self.draft.put(place, compressed(cutter.segment(), packing))
        blob = StoredBlob(receipt.name, receipt.size_bytes, receipt.sha256, cutter.taken)
        self.body.ledger.keep(self.copy.backup, file.path, number, blob)
        return blob


class _Cutter:
    """Cuts one stream into segments of a fixed size."""

    def __init__(self, chunks: Iterator[bytes], size: int) -> None:
        self._chunks = chunks
        self._size = size
        self._left = b""
        self.taken = 0

    def has_more(self) -> bool:
        """Whether anything is left."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._left = chunk
        return True

    def segment(self) -> Iterator[bytes]:
        """Yield the next segment; ``taken`` is its size afterwards."""
        self.taken = 0
        while self.taken < self._size and self.has_more():
            piece = self._left[: self._size - self.taken]
            self._left = self._left[len(piece) :]
            self.taken += len(piece)
            yield piece


def files_of(shell: HostShell, snapshot: Snapshot, folders: list[str]) -> Iterator[SourceFile]:
    """Yield what belongs to the data folder, from all parts."""
    attached = tuple(part.attach for part in snapshot.parts if part.attach)
    for part, folder in zip(snapshot.parts, folders, strict=True):
        for file in shell.files(folder):
            path = join(part.attach, file.path) if part.attach else file.path
            is_elsewhere = not part.attach and _is_below(path, attached)
            if not is_elsewhere and _belongs(file):
                yield SourceFile(path, join(folder, file.path), file.size_bytes)


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _belongs(file: HostFile) -> bool:
    top = file.path.partition("/")[0]
    return top not in LEFT_OUT_FOLDERS and file.path not in LEFT_OUT_FILES


def _result(manifest: Manifest, warnings: tuple[str, ...]) -> RunResult:
    files = manifest.files.files if manifest.files else ()
    return RunResult(
        summary=f"{counted(len(files), 'file')}, {size_text(manifest.plain_bytes)}, "
        f"stored, re-read and signed as {manifest.backup}",
        warnings=warnings,
        backup=manifest.backup,
        figures=(
            ("files", len(files)),
            ("file_bytes", manifest.plain_bytes),
            ("stored_bytes", manifest.stored_bytes),
        ),
    )
