"""Captured oplog replayed onto the files of a snapshot: a server of our own, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mangrove.core.namespace import SERVER_DATABASES, Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.snapshot import OpenHost, Served, SnapshotGate, SnapshotHost
from mangrove.core.ports.vault import Vault
from mangrove.core.replay import ReplayBase, ReplayMapping, ReplayOutcome, ReplayWindow
from mangrove.core.run import Loss, Phase
from mangrove.core.snapshots.clone import KEEP_RECOVERED, log_of, open_files, scratch_mongod
from mangrove.core.snapshots.volumes import Command
from mangrove.core.stored_files import FilesOrigin
from mangrove.engine.slice_reading import entries_of
from mangrove.jobs.context import RunContext
from mangrove.jobs.restores.replay import Replay, look
from mangrove.jobs.restores.rewinding import index_infos
from mangrove.jobs.snapshots.machine import HostShell
from mangrove.jobs.snapshots.verify import wait_until_up


@dataclass(frozen=True, slots=True)
class SnapshotRewind:
    """Slices to replay onto files, up to and without an entry.

    Attributes:
        slices: Joined, oldest first; the first may begin before the files' own moment.
    """

    limit: OplogTimestamp
    slices: tuple[OplogSlice, ...]
    vault: Vault
    gate: SnapshotGate
    open_host: OpenHost

    def run(self, ctx: RunContext, data: str, origin: FilesOrigin) -> ReplayOutcome:
        """Let the files replay their own oplog first, then the slices; stop the server in order.

        Raises:
            EmbeddedServerError, ReplayRefusedError, WriteRefusedError, VaultError, RunCancelled:
                The files are not to be used then.
        """
        options = open_files(origin)
        with self.open_host(None) as host, ctx.aborting_on_cancel(host.abort):
            for piece in self.slices:
                ctx.check()
                self.vault.compare(piece.blob, ctx.passing)
            since = None
            if origin.needs_oplog_recovery:
                ctx.enter(Phase.OPEN_COPY)
                with self._serving(ctx, host, data, (*options, *KEEP_RECOVERED)) as served:
                    since = self.gate.newest(served.port)
            plain = open_files(_plain(origin))
            with (
                self._serving(ctx, host, data, plain) as served,
                self.gate.open_sink(served.port) as sink,
            ):
                return self._replayed(ctx, sink, since)

    def _replayed(
        self, ctx: RunContext, sink: RestoreSink, since: OplogTimestamp | None
    ) -> ReplayOutcome:
        base, window = list(_base(sink)), ReplayWindow(since, self.limit)
        mapping = ReplayMapping(lambda name: None if name.database in SERVER_DATABASES else name)

        def entries() -> Iterator[bytes]:
            return entries_of(self.slices, self.vault.read)

        foresight = look(ctx, entries, base, mapping, window)
        outcome = Replay(ctx, sink, entries, base, mapping, window, foresight).run()
        ctx.enter(Phase.INDEXES)
        losses = [
            Loss(f"{final} index {failed.name}", failed.reason)
            for info, final in index_infos(outcome)
            for failed in sink.build_indexes(info)
        ]
        ctx.log(outcome.sentence())
        return _with_losses(outcome, losses)

    @contextmanager
    def _serving(
        self, ctx: RunContext, host: SnapshotHost, data: str, options: Command
    ) -> Iterator[Served]:
        command = scratch_mongod(options, self.gate.find_mongod(), data)
        try:
            with host.serve(command) as served:
                wait_until_up(ctx, self.gate, served)
                yield served
        finally:
            with self.open_host(None) as tidying:
                HostShell(tidying).run(("rm", "-f", log_of(data)))


def _plain(origin: FilesOrigin) -> FilesOrigin:
    return replace(origin, needs_oplog_recovery=False)


def _with_losses(outcome: ReplayOutcome, losses: list[Loss]) -> ReplayOutcome:
    return replace(outcome, losses=(*outcome.losses, *losses))


def _base(sink: RestoreSink) -> Iterator[ReplayBase]:
    """Yield the collections that are there; their indexes are built already."""
    for database in sink.databases():
        if database in SERVER_DATABASES:
            continue
        for info in sink.existing(database):
            name: Namespace = info.namespace
            yield ReplayBase(name, name, info.kind, info.options, info.uuid)
