"""The part of a restore that replays captured slices onto what was loaded from their base."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from mangrove.core.backup import IndexChoice
from mangrove.core.errors import TargetNotEmptyError
from mangrove.core.namespace import BUCKETS_PREFIX, Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr import RewindPlan
from mangrove.core.ports import CollectionInfo, Contents, FailedIndex, RestoreSink
from mangrove.core.replay import ReplayBase, ReplayMapping, ReplayOutcome, ReplayWindow
from mangrove.core.restore import RestorePlan
from mangrove.core.run import Loss, Phase
from mangrove.core.slices import OplogSlice
from mangrove.engine.extended_json_read import from_extended
from mangrove.engine.replay.foresight import Foresight
from mangrove.engine.slice_reading import entries_of
from mangrove.jobs.context import RunContext
from mangrove.jobs.loading import Destination, Loader
from mangrove.jobs.placing import Placement
from mangrove.jobs.replay import Replay, look
from mangrove.jobs.steady import steadily

LOOK_BACK_S = 600
"""So much before the base is read too, for transactions that began before it and end after it."""
TargetOf = Callable[[Namespace], Namespace | None]


@dataclass(slots=True)
class Rewinding:
    """Looks through the slices before anything is written, and replays them after the load.

    Attributes:
        target_of: Where a namespace goes; None when it is not selected.
        working_name: Makes a name beside an existing collection.
    """

    ctx: RunContext
    sink: RestoreSink
    vault: Contents
    loader: Loader
    plan: RestorePlan
    rewind: RewindPlan
    target_of: TargetOf
    working_name: Callable[[Namespace], Namespace]
    confirmed: tuple[str, ...] = ()
    _there: dict[str, dict[Namespace, str]] = field(default_factory=dict)
    _beside: dict[Namespace, Namespace] = field(default_factory=dict)
    _foresight: Foresight = field(default_factory=Foresight)
    _outcome: ReplayOutcome | None = None

    def check(self) -> None:
        """Compare the slices with what was signed, and look through them.

        Raises:
            BlobMismatchError, ContentMismatchError: A slice is not as it was written.
            ReplayRefusedError: The entries could not be applied rightly.
            TargetNotEmptyError: They make collections where nobody said yes to that.
            MissingPrivilegeError: Naming role and command.
        All of them before anything was written.
        """
        databases = [*self.plan.creates, *self.plan.occupied]
        self.sink.replaying().check_privileges(databases)
        for piece in self._slices:
            self.ctx.check()
            self.vault.compare(piece.blob, self.ctx.passing)
        self._foresight = look(self.ctx, self._entries, self._base(), self._mapping, self._window)
        self._refuse_unconfirmed()

    def run(self) -> ReplayOutcome:
        """Replay onto the loaded collections."""
        replay = Replay(
            self.ctx,
            self.sink,
            self._entries,
            self._base(),
            self._mapping,
            self._window,
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
        for info, final in self._index_infos():
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
    def _slices(self) -> tuple[OplogSlice, ...]:
        since = self.rewind.base.needs_from.seconds - LOOK_BACK_S
        earlier = tuple(s for s in self.rewind.earlier if s.last.ts.seconds >= since)
        return (*earlier, *self.rewind.slices)

    def _entries(self) -> Iterator[bytes]:
        return entries_of(self._slices, self.vault.read)

    @property
    def _window(self) -> ReplayWindow:
        after: OplogTimestamp = self.rewind.base.needs_from
        return ReplayWindow(after=after, limit=self.rewind.limit)

    @property
    def _mapping(self) -> ReplayMapping:
        return ReplayMapping(self.target_of, self._working_of)

    def _base(self) -> list[ReplayBase]:
        return [_base_of(destination) for destination in self.loader.made]

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
                    hint=f"confirm with --yes-replace {final.database}, or rename it",
                    databases=final.database,
                )

    def _note(self, namespace: Namespace) -> None:
        if namespace not in self.loader.created:
            self.loader.created.append(namespace)

    def _index_infos(self) -> Iterator[tuple[CollectionInfo, Namespace]]:
        for r in self.outcome.collections:
            if r.indexes:
                yield CollectionInfo(r.target, r.kind, r.options, r.indexes, None), r.final
            if r.bucket_indexes:
                name = f"{BUCKETS_PREFIX}{r.target.collection}"
                buckets = Namespace(r.target.database, name)
                yield (
                    CollectionInfo(buckets, "collection", r.options, r.bucket_indexes, None),
                    r.final,
                )


def _base_of(destination: Destination) -> ReplayBase:
    entry = destination.entry
    return ReplayBase(
        source=entry.namespace,
        target=destination.working,
        kind=entry.kind,
        options=from_extended(entry.options or "{}"),
        uuid=entry.uuid,
        indexes=tuple(from_extended(spec) for spec in entry.indexes),
    )


def told(plan: RestorePlan, rewind: RewindPlan) -> RestorePlan:
    """Return a plan that says what is replayed, too."""
    base, limit = rewind.base, rewind.limit
    moment = f"{limit.at:%Y-%m-%d %H:%M:%S} UTC ({limit})"
    stands = f"{base.stands_at.at:%Y-%m-%d %H:%M:%S} UTC"
    if rewind.slices:
        how = (
            f"Then replay about {rewind.entries:,} oplog entries of {len(rewind.slices)} slices,"
            f" from {stands} up to the moment before {moment}."
        )
    else:
        how = f"The backup stands at that very moment, {stands}: nothing is replayed."
    return replace(plan, sentence=f"{plan.sentence} {how}")
