"""Capture over memory: joining, breaking, resuming, and every way to end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest

from fakes.memory_storage import MemoryStorage
from fakes.oplog import FakeOplog, MemorySlices, position
from fakes.oplog_story import record
from fakes.vaults import SLUG, TestVault, new_vault
from mangrove.core.blobs import BlobName
from mangrove.core.errors import BlobMismatchError, ContentMismatchError, StorageFullError
from mangrove.core.oplog import OplogPosition
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest
from mangrove.core.pitr.planning import Base, GapReason, Timeline, base_of
from mangrove.core.pitr.slices import BreakKind, OplogSlice
from mangrove.core.pitr.timeline import timeline_of
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Phase, RunId, RunState, RunStatus
from mangrove.core.vaults.vault import VaultId
from mangrove.engine.oplog_walk import positions
from mangrove.engine.slice_reading import entries_of
from mangrove.jobs.capture import PHASES, CaptureBody
from unit.jobs.conftest import Bench

VAULT_ID = VaultId("a1b2c3")


@dataclass
class Post:
    """A capture's surroundings."""

    bench: Bench
    oplog: FakeOplog
    bases: list[Base] = field(default_factory=list)
    slices: MemorySlices = field(default_factory=MemorySlices)
    asked: int = 0

    def body(self, mode: CaptureMode = CaptureMode.ONCE) -> CaptureBody:
        return CaptureBody(
            request=CaptureRequest("shop", "attic", mode, timedelta(minutes=1)),
            slug=SLUG,
            open_oplog=self.oplog.opened,
            vault=self.vault,
            catalog=self.slices,
            bases=lambda: self.bases,
            clock=self.bench.clock,
            on_gap=lambda _: self._ask(),
            poll_s=0.001,
        )

    def capture(self) -> RunStatus:
        self.bench.clock.advance(timedelta(seconds=90))
        return self.bench.run(self.body(), *PHASES)

    @property
    def vault(self) -> Vault:
        return self.bench.vault.open()

    @property
    def pieces(self) -> list[OplogSlice]:
        return sorted(self.vault.slices().all(SLUG), key=lambda s: (s.chain, s.last))

    def stored(self, pieces: Sequence[OplogSlice]) -> list[OplogPosition]:
        chunks = entries_of(pieces, self.vault.read)
        return [place for chunk in chunks for place, _, _ in positions(chunk)]

    def timeline(self) -> Timeline:
        shelf = self.vault.slices()
        return timeline_of(
            self.bases, tuple(shelf.all()), tuple(shelf.breaks()), self.bench.clock.now()
        )

    def _ask(self) -> None:
        self.asked += 1


def base_at(second: int) -> Base:
    return base_of(record(second, vault=VAULT_ID))


@pytest.fixture
def post(bench: Bench) -> Post:
    return Post(bench, FakeOplog.of(1000, 1010))


def test_slices_join_and_hold_every_entry_once(post: Post) -> None:
    post.capture()
    for last in (1020, 1021, 1040):
        post.oplog.write(last)
        assert post.capture().state is RunState.SUCCEEDED

    pieces = post.pieces
    assert all(later.continues(earlier) for earlier, later in pairwise(pieces))
    assert [p.previous for p in pieces[1:]] == [p.blob.sha256 for p in pieces[:-1]]
    assert post.stored(pieces) == post.oplog.places[-31:]
    assert pieces[-1].headroom == timedelta(seconds=40)


def test_without_a_base_a_chain_begins_at_the_newest_entry_and_asks_for_one(post: Post) -> None:
    status = post.capture()

    (only,) = post.pieces
    assert (only.first, only.last, only.entries) == (position(1010), position(1010), 1)
    assert post.asked == 1
    assert status.result is not None
    assert any("take a backup" in warning for warning in status.result.warnings)


def test_a_chain_begins_before_the_newest_base_that_the_oplog_reaches(post: Post) -> None:
    post.oplog = FakeOplog.of(1000, 1500)
    post.bases = [base_at(900), base_at(1200), base_at(1300)]

    post.capture()

    assert post.pieces[0].first == position(1209)  # a minute and a half before the base
    (window,) = post.timeline().windows
    assert (window.start.seconds, window.end.seconds) == (1300, 1500)
    assert post.asked == 0


