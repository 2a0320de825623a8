"""Snapshots among the moments of a profile, and the oplog slices that join them."""

from dataclasses import replace
from datetime import timedelta

from fakes.sample_data import OFFICE_NAS
from fakes.sample_slices import NEW, chain_of
from fakes.snapshots import TAKEN_AT, snapshot_with
from mangrove.core.backup import BackupId
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.slices import BreakKind, ChainBreak
from mangrove.core.snapshots.kept import kept_snapshots
from mangrove.core.snapshots.snapshot import Snapshot, SnapshotCheck

NOW = TAKEN_AT + timedelta(days=1)
BEFORE, AFTER = TAKEN_AT - timedelta(hours=1), TAKEN_AT + timedelta(hours=6)
LATER = TAKEN_AT + timedelta(hours=1)


def checked(snapshot: Snapshot, *passed: bool) -> Snapshot:
    for number, ok in enumerate(passed):
        at = TAKEN_AT + timedelta(hours=number)
        check = SnapshotCheck(at, at + timedelta(minutes=1), ok, (), 3, 9, None, "6")
        snapshot = snapshot.with_check(check)
    return snapshot


def test_snapshot_is_a_point_with_its_proof() -> None:
    check = SnapshotCheck(TAKEN_AT, TAKEN_AT + timedelta(minutes=1), True, (), 3, 9, None, "6")
    kept = kept_snapshots([snapshot_with().with_check(check)], (), (), (), NOW)

    assert kept is not None
    assert [p.name for p in kept.points] == [snapshot_with().snapshot]
    assert kept.proofs[0].passed
    assert kept.spans == ()
    assert "lost with its volume" in kept.points[0].words


def test_captured_oplog_joins_a_snapshot_as_it_joins_a_dump() -> None:
    snapshot = snapshot_with()
    kept = kept_snapshots([snapshot], (), chain_of(NEW, BEFORE, AFTER), (), NOW)

    assert kept is not None
    (span,) = kept.spans
    assert snapshot.consistent_at is not None
    assert (span.start, span.end) == (snapshot.consistent_at.at, AFTER)


def test_oplog_of_another_time_does_not_join() -> None:
    later = chain_of(NEW, TAKEN_AT + timedelta(hours=1), AFTER)
    kept = kept_snapshots([snapshot_with()], (), later, (), NOW)

    assert kept is not None
    assert kept.spans == ()


def test_snapshot_of_unknown_moment_or_a_broken_history_is_no_base() -> None:
    slices = chain_of(NEW, BEFORE, AFTER)
    unknown = replace(snapshot_with(), consistent_at=None)
    at = OplogTimestamp(int(BEFORE.timestamp()) + 60, 1)
    until = OplogTimestamp(int(TAKEN_AT.timestamp()) + 60, 1)
    kind = BreakKind.RESTORED_IN_PLACE
    cut = ChainBreak(OFFICE_NAS, "production", kind, None, at, until, NOW)

    lost = kept_snapshots([unknown], (), slices, (), NOW)
    spoilt = kept_snapshots([snapshot_with()], (), slices, (cut,), NOW)

    assert lost is not None
    assert lost.spans == ()
    assert spoilt is not None
    assert spoilt.spans == ()


def test_copy_in_a_vault_is_joined_when_the_snapshot_is_gone() -> None:
    copy = snapshot_with().consistent_at
    assert copy is not None

    kept = kept_snapshots((), ((copy, False),), chain_of(NEW, BEFORE, AFTER), (), NOW)

    assert kept is not None
    assert len(kept.spans) == 1


def test_unfinished_snapshot_counts_for_nothing() -> None:
    unfinished = replace(snapshot_with(), problem="it was being taken")

    assert kept_snapshots([unfinished], (), (), (), NOW) is None


def test_snapshot_whose_newest_check_failed_is_told_and_is_no_base() -> None:
    later = snapshot_with(name=BackupId("20261126T030000Z-shop-9f9f"), taken_at=LATER)
    failed = checked(snapshot_with(), True, False)
    slices = chain_of(NEW, BEFORE, AFTER)

    alone = kept_snapshots([failed], (), slices, (), NOW)
    both = kept_snapshots([failed, later], (), slices, (), NOW)

    assert alone is not None
    assert (alone.spans, alone.sound, alone.restore_command) == ((), (), "")
    assert "verification failed" in alone.points[0].problem
    assert both is not None
    assert later.consistent_at is not None
    assert [(s.start, s.is_proven) for s in both.spans] == [(later.consistent_at.at, False)]
    assert [p.name for p in both.sound] == [later.snapshot]


def test_snapshot_that_passed_after_it_failed_is_a_proven_base() -> None:
    kept = kept_snapshots(
        [checked(snapshot_with(), False, True)], (), chain_of(NEW, BEFORE, AFTER), (), NOW
    )

    assert kept is not None
    assert [s.is_proven for s in kept.spans] == [True]
    assert len(kept.sound) == 1
