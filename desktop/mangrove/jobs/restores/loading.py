"""Loading namespaces of a backup into a deployment: for restores and for trial restores."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mangrove.core.backup import IndexChoice, OnRefusal
from mangrove.core.documents import DocumentBatch
from mangrove.core.errors import (
    ConnectionLostError,
    NamespaceChangedError,
    WriteRefusedError,
)
from mangrove.core.manifest import Manifest, NamespaceEntry, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.ports.restore import InsertOutcome, RestoreSink
from mangrove.core.ports.storage import Passing
from mangrove.core.run import Loss, Phase
from mangrove.core.verification import NamespaceResult
from mangrove.core.wording import buckets_in, counted
from mangrove.engine.compare import content_differences, shape_differences
from mangrove.engine.content import batches_of
from mangrove.engine.digest import ContentDigest
from mangrove.engine.target_shape import target_info
from mangrove.jobs.context import RunContext
from mangrove.jobs.pacing import Pace
from mangrove.jobs.reading import StartOverError
from mangrove.jobs.restores.destination import Destination
from mangrove.jobs.restores.making import Making
from mangrove.jobs.restores.taking_back import take_back
from mangrove.jobs.restores.tallies import Refusals, Tally, id_text
from mangrove.jobs.steady import steadily
from mangrove.jobs.vaults.stored import check_stored
from mangrove.jobs.workers import Prefetch, each, side_by_side

BATCH_BYTES = 3 << 20
AHEAD_BATCHES = 1


@dataclass(slots=True)
class Loader:
    """Fills collections from a backup and compares them with it.

    Attributes:
        created: Every collection this loader made; on a failure these, and only these, go.
        losses: What could not be brought over.
        already: Documents whose ``_id`` an existing collection had already.
        added: How many documents each existing collection got.
        pace: What is read from the vault goes through it.
        making: Notes what is created, against a crash; None where all goes as a whole.
    """

    vault: Contents
    manifest: Manifest
    sink: RestoreSink
    ctx: RunContext
    destinations: Sequence[Destination]
    indexes: IndexChoice
    parallel: int = 2
    created: list[Namespace] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    inserted: int = 0
    on_refusal: OnRefusal = OnRefusal.GO_ON
    pace: Pace | None = None
    making: Making | None = None
    already: int = 0
    added: dict[Namespace, int] = field(default_factory=dict)
    _unmade: set[Namespace] = field(default_factory=set)
    _loaded: dict[Namespace, NamespaceEntry] = field(default_factory=dict)
    _tallies: dict[Namespace, Tally] = field(default_factory=dict)
    _moved: Mapping[Namespace, Namespace] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._moved = {d.entry.namespace: d.target for d in self.destinations}

    @property
    def made(self) -> list[Destination]:
        """The destinations but those that the server refused to create."""
        return [d for d in self.destinations if d.target not in self._unmade]

    @property
    def read_bytes(self) -> int:
        """BSON of all documents that were read, also of those that the server refused."""
        return sum(entry.plain_bytes for entry in self._loaded.values())

    @property
    def inserted_buckets(self) -> int:
        """Those of the inserted documents that are buckets of time series."""
        tallies = ((d.entry.kind, self._tallies.get(d.target, Tally())) for d in self.destinations)
        return buckets_in((kind, tally.inserted) for kind, tally in tallies)

    def check_stored(self) -> None:
        """Compare every blob that will be read with the manifest, before anything is written.

        Raises:
            BlobMismatchError, BlobNotFoundError: Nothing was written.
        """
        entries = [d.entry for d in self.destinations]
        check_stored(self.ctx, self.vault, entries, self.parallel, self._passing)

    def load(self) -> None:
        """Create collections and insert documents; views come last."""
        total = sum(d.entry.plain_bytes for d in self.destinations)
        self.ctx.enter(Phase.LOAD, total)
        self.ctx.expect_namespaces(len(self.destinations))
        plain = [d for d in self.destinations if d.entry.kind != "view"]
        views = [d for d in self.destinations if d.entry.kind == "view"]
        plain.sort(key=lambda d: -d.entry.plain_bytes)
        side_by_side(each(self._load_one, plain), self.parallel, "mangrove-load")
        side_by_side(each(self._load_one, views), 1, "mangrove-load")
        self._beat(at_once=True)
        if self.destinations and not self.made:
            raise WriteRefusedError(
                f"none of the collections came over; the first: {self.losses[0].reason}",
                hint="look at the reason, and whether the target is what you meant",
            )

    def build_indexes(self) -> None:
        """Build the secondary indexes, several collections side by side."""
        self.ctx.enter(Phase.INDEXES)
        if self.indexes is not IndexChoice.AFTER:
            return
        wanted = [d for d in self.made if d.entry.indexes and not d.fills]
        side_by_side(each(self._index_one, wanted), self.parallel, "mangrove-index")

    def compare(self) -> tuple[NamespaceResult, ...]:
        """Read everything back and compare count, digest, options and indexes."""
        compared = [d for d in self.made if not d.fills]
        read = (self._loaded.get(d.target, d.entry).plain_bytes for d in compared)
        self.ctx.enter(Phase.COMPARE, sum(read))
        found = {
            info.namespace: info
            for database in {d.working.database for d in compared}
            for info in self.sink.existing(database)
        }
        results: list[NamespaceResult] = []

        def compare(destination: Destination) -> None:
            result = self._compare_one(destination, found)
            with self._lock:
                results.append(result)

        side_by_side(each(compare, compared), self.parallel, "mangrove-compare")
        return tuple(sorted(results, key=lambda r: r.namespace))

    def take_back(self, new_databases: Sequence[str] = ()) -> None:
        """Drop what this loader created; for a run that failed or was cancelled.

        What could not be dropped stays in ``created``.

        Args:
            new_databases: Were not there before; one that holds nothing any more goes as well,
                with what the server itself keeps in it (a list of views).
        """
        take_back(self.ctx, self.sink, self.created, new_databases)

    # --- inside --------------------------------------------------------------------------

    def _info(self, destination: Destination) -> CollectionInfo:
        return target_info(destination.entry, destination.working, self._moved)

    def _load_one(self, destination: Destination) -> None:
        entry = destination.entry
        self.ctx.check()
        self.ctx.begin(destination.target, entry.plain_bytes)
        if not destination.fills:
            if not self._could_create(destination):
                return
            if self.indexes is IndexChoice.BEFORE and entry.indexes:
                self._index_one(destination)
        if entry.kind == "view" or self._could_fill(destination):
            self.ctx.finish(destination.target)

    def _could_create(self, destination: Destination) -> bool:
        """Create a collection; one the server does not take is a loss, the others go on."""
        try:
            self._create(destination)
        except WriteRefusedError as error:
            self._leave_out(destination, error.message)
            return False
        return True

    def _leave_out(self, destination: Destination, why: str) -> None:
        target = destination.target
        why = why.removeprefix(f"{destination.working} ")
        self._stop_if_asked(str(target), why)
        with self._lock:
            self._unmade.add(target)
        self._lose(Loss(str(target), why, count=destination.entry.documents))
        self.ctx.fail(target, why)

    def _create(self, destination: Destination) -> None:
        """Create a collection; one that came into being as the connection was lost is ours."""
        info, working = self._info(destination), destination.working

        def create(tries: int) -> None:
            there = self.sink.existing(working.database) if tries else ()
            if all(i.namespace != working for i in there):
                self.sink.create(info)

        try:
            steadily(self.ctx, create, self.sink.reconnect)
        except ConnectionLostError:  # it may be there nevertheless
            self._note_created(working)
            raise
        self._note_created(working)
        self._beat()

    def _note_created(self, working: Namespace) -> None:
        with self._lock:
            self.created.append(working)
        if self.making is not None:
            self.making.began(working)

    def _beat(self, *, at_once: bool = False) -> None:
        if self.making is not None:
            self.making.beat(at_once=at_once)

    def _index_one(self, destination: Destination) -> None:
        self.ctx.check()
        self.ctx.note(str(destination.target))
        info = self._info(destination)
        for failed in steadily(
            self.ctx, lambda _: self.sink.build_indexes(info), self.sink.reconnect
        ):
            subject = f"{destination.target} index {failed.name}"
            self._stop_if_asked(subject, failed.reason)
            self._lose(Loss(subject, failed.reason))

    def _could_fill(self, destination: Destination) -> bool:
        """Insert all documents; a collection that went away while it was read is a loss."""
        while True:
            try:
                self._insert_all(destination)
            except StartOverError:
                self._begin_anew(destination)
            except NamespaceChangedError as error:
                if not destination.fills:
                    self._empty(destination)
                self._leave_out(destination, error.message)
                return False
            else:
                return True

    def _begin_anew(self, destination: Destination) -> None:
        """Empty a collection that this run made; one that existed keeps what it got."""
        self._empty(destination)
        if destination.fills:
            return
        self._create(destination)
        if self.indexes is IndexChoice.BEFORE and destination.entry.indexes:
            self._index_one(destination)

    def _empty(self, destination: Destination) -> None:
        """Take back what was counted, and drop the collection if this run made it."""
        target, working = destination.target, destination.working
        self.ctx.start_over(target)
        with self._lock:
            tally = self._tallies.pop(target, Tally())
            self.already -= tally.already
            if destination.fills:  # they will be there already, and count as added only
                self.already -= tally.inserted
            else:
                self.inserted -= tally.inserted
        if destination.fills:
            return
        steadily(self.ctx, lambda _: self.sink.drop(working), self.sink.reconnect)
        with self._lock:
            self.created.remove(working)

    def _insert_all(self, destination: Destination) -> None:
        entry, digest = destination.entry, ContentDigest()
        batches = batches_of(entry, self.manifest.compression, self._read, digest, BATCH_BYTES)
        keeps_order = '"capped":true' in entry.options
        refused = Refusals()

        def insert(batch: DocumentBatch) -> None:
            outcome = self._insert(destination.working, batch)
            self._count(destination, batch, outcome, refused)
            self._beat()

        with Prefetch(batches, AHEAD_BATCHES, "mangrove-decode") as ahead:
            width = 1 if keeps_order else self.parallel
            side_by_side(each(insert, ahead), width, "mangrove-insert")
        with self._lock:
            self._loaded[destination.target] = replace(
                entry,
                documents=digest.documents,
                plain_bytes=digest.bytes,
                digest=digest.hexdigest(),
            )
        if refused.count:
            self._lose(refused.loss(destination.target))

    def _insert(self, where: Namespace, batch: DocumentBatch) -> InsertOutcome:
        def insert(tries: int) -> InsertOutcome:
            return (self.sink.insert_again if tries else self.sink.insert)(where, batch)

        return steadily(self.ctx, insert, self.sink.reconnect)

    def _read(self, blob: StoredBlob) -> Iterator[bytes]:
        return iter(self._passing(self.vault.read(blob)))

    @property
    def _passing(self) -> Passing:
        return self.pace.through if self.pace is not None else self.ctx.passing

    def _count(
        self,
        destination: Destination,
        batch: DocumentBatch,
        outcome: InsertOutcome,
        refused: Refusals,
    ) -> None:
        self.ctx.advance(len(batch.joined), outcome.inserted, destination.target)
        lost = [d for d in outcome.refused if not (destination.fills and d.is_there)]
        with self._lock:
            self.inserted += outcome.inserted
            self.already += len(outcome.refused) - len(lost)
            if destination.fills:
                added = self.added.get(destination.target, 0)
                self.added[destination.target] = added + outcome.inserted
            refused.add(lost)
            tally = self._tallies.setdefault(destination.target, Tally())
            tally.inserted += outcome.inserted
            tally.already += len(outcome.refused) - len(lost)
            tally.missing += len(batch) - outcome.inserted
        if lost:
            first = lost[0]
            self._stop_if_asked(f"{destination.target} {id_text(first.id_element)}", first.reason)

    def _stop_if_asked(self, subject: str, reason: str) -> None:
        if self.on_refusal is OnRefusal.STOP:
            raise WriteRefusedError(
                f"{subject}: {reason}; the run stops at the first refusal, as asked",
                hint="restore without --stop-on-error to go on and list what is refused",
            )

    def _compare_one(
        self, destination: Destination, found: Mapping[Namespace, CollectionInfo]
    ) -> NamespaceResult:
        entry, info = destination.entry, found.get(destination.working)
        digest = ContentDigest()
        if info is None:
            self._lose(Loss(str(destination.target), "is not there after the restore"))
            return NamespaceResult(str(entry.namespace), 0, digest.hexdigest(), 0, good=False)
        if entry.kind != "view":
            digest = steadily(self.ctx, lambda _: self._digest(info), self.sink.reconnect)
        problems = list(self._problems(destination, info, digest))
        for problem in problems:
            self._lose(Loss(str(destination.target), problem))
        return NamespaceResult(
            str(entry.namespace),
            digest.documents,
            digest.hexdigest(),
            len(info.indexes),
            good=not problems,
        )

    def _digest(self, info: CollectionInfo) -> ContentDigest:
        digest = ContentDigest()
        for chunk in self.ctx.metered(self.sink.read(info)):
            digest.add_chunk(chunk)
        return digest

    def _problems(
        self, destination: Destination, info: CollectionInfo, digest: ContentDigest
    ) -> Iterator[str]:
        entry = self._loaded.get(destination.target, destination.entry)
        expected = entry.documents - self._tallies.get(destination.target, Tally()).missing
        with self._lock:
            reported = {loss.subject for loss in self.losses}
        if str(destination.target) not in reported:
            yield from content_differences(entry, digest.documents, digest.hexdigest())
        elif digest.documents != expected:
            yield f"holds {counted(digest.documents, 'document')}, expected {expected:,}"
        for problem in shape_differences(self._info(destination), info, self.indexes):
            if f"{destination.target} index {problem.index}" not in reported:
                yield problem.text

    def _lose(self, loss: Loss) -> None:
        with self._lock:
            if loss in self.losses:  # found before the collection was begun anew
                return
            self.losses.append(loss)
        self.ctx.log(f"{loss.subject}: {loss.reason}")
