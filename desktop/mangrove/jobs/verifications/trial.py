"""A trial restore: into scratch databases, replayed where there is an oplog, compared, and gone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.assertion import Assertion
from mangrove.core.backup import IndexChoice
from mangrove.core.deployment import ScratchKind
from mangrove.core.errors import ReplayRefusedError, WriteRefusedError
from mangrove.core.manifest import Manifest, NamespaceEntry
from mangrove.core.namespace import SERVER_DATABASES, Namespace
from mangrove.core.pitr.planning import RewindPlan
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.state import ScratchRegister
from mangrove.core.ports.vault import Vault
from mangrove.core.profile import Profile
from mangrove.core.replay import ReplayMapping, ReplayOutcome
from mangrove.core.restores.forecast import secondary_indexes
from mangrove.core.run import Phase
from mangrove.core.verification import Finding, StepName
from mangrove.jobs.accounts import SUBJECT, merged_on_trial
from mangrove.jobs.context import RunContext
from mangrove.jobs.entering import entering
from mangrove.jobs.restores.destination import Destination
from mangrove.jobs.restores.loading import Loader
from mangrove.jobs.restores.replay import Replay, look
from mangrove.jobs.restores.rewinding import OplogPart, base_of, index_infos, oplog_part
from mangrove.jobs.verifications.asserting import Copy, ask_all
from mangrove.jobs.verifications.ledger import BAD_BACKUP, Ledger
from mangrove.jobs.verifications.scratch import Scratch, ScratchNames

NO_REPLAY = (*BAD_BACKUP, ReplayRefusedError, WriteRefusedError)
OPLOG = "oplog"
OnReplayed = Callable[[RestoreSink, ReplayOutcome], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """Restores one backup on trial.

    Attributes:
        target: The profile to restore to; None for an embedded server, which goes as a whole.
        assertions: Asked of the copy at the end.
        rewind: Slices to replay onto it; the oplog of an oplog-consistent one always is.
        stands_at: The moment that the copy stands at in the end.
        on_replayed: Told once everything was replayed and indexed.
    """

    ctx: RunContext
    ledger: Ledger
    gate: Gate
    vault: Vault
    register: ScratchRegister
    target: Profile | None
    stands_at: datetime
    assertions: tuple[Assertion, ...] = ()
    rewind: RewindPlan | None = None
    on_replayed: OnReplayed | None = None
    parallel: int = 2

    def run(self, manifest: Manifest) -> None:
        """Restore, compare, ask, and leave nothing behind; what is wrong goes into the ledger.

        Raises:
            RunCancelled, ConnectError, EmbeddedServerError: The trial could not be made, which
                says nothing about the backup; nothing of it stays.
        """
        self.ctx.enter(Phase.CONNECT)
        with self._opened(manifest) as sink:
            self.ledger.server_version = sink.facts().version_text
            scratch = Scratch(sink, self.register, self.target, self.ctx)
            with scratch.databases(manifest) as names, self.ctx.aborting_on_cancel(sink.abort):
                entries = manifest.namespaces
                own = {names.of[e.namespace.database] for e in entries if e.has_validator}
                sink.check_privileges([*names.of.values()], own)
                self._restore_into(manifest, sink, names)
                self.ctx.enter(Phase.CLEAN_UP)
                with self.ledger.step(StepName.CLEAN_UP):
                    names.drop_all()

    @contextmanager
    def _opened(self, manifest: Manifest) -> Iterator[RestoreSink]:
        opened: AbstractContextManager[RestoreSink]
        if self.target:
            opened = entering(self.ctx, self.gate.open_sink(self.target))
        else:  # a server of our own is up soon, and must not outlive us
            opened = self.gate.open_scratch(_scratch_kind(manifest))
        with ExitStack() as stack:
            with self.ledger.step(StepName.SERVER):
                sink = stack.enter_context(opened)
            yield sink

    def _restore_into(self, manifest: Manifest, sink: RestoreSink, names: ScratchNames) -> None:
        part = oplog_part(manifest, self.vault, self.rewind)
        destinations = [_scratch_destination(e, names) for e in manifest.namespaces]
        loader = Loader(
            vault=self.vault,
            manifest=manifest,
            sink=sink,
            ctx=self.ctx,
            destinations=destinations,
            indexes=IndexChoice.AFTER if part is None else IndexChoice.NEVER,
            parallel=self.parallel,
        )
        self._load(loader)
        copied = {d.entry.namespace: d.target for d in destinations}
        if part is not None:
            with self.ledger.finding(OPLOG, NO_REPLAY):
                copied = self._replay(manifest, loader, part, names)
        if self.target is None and manifest.users_and_roles is not None:
            with self.ledger.step(SUBJECT):  # never on a real deployment: there they could sign in
                self.ledger.findings += merged_on_trial(manifest, self.vault, sink)
        if self.assertions and not self.ledger.findings:
            self.ctx.enter(Phase.ASSERT)
            with self.ledger.step(StepName.ASSERTIONS):
                copy = Copy(manifest, copied, self.stands_at)
                ask_all(self.ctx, self.ledger, sink, self.assertions, copy)

    def _load(self, loader: Loader) -> None:
        ledger = self.ledger
        with ledger.step(StepName.LOAD):
            loader.load()
        if loader.indexes is not IndexChoice.NEVER:
            with ledger.step(StepName.INDEXES):
                loader.build_indexes()
            ledger.amounts["indexes"] = secondary_indexes(
                [(d.entry, d.target) for d in loader.made]
            )
        with ledger.step(StepName.COMPARE):
            results = loader.compare()
        ledger.amounts["documents"] = loader.inserted
        ledger.amounts["plain_bytes"] = loader.manifest.plain_bytes
        ledger.results.update({r.namespace: r for r in results})
        ledger.findings.extend(Finding(loss.subject, loss.reason) for loss in loader.losses)

    def _replay(
        self, manifest: Manifest, loader: Loader, part: OplogPart, names: ScratchNames
    ) -> dict[Namespace, Namespace]:
        """Replay the oplog onto the scratch copy, and build the indexes there are then.

        Returns:
            Where each collection is that was there at the moment.
        """

        def target_of(name: Namespace) -> Namespace | None:
            is_ours = name.database in names.of or name.database not in SERVER_DATABASES
            is_meant = is_ours and manifest.selection.matches(name)
            return Namespace(names.name_of(name.database), name.collection) if is_meant else None

        ledger = self.ledger
        base, mapping = [base_of(d) for d in loader.made], ReplayMapping(target_of)
        with ledger.step(StepName.LOOK):
            seen = look(self.ctx, part.entries, base, mapping, part.window)
        with ledger.step(StepName.REPLAY):
            outcome = Replay(
                self.ctx, loader.sink, part.entries, base, mapping, part.window, seen
            ).run()
        self.ctx.log(outcome.sentence())
        ledger.amounts["entries"] = sum(outcome.entries.values())
        ledger.amounts["operations"] = outcome.operations
        ledger.findings.extend(Finding(loss.subject, loss.reason) for loss in outcome.losses)
        self._index(loader.sink, outcome)
        if self.on_replayed is not None:
            self.on_replayed(loader.sink, outcome)
        return {replayed.source: replayed.target for replayed in outcome.collections}

    def _index(self, sink: RestoreSink, outcome: ReplayOutcome) -> None:
        self.ctx.enter(Phase.INDEXES)
        built = 0
        with self.ledger.step(StepName.INDEXES):
            for info, final in index_infos(outcome):
                self.ctx.check()
                self.ctx.note(str(final))
                for failed in sink.build_indexes(info):
                    self.ledger.find(f"{final} index {failed.name}", failed.reason)
                built += len(info.indexes)
        self.ledger.amounts["indexes"] = built


def _scratch_kind(manifest: Manifest) -> ScratchKind:
    """Choose the server: the cheap one, unless a collection exists on a replica set only.

    Source: MongoDB manual, "Queryable Encryption": not on standalone servers.
    """
    needs_set = any('"encryptedFields"' in n.options for n in manifest.namespaces)
    return ScratchKind.REPLICA_SET if needs_set else ScratchKind.STANDALONE


def _scratch_destination(entry: NamespaceEntry, names: ScratchNames) -> Destination:
    target = Namespace(names.of[entry.namespace.database], entry.namespace.collection)
    return Destination(entry, target, target)
