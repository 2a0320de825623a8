"""The part of a restore that replays an oplog onto what was loaded from its base."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from mangrove.core.backup import IndexChoice, OnExisting, RestoreRequest
from mangrove.core.command_line import typed
from mangrove.core.errors import InvalidSelectionError, TargetNotEmptyError
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.namespace import BUCKETS_PREFIX, Namespace
from mangrove.core.pitr.planning import RewindPlan
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.ports.restore import FailedIndex, RestoreSink
from mangrove.core.replay import OpenEntries, ReplayBase, ReplayMapping, ReplayOutcome, ReplayWindow
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.run import Loss, Phase
from mangrove.core.wording import counted
from mangrove.engine.content import documents_of
from mangrove.engine.replay.foresight import Foresight
from mangrove.engine.slice_reading import entries_after, entries_of
from mangrove.engine.target_shape import from_recorded
from mangrove.jobs.context import RunContext
from mangrove.jobs.restores.destination import Destination
from mangrove.jobs.restores.loading import Loader
from mangrove.jobs.restores.placing import Placement
from mangrove.jobs.restores.replay import Replay, look
from mangrove.jobs.steady import steadily

LOOK_BACK_S = 600
"""So much before the base is read too, for transactions that began before it and end after it."""
TargetOf = Callable[[Namespace], Namespace | None]


@dataclass(frozen=True, slots=True)
class OplogPart:
    """The oplog that a restore replays.

    Attributes:
        entries: Opens it from its beginning; called twice.
        window: Which of its entries are applied.
        blobs: What it is stored in, to be compared before anything is written.
    """

    entries: OpenEntries
    window: ReplayWindow = field(default_factory=ReplayWindow)
    blobs: tuple[StoredBlob, ...] = ()


def oplog_part(
    manifest: Manifest, contents: Contents, rewind: RewindPlan | None
) -> OplogPart | None:
    """Return what is to be replayed onto a backup; None if it is restored as it is.

    Its own oplog is always replayed as a whole, without it the backup stands at no one moment;
    of slices follows what is younger.
    """
    own = manifest.oplog
    slices = _slices(rewind) if rewind is not None and rewind.slices else ()
    if own is None and not slices:
        return None
    window = ReplayWindow(limit=rewind.limit if rewind is not None else None)
    if own is None and rewind is not None:
        window = ReplayWindow(rewind.base.needs_from, rewind.limit)

    def entries() -> Iterator[bytes]:
        if own is not None:
            yield from documents_of(own, manifest.compression, contents.read)
        joined = entries_of(slices, contents.read)
        yield from joined if own is None else entries_after(joined, own.last_ts)

    blobs = (*(own.segments if own else ()), *(piece.blob for piece in slices))
    return OplogPart(entries, window, blobs)


def refuse_unfit(request: RestoreRequest, plan: RestorePlan, manifest: Manifest) -> None:
    """Refuse choices that make no sense with an oplog.

    Raises:
        InvalidSelectionError: Nothing was changed.
    """
    if request.on_existing is OnExisting.ONLY_MISSING:
        raise InvalidSelectionError(
            "an oplog is replayed onto whole collections, so existing ones cannot be filled up; "
            "nothing was changed",
            hint="restore into a copy",
        )
    if request.indexes is IndexChoice.BEFORE:
        raise InvalidSelectionError(
            "indexes cannot be built before an oplog is replayed, for the documents fit together "
            "only after it; nothing was changed",
            hint="leave the indexes for after the documents",
        )
    queried = {q.namespace for q in manifest.selection.queries}
    if found := sorted(queried & {p.entry.namespace for p in plan.namespaces}):
        raise InvalidSelectionError(
            f"of {found[0]} the backup holds only what a query chose, and an oplog cannot be "
            "replayed onto that; nothing was changed",
            hint=f"leave it out with {typed('--exclude', str(found[0]))}",
        )


def _slices(rewind: RewindPlan) -> tuple[OplogSlice, ...]:
    since = rewind.base.needs_from.seconds - LOOK_BACK_S
    earlier = tuple(s for s in rewind.earlier if s.last.ts.seconds >= since)
    return (*earlier, *rewind.slices)


@dataclass(slots=True)
class Rewinding:
    """Looks through an oplog before anything is written, and replays it after the load.

    Attributes:
        target_of: Where a namespace goes; None when it is not selected.
        working_name: Makes a name beside an existing collection.
    """

    ctx: RunContext
    sink: RestoreSink
    vault: Contents
    loader: Loader
    plan: RestorePlan
    part: OplogPart
    target_of: TargetOf
    working_name: Callable[[Namespace], Namespace]
    confirmed: tuple[str, ...] = ()
    _there: dict[str, dict[Namespace, str]] = field(default_factory=dict)
    _beside: dict[Namespace, Namespace] = field(default_factory=dict)
    _foresight: Foresight = field(default_factory=Foresight)
    _outcome: ReplayOutcome | None = None

    def check(self) -> None:
        """Compare what is stored of the oplog with what was signed, and look through it.

        Raises:
            BlobMismatchError, ContentMismatchError: A part of it is not as it was written.
            ReplayRefusedError: The entries could not be applied rightly.
            TargetNotEmptyError: They make collections where nobody said yes to that.
            MissingPrivilegeError: Naming role and command.
        All of them before anything was written.
        """
        databases = [*self.plan.creates, *self.plan.occupied]
        self.sink.replaying().check_privileges(databases)
        for blob in self.part.blobs:
            self.ctx.check()
            self.vault.compare(blob, self.ctx.passing)
        entries, window = self.part.entries, self.part.window
        self._foresight = look(self.ctx, entries, self._base(), self._mapping, window)
        self._refuse_unconfirmed()
        made = {name.database for name in self._foresight.created}
        self.sink.replaying().check_privileges(sorted(made.difference(databases)))

    @property
    def replaced(self) -> tuple[Namespace, ...]:
        """The existing collections that will be dropped, also for what the entries make."""
        known = self.plan.replaced
        created = self._foresight.created.difference(known)
        return (*known, *sorted(n for n in created if n in self.there(n.database)))

    @property
    def makes(self) -> tuple[Namespace, ...]:
        """What the entries make where nothing of that name is."""
        loaded = {d.target for d in self.loader.destinations}
        made = self._foresight.created.difference(loaded)
        return tuple(sorted(n for n in made if n not in self.there(n.database)))

    def run(self) -> ReplayOutcome:
        """Replay onto the loaded collections."""
        replay = Replay(
            self.ctx,
            self.sink,
            self.part.entries,
            self._base(),
            self._mapping,
            self.part.window,
            self._foresight,
            note=self._note,
        )
        self._outcome = replay.run()
        self.loader.losses.extend(self._outcome.losses)
        self.ctx.log(self._outcome.sentence())
        return self._outcome

    def build_indexes(self, choice: IndexChoice) -> None:
        """Build the indexes as the moment had them; one that fails is a loss."""
        self.ctx.enter(Phase.INDEXES)
        if choice is IndexChoice.NEVER:
            return
        for info, final in index_infos(self.outcome):
            self.ctx.check()
            self.ctx.note(str(final))
            build = partial(self._build, info)
            for each in steadily(self.ctx, build, self.sink.reconnect):
                self.loader.losses.append(Loss(f"{final} index {each.name}", each.reason))

    def _build(self, info: CollectionInfo, _: int) -> tuple[FailedIndex, ...]:
        return self.sink.build_indexes(info)

    @property
    def outcome(self) -> ReplayOutcome:
        """What the replay came to."""
        if self._outcome is None:
            raise AssertionError("nothing was replayed yet")
        return self._outcome

    @property
    def placements(self) -> list[Placement]:
        """What is to be put in place of existing collections."""
        return [
            Placement(r.target, r.final, r.kind)
            for r in self.outcome.collections
            if r.target != r.final
        ]

    @property
    def left_over(self) -> tuple[Namespace, ...]:
        """Existing collections that were not there at the moment; they stay as they are."""
        finals = {r.final for r in self.outcome.collections}
        return tuple(name for name in self.plan.replaced if name not in finals)

    def there(self, database: str) -> dict[Namespace, str]:
        """Return what the target's database held before, by kind."""
        if database not in self._there:
            found = self.sink.existing(database)
            self._there[database] = {info.namespace: info.kind for info in found}
        return self._there[database]

    # --- inside --------------------------------------------------------------------------

    @property
    def _mapping(self) -> ReplayMapping:
        return ReplayMapping(self.target_of, self._working_of)

    def _base(self) -> list[ReplayBase]:
        return [base_of(destination) for destination in self.loader.made]

    def _working_of(self, final: Namespace) -> Namespace:
        known = next((d for d in self.loader.destinations if d.target == final), None)
        if known is not None:
            return known.working
        if final not in self.there(final.database):
            return final
        if final not in self._beside:
            self._beside[final] = self.working_name(final)
        return self._beside[final]

    def _refuse_unconfirmed(self) -> None:
        """Refuse collections that the entries make in databases which nobody was asked about."""
        looked_at = {*self.plan.creates, *self.plan.occupied, *self.confirmed}
        for final in sorted(self._foresight.created):
            if final.database not in looked_at and self.there(final.database):
                raise TargetNotEmptyError(
                    f"the oplog makes {final}, and {final.database} on {self.plan.profile} holds"
                    " data already; nothing was changed",
                    hint=f"confirm with {typed('--yes-replace', final.database)}, or rename it",
                    databases=final.database,
                )

    def _note(self, namespace: Namespace) -> None:
        if namespace not in self.loader.created:
            self.loader.created.append(namespace)
        if self.loader.making is not None:
            self.loader.making.began(namespace)
            self.loader.making.beat()


