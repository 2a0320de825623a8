"""Restore bodies: a snapshot's files, or those of a physical backup, into a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mangrove.core.command_line import command_line
from mangrove.core.errors import RestoreError
from mangrove.core.explain import size_text
from mangrove.core.manifest import Manifest, StoredFile, StoredFiles
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.snapshot import FilesTarget, OpenHost, OpenTarget
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.snapshots.guide import GuideFacts, restore_guide, snapshot_facts
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.core.wording import counted
from mangrove.engine.stages.compress import decompressed
from mangrove.jobs.context import RunContext
from mangrove.jobs.snapshots.copy import files_of
from mangrove.jobs.snapshots.files import readable
from mangrove.jobs.snapshots.machine import HostShell
from mangrove.jobs.snapshots.rewind import SnapshotRewind
from mangrove.jobs.vaults.leasing import leased_if_allowed
from mangrove.jobs.workers import each, side_by_side

PHASES = (Phase.PREFLIGHT, Phase.COPY_FILES)


@dataclass(frozen=True, slots=True)
class RestoreSnapshotBody:
    """Bring a snapshot's files from its machine into a folder of this one."""

    snapshot: Snapshot
    folder: str
    open_host: OpenHost
    open_target: OpenTarget
    rewind: SnapshotRewind | None = None

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            TargetNotEmptyError: Nothing was touched.
            SnapshotCommandError, TunnelError: Files that are whole stay; the next one goes on.
            RunCancelled: Nothing is left.
        """
        snapshot = self.snapshot
        ctx.enter(Phase.PREFLIGHT, note=snapshot.place)
        target = self.open_target(self.folder, snapshot.snapshot)
        with (
            self.open_host(snapshot.ssh) as host,
            ctx.aborting_on_cancel(host.abort),
            _tidy(ctx, target),
        ):
            shell = HostShell(host)
            with readable(shell, snapshot, self.open_host) as folders:
                found = list(files_of(shell, snapshot, folders))
                total = sum(file.size_bytes for file in found)
                ctx.enter(Phase.COPY_FILES, total)
                for file in found:
                    if target.has(file.path, file.size_bytes):
                        ctx.advance(file.size_bytes)
                        continue
                    ctx.note(file.path)
                    read = (*shell.elevate, "cat", "--", file.place)
                    target.write(file.path, ctx.metered(host.stream(read)))
        facts = snapshot_facts(snapshot, target.data)
        facts, losses = rewound(ctx, self.rewind, target, facts)
        return _result(target, facts, (len(found), total), losses)


@dataclass(frozen=True, slots=True)
class RestoreFilesBody:
    """Bring the files of a physical backup from its vault into a folder."""

    manifest: Manifest
    folder: str
    vault: Vault
    clock: Clock
    open_target: OpenTarget
    parallel: int = 2
    rewind: SnapshotRewind | None = None

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work; errors as ``RestoreSnapshotBody``, and VaultError for what is damaged."""
        manifest = self.manifest
        held = files_in(manifest)
        ctx.enter(Phase.PREFLIGHT)
        self.vault.require_key(manifest)
        target = self.open_target(self.folder, manifest.backup)
        purpose = f"restore of {manifest.backup}"
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased_if_allowed(ctx, self.vault, purpose, self.clock),
            _tidy(ctx, target),
        ):
            write_files(ctx, self.vault, manifest, target, self.parallel)
        at = manifest.consistent_at
        facts = GuideFacts(manifest.backup, held.origin, manifest.server, at, target.data)
        facts, losses = rewound(ctx, self.rewind, target, facts)
        return _result(target, facts, (len(held.files), held.size_bytes), losses)


def files_in(manifest: Manifest) -> StoredFiles:
    """Return what a physical backup holds.

    Raises:
        RestoreError: If it is no physical one.
    """
    if manifest.files is None:
        raise RestoreError(
            f"{manifest.backup} holds documents, not files; nothing was written",
            hint=f"restore it with: {command_line('restore', manifest.backup, '--to', 'PROFILE')}",
        )
    return manifest.files


def write_files(
    ctx: RunContext, vault: Vault, manifest: Manifest, target: FilesTarget, parallel: int
) -> None:
    """Put all files of a physical backup into a folder; those that are there whole are kept."""
    held = files_in(manifest)
    ctx.enter(Phase.COPY_FILES, held.size_bytes)

    def one(file: StoredFile) -> None:
        if target.has(file.path, file.size_bytes):
            ctx.advance(file.size_bytes)
            return
        ctx.note(file.path)
        target.write(file.path, ctx.metered(plain_chunks(vault, manifest, file)))

    side_by_side(each(one, held.files), parallel, "mangrove-files")


def plain_chunks(vault: Vault, manifest: Manifest, file: StoredFile) -> Iterator[bytes]:
    """Yield a file's bytes, each segment compared and authenticated."""
    for blob in file.segments:
        yield from decompressed(vault.read(blob), manifest.compression)


@contextmanager
def _tidy(ctx: RunContext, target: FilesTarget) -> Iterator[None]:
    """Remove what was put into a folder when the run is cancelled; after a failure it stays."""
    try:
        yield
    except BaseException:
        if ctx.cancelled.is_set():
            target.discard()
        raise


def rewound(
    ctx: RunContext, rewind: SnapshotRewind | None, target: FilesTarget, facts: GuideFacts
) -> tuple[GuideFacts, tuple[Loss, ...]]:
    """Replay captured oplog onto the files, if that was asked for; returns what is true then."""
    if rewind is None:
        return facts, ()
    with _tidy(ctx, target):
        outcome = rewind.run(ctx, target.data, facts.origin)
    origin = replace(facts.origin, needs_oplog_recovery=False)
    at = outcome.last_ts or facts.consistent_at
    return replace(facts, origin=origin, consistent_at=at, is_rewound=True), outcome.losses


def _result(
    target: FilesTarget, facts: GuideFacts, size: tuple[int, int], losses: tuple[Loss, ...]
) -> RunResult:
    guide = target.finish(restore_guide(facts))
    moment = (
        f", replayed up to {facts.consistent_at.at:%Y-%m-%d %H:%M:%S} UTC ({facts.consistent_at})"
        if facts.is_rewound and facts.consistent_at
        else ""
    )
    return RunResult(
        summary=f"{counted(size[0], 'file')}, {size_text(size[1])}, of {facts.what} are in "
        f"{target.data}{moment}; {guide} says how a server is made of them",
        losses=losses,
        figures=(("files", size[0]), ("file_bytes", size[1])),
        targets=(target.data,),
    )