def test_when_nothing_was_written_nothing_is_stored(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    before = post.pieces

    assert post.capture().state is RunState.SUCCEEDED
    assert post.pieces == before


def test_a_boundary_that_rolled_over_ends_the_chain_and_begins_another(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    post.oplog.write(1060)
    post.oplog.roll_over(1030)

    status = post.capture()

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    assert "entries were lost" in status.result.losses[0].reason
    post.oplog.write(1080)
    post.capture()
    first, second = {p.chain: p for p in post.pieces}.values()
    assert first.chain < second.chain
    (cut,) = post.vault.slices().breaks(SLUG)
    assert (cut.kind, cut.chain, cut.at) == (BreakKind.ROLLED_OVER, first.chain, first.last.ts)
    assert gaps(post) == [GapReason.ROLLED_OVER]
    assert post.asked == 1


def test_another_term_at_the_boundary_is_a_divergence_and_supersedes_what_was_lost(
    post: Post,
) -> None:
    post.bases = [base_at(1003)]
    post.capture()
    post.oplog.roll_back(1007)
    post.oplog.write(1020, term=2)

    status = post.capture()

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    (cut,) = post.vault.slices().breaks(SLUG)
    assert (cut.kind, cut.at, cut.until) == (
        BreakKind.DIVERGED,
        position(1007).ts,
        position(1010).ts,
    )
    (window,) = post.timeline().windows
    assert window.end == position(1007).ts


def test_a_forced_reconfiguration_that_lost_writes_is_a_divergence(post: Post) -> None:
    post.bases = [base_at(1003)]
    post.capture()
    post.oplog.roll_back(1006)
    post.oplog.places.append(OplogPosition(position(1008).ts, 3))

    assert post.capture().state is RunState.SUCCEEDED_WITH_WARNINGS
    (cut,) = post.vault.slices().breaks(SLUG)
    assert (cut.kind, cut.at) == (BreakKind.DIVERGED, position(1006).ts)


def test_an_election_without_loss_goes_on_with_the_chain(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    post.oplog.write(1020, term=2)
    post.capture()

    assert len({p.chain for p in post.pieces}) == 1
    assert post.stored(post.pieces) == post.oplog.places


def test_a_node_that_lags_behind_is_waited_for(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    post.oplog.write(1020)
    post.oplog.held_back = 15

    def catch_up() -> None:
        post.oplog.held_back = max(0, post.oplog.held_back - 5)

    post.oplog.before_read = catch_up

    assert post.capture().state is RunState.SUCCEEDED
    assert post.stored(post.pieces) == post.oplog.places[: len(post.stored(post.pieces))]
    assert not list(post.vault.slices().breaks())


def test_a_node_that_never_catches_up_ends_the_run_and_nothing_is_lost(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    post.oplog.held_back = 5
    post.oplog.before_read = lambda: post.bench.clock.advance(timedelta(seconds=200))

    status = post.capture()

    assert status.problem is not None
    assert status.problem.code == "stalled"
    assert len(post.pieces) == 1


def test_a_lost_connection_leaves_nothing_out_and_doubles_nothing(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.oplog.lose_after = 2

    assert post.capture().state is RunState.SUCCEEDED

    assert post.oplog.reconnects == 1
    assert post.stored(post.pieces) == post.oplog.places


def test_entries_that_come_out_of_order_are_not_stored(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.oplog.places[4], post.oplog.places[5] = post.oplog.places[5], post.oplog.places[4]

    status = post.capture()

    assert status.problem is not None
    assert status.problem.code == "malformed-bson"
    assert post.pieces == []


def test_the_second_of_two_captures_of_one_chain_is_refused(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    post.oplog.write(1020)
    late = Post(post.bench, FakeOplog(list(post.oplog.places)), post.bases)
    late.oplog.write(1025)
    late.oplog.before_read = lambda: post.capture() and None  # the other one is quicker

    status = late.bench.run(late.body(), *PHASES)

    assert status.problem is not None
    assert status.problem.code == "chain-taken"
    assert post.stored(post.pieces) == post.oplog.places


def test_a_slice_whose_signature_was_stored_though_the_answer_was_lost_is_taken_as_it_is(
    post: Post,
) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    post.oplog.write(1020)
    late = Post(post.bench, FakeOplog(list(post.oplog.places)), post.bases)
    late.oplog.before_read = lambda: post.capture() and None  # stored the very same entries

    assert late.bench.run(late.body(), *PHASES).state is RunState.SUCCEEDED
    assert post.stored(post.pieces) == post.oplog.places


def test_what_a_killed_capture_left_unsigned_is_replaced(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.capture()
    post.oplog.write(1020)
    post.capture()
    last = post.pieces[-1]
    post.bench.vault.memory.delete(BlobName(last.blob.name + ".minisig"))
    assert post.vault.health().debris[0].backup == "oplog"

    assert post.capture().state is RunState.SUCCEEDED

    assert post.vault.health().debris == ()
    assert post.stored(post.pieces) == post.oplog.places


class FullStorage(MemoryStorage):
    """Takes no slice."""

    def put(self, name: BlobName, chunks: object) -> int:
        if "/oplog/" in name:
            raise StorageFullError("no space is left")
        return super().put(name, chunks)  # type: ignore[arg-type]


def test_a_full_storage_ends_the_run_with_that_reason(bench: Bench) -> None:
    bench.vault = new_vault(FullStorage())
    post = Post(bench, FakeOplog.of(1000, 1010), [base_at(1005)])

    status = post.capture()

    assert status.problem is not None
    assert status.problem.code == "storage-full"
    assert post.pieces == []


def test_a_cancel_before_it_starts_leaves_nothing(post: Post) -> None:
    post.bases = [base_at(1005)]
    post.bench.cancel_at(Phase.CONNECT)

    assert post.capture().state is RunState.CANCELLED
    assert post.pieces == []


def test_following_stores_what_it_has_when_it_is_stopped(post: Post) -> None:
    post.bases = [base_at(1005)]
    reads = 0

    def read() -> None:
        nonlocal reads
        reads += 1
        if reads == 2:
            post.oplog.write(1030)
        if reads == 5:
            post.bench.runner.cancel(RunId(post.bench.seen[-1].run_id))

    post.oplog.before_read = read

    status = post.bench.run(post.body(CaptureMode.FOLLOW), *PHASES)

    assert status.state is RunState.CANCELLED
    assert "captured up to" in status.note
    assert post.stored(post.pieces) == post.oplog.places


def test_following_waits_for_a_server_that_is_away(post: Post) -> None:
    post.bases = [base_at(1005)]
    reads = 0

    def read() -> None:
        nonlocal reads
        reads += 1
        if reads == 2:
            post.oplog.lose_after = 0
        if reads == 4:
            post.bench.runner.cancel(RunId(post.bench.seen[-1].run_id))

    post.oplog.before_read = read

    assert post.bench.run(post.body(CaptureMode.FOLLOW), *PHASES).state is RunState.CANCELLED
    assert post.oplog.reconnects == 1


# --- what somebody did to the vault ----------------------------------------------------------


@pytest.fixture
def three(post: Post) -> Post:
    post.bases = [base_at(1005)]
    for last in (1010, 1020, 1030):
        post.oplog.write(last)
        post.capture()
    return post


def gaps(post: Post) -> list[GapReason]:
    found = post.timeline().gaps
    return [g.reason for g in found if g.end is not None and g.reason is not GapReason.NO_BASE]


def test_a_slice_that_is_gone_with_its_signature_is_missed(three: Post) -> None:
    middle = three.pieces[1]
    for name in (middle.blob.name, middle.blob.name + ".minisig"):
        three.bench.vault.memory.delete(BlobName(name))

    assert gaps(three) == [GapReason.SLICE_MISSING]


@pytest.mark.parametrize("harm", ["gone", "shorter", "signature"])
def test_a_slice_that_cannot_be_trusted_is_listed_as_such(three: Post, harm: str) -> None:
    memory, middle = three.bench.vault.memory, three.pieces[1]
    name = BlobName(middle.blob.name)
    data = b"".join(memory.get(name))
    if harm == "gone":
        memory.delete(name)
    elif harm == "shorter":
        memory.tamper(name, data[:-1])
    else:
        memory.tamper(BlobName(name + ".minisig"), b"untrusted comment: x\n")

    assert [p.is_usable for p in three.pieces] == [True, False, True]
    assert gaps(three) == [GapReason.SLICE_DAMAGED]


def test_a_slice_with_other_boundaries_in_its_name_is_not_trusted(three: Post) -> None:
    memory, middle = three.bench.vault.memory, three.pieces[1]
    for ending in ("", ".minisig"):
        name = BlobName(middle.blob.name + ending)
        moved = BlobName(name.replace("0000001020", "0000001019"))
        memory.tamper(moved, b"".join(memory.get(name)))
        memory.delete(name)

    assert [p.problem != "" for p in three.pieces] == [False, True, False]
    assert "other boundaries" in three.pieces[1].problem


def test_a_changed_slice_of_the_same_size_is_noticed_before_anything_is_read(three: Post) -> None:
    memory, middle = three.bench.vault.memory, three.pieces[1]
    data = bytearray(b"".join(memory.get(BlobName(middle.blob.name))))
    data[len(data) // 2] ^= 1
    memory.tamper(BlobName(middle.blob.name), bytes(data))

    with pytest.raises(BlobMismatchError):
        three.stored(three.pieces)


def test_a_slice_that_lacks_an_entry_it_was_signed_for_is_refused(three: Post) -> None:
    pieces = three.pieces
    short = [pieces[0], pieces[2]]

    with pytest.raises(ContentMismatchError, match="does not begin where"):
        three.stored(short)


def test_a_slice_of_another_vault_is_not_trusted(three: Post) -> None:
    other: TestVault = new_vault(vault_id="ffffff")
    for name in [info.name for info in three.bench.vault.memory.list(f"{SLUG}/oplog/")]:
        other.memory.tamper(name, b"".join(three.bench.vault.memory.get(name)))

    assert not any(p.is_usable for p in other.open().slices().all())
    assert other.open().slices().newest(SLUG) is None