def index_infos(outcome: ReplayOutcome) -> Iterator[tuple[CollectionInfo, Namespace]]:
    """Yield what indexes are to be built on after a replay, and its final name."""
    for r in outcome.collections:
        if r.indexes:
            yield CollectionInfo(r.target, r.kind, r.options, r.indexes, None), r.final
        if r.bucket_indexes:
            name = f"{BUCKETS_PREFIX}{r.target.collection}"
            buckets = Namespace(r.target.database, name)
            yield (
                CollectionInfo(buckets, "collection", r.options, r.bucket_indexes, None),
                r.final,
            )


def base_of(destination: Destination) -> ReplayBase:
    """Return a loaded collection as a replay begins with it."""
    entry = destination.entry
    return ReplayBase(
        source=entry.namespace,
        target=destination.working,
        kind=entry.kind,
        options=from_recorded(entry.options),
        uuid=entry.uuid,
        indexes=tuple(map(from_recorded, entry.indexes)),
    )


def told(plan: RestorePlan, rewind: RewindPlan) -> RestorePlan:
    """Return a plan that says what is replayed, too."""
    base, limit = rewind.base, rewind.limit
    moment = f"{limit.at:%Y-%m-%d %H:%M:%S} UTC ({limit})"
    stands = f"{base.stands_at.at:%Y-%m-%d %H:%M:%S} UTC"
    if rewind.slices:
        how = (
            f"Then replay about {counted(rewind.entries, 'oplog entry', 'oplog entries')} of"
            f" {counted(len(rewind.slices), 'slice')}, from {stands}"
            f" up to the moment before {moment}."
        )
    else:
        how = f"The backup stands at that very moment, {stands}: nothing is replayed."
    return replace(plan, sentence=f"{plan.sentence} {how}{_failed_words(rewind)}")


def _failed_words(rewind: RewindPlan) -> str:
    """Say that a base was not taken because its check failed, or was although it did."""
    if not rewind.base.is_sound:
        name = rewind.base.backup
        return f" The newest check of {name} FAILED, and there is no other: verify it again first."
    if rewind.passed_over is None:
        return ""
    return f" {rewind.passed_over.backup} is newer, but its newest check failed: it is not used."
