"""Snapshots are kept by the rules of backups."""

from dataclasses import replace
from datetime import UTC, timedelta

from fakes.snapshots import TAKEN_AT, snapshot_with
from mangrove.core.backup import backup_id
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.retention.rule import Judgement
from mangrove.core.snapshots.retention import judge_snapshots
from mangrove.core.snapshots.snapshot import Snapshot, SnapshotCheck
from mangrove.core.tunnel import TunnelSpec

NOW = TAKEN_AT + timedelta(hours=1)
KEEP_TWO = RetentionPolicy((KeepRule(Period.LAST, 2),))


def days_old(days: int) -> Snapshot:
    taken = TAKEN_AT - timedelta(days=days)
    return snapshot_with(name=backup_id(taken, "shop", "1a2b"), taken_at=taken)


def judged(*snapshots: Snapshot, policy: RetentionPolicy = KEEP_TWO) -> Judgement:
    return judge_snapshots(snapshots, policy, NOW, lambda _: UTC)


def going(judgement: Judgement) -> list[str]:
    return [v.entry.backup for v in judgement.going]


def test_rule_lets_the_oldest_go() -> None:
    rows = [days_old(n) for n in range(4)]

    assert going(judged(*rows)) == [rows[2].snapshot, rows[3].snapshot]


def test_pinned_newest_proven_and_unfinished_ones_stay() -> None:
    at = TAKEN_AT
    check = SnapshotCheck(at, at, True, (), 1, 1, None, "6")
    rows = [
        *(days_old(n) for n in range(2)),
        replace(days_old(3), pin="before the migration"),
        days_old(4).with_check(check),
        replace(days_old(5), problem="it is not whole"),
        days_old(6),
    ]

    assert going(judged(*rows)) == [rows[-1].snapshot]


def test_other_machines_are_counted_apart() -> None:
    far = replace(days_old(9), ssh=TunnelSpec("db2", "root"))

    assert going(judged(days_old(1), days_old(2), far)) == []


def test_no_rule_lets_nothing_go() -> None:
    assert going(judged(*(days_old(n) for n in range(5)), policy=RetentionPolicy())) == []


def test_one_whose_newest_check_failed_takes_no_place_of_a_good_one() -> None:
    check = SnapshotCheck(TAKEN_AT, TAKEN_AT, False, (), 1, 1, None, "6")
    rows = [days_old(0).with_check(check), days_old(1), days_old(2), days_old(3)]

    assert going(judged(*rows)) == [rows[3].snapshot]
