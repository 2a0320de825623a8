"""Mirrors of a capture: fed beside it, never waited for, late and caught up with."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from fakes.oplog import FakeOplog, MemorySlices
from fakes.vaults import SLUG
from mangrove.core.errors import MangroveError, StalledError, StorageUnavailableError
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest
from mangrove.core.ports.storage import Passing, as_they_come
from mangrove.core.run import RunId, RunState
from mangrove.core.vaults.mirror import MirrorSpec
from mangrove.jobs.capture import PHASES, CaptureBody
from mangrove.jobs.vaults import slice_mirroring
from mangrove.jobs.vaults.mirror_sign import require_sign
from mangrove.jobs.vaults.slice_feeding import MirrorFeed
from unit.jobs.conftest import Bench

WAIT_S = 20.0
FOLDER = f"{SLUG}/oplog/"


@dataclass
class SlowMirror:
    """Notes what it is asked to copy; it may hang until it is aborted, or fail."""

    hangs: bool = False
    problems: list[MangroveError] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    spec: MirrorSpec = field(default_factory=lambda: MirrorSpec("1", "cellar", "file:///cellar"))

    def greet(self) -> None:
        self._hang()

    def copy_below(self, prefix: str, passing: Passing = as_they_come) -> None:
        self.asked.append(prefix)
        self._hang()
        if self.problems:
            raise self.problems.pop()
        list(passing([b"x"]))

    def abort(self) -> None:
        self.let_go.set()

    def _hang(self) -> None:
        if self.hangs and self.let_go.wait(WAIT_S):
            raise StorageUnavailableError("the storage is not waited for any more")


@dataclass
class Post:
    """A capture that follows an oplog, and is cancelled after some reads."""

    bench: Bench
    mirror: SlowMirror
    oplog: FakeOplog = field(default_factory=lambda: FakeOplog.of(1000, 1010))
    reads: int = 0

    def body(self, mode: CaptureMode) -> CaptureBody:
        slices = MemorySlices()
        return CaptureBody(
            request=CaptureRequest("shop", "attic", mode, timedelta(minutes=1)),
            slug=SLUG,
            open_oplog=self.oplog.opened,
            vault=self.bench.vault.open(),
            catalog=slices,
            bases=lambda: (),
            clock=self.bench.clock,
            mirrors=(self.mirror,),  # type: ignore[arg-type]  # as much as is asked
            poll_s=0.001,
        )

    def read(self) -> None:
        """Let something be written and a slice be due with each read; cancel after the fourth."""
        self.reads += 1
        self.oplog.write(1010 + self.reads)
        self.bench.clock.advance(timedelta(seconds=90))
        if self.reads == 4:
            self.bench.runner.cancel(RunId(self.bench.seen[-1].run_id))


def test_a_mirror_that_hangs_holds_no_slice_of_a_following_capture_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slice_mirroring, "PARTING_S", 0.2)
    mirror = SlowMirror(hangs=True)
    post = Post(bench, mirror)
    post.oplog.before_read = post.read

    status = bench.run(post.body(CaptureMode.FOLLOW), *PHASES)

    assert status.state is RunState.CANCELLED
    assert mirror.asked == [FOLDER]  # still at the first when all of them were stored
    assert len(list(bench.vault.open().slices().all(SLUG))) >= 3
    lines = [line.text for line in bench.runs.log(status.run_id)]
    assert any("the mirror cellar is late" in line for line in lines)


def test_the_end_of_a_capture_waits_for_a_mirror_that_takes_what_there_is(bench: Bench) -> None:
    mirror = SlowMirror()

    status = bench.run(Post(bench, mirror).body(CaptureMode.ONCE), *PHASES)

    assert status.result is not None
    assert mirror.asked == [FOLDER]  # what earlier captures could not bring is brought, too
    assert not any("late" in warning for warning in status.result.warnings)


def test_a_mirror_that_still_copies_after_the_last_wait_is_late(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slice_mirroring, "LAST_COPY_S", 0.2)

    status = bench.run(Post(bench, SlowMirror(hangs=True)).body(CaptureMode.ONCE), *PHASES)

    assert status.state is RunState.SUCCEEDED
    assert status.result is not None
    assert any("the mirror cellar is late: " in said for said in status.result.warnings)


def test_what_failed_is_tried_again_before_what_came_after_it() -> None:
    mirror, told = SlowMirror(problems=[StorageUnavailableError("nobody answers there")]), []
    feed = MirrorFeed(mirror, told.append)  # type: ignore[arg-type]  # as much as is asked

    feed.add("one")
    assert feed.wait(WAIT_S)
    feed.add("two")
    assert feed.wait(WAIT_S)

    assert mirror.asked == ["one", "one", "two"]
    assert told == ["cellar: nobody answers there; tried again with the next slice"]
    assert feed.leave() == ""


def test_nothing_is_copied_for_a_capture_that_is_over() -> None:
    mirror = SlowMirror(hangs=True)
    feed = MirrorFeed(mirror, lambda _: None)  # type: ignore[arg-type]  # as much as is asked
    feed.add("one")
    feed.add("two")

    assert feed.leave() == "the storage is not waited for any more"
    feed.add("three")

    assert mirror.asked == ["one"]


def test_a_mirror_without_a_sign_of_life_is_aborted_and_not_waited_for() -> None:
    mirror = SlowMirror(hangs=True)

    with pytest.raises(StalledError, match="no sign of life"):
        require_sign(mirror, patience_s=0.2)  # type: ignore[arg-type]  # as much as is asked

    assert mirror.let_go.is_set()


def test_a_cancel_ends_the_wait_for_a_sign_of_life() -> None:
    mirror, cancelled = SlowMirror(hangs=True), threading.Event()
    cancelled.set()

    require_sign(mirror, cancelled)  # type: ignore[arg-type]  # as much as is asked

    mirror.abort()
