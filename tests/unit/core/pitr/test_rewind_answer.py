"""What is known of one moment before anybody restores it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.sample_data import NOW, OFFICE_NAS, evidence_summary, record
from mangrove.core.backup_record import BackupRecord
from mangrove.core.pitr.moments import Moment
from mangrove.core.pitr.planning import Timeline, base_of
from mangrove.core.pitr.rewind_answer import rewind_answer
from mangrove.core.verification import Level


def backup(days: int, plain_bytes: int, *proofs: Level) -> BackupRecord:
    row = record("production", OFFICE_NAS, NOW - timedelta(days=days), days)
    evidence = tuple(evidence_summary(level, row.finished_at) for level in proofs)
    return replace(row, is_whole=True, plain_bytes=plain_bytes, evidence=evidence)


def told(*rows: BackupRecord) -> Timeline:
    bases = sorted(map(base_of, rows), key=lambda b: b.stands_at)
    return Timeline((), (), (), tuple(bases), 0)


def own_moment(row: BackupRecord) -> Moment:
    return Moment(base_of(row).stands_at.following, "then")


def test_its_own_trial_restore_tells_how_long_a_base_takes() -> None:
    row = backup(5, 1000, Level.RESTORED)
    newer = backup(1, 1000, Level.RESTORED)

    answer = rewind_answer(told(row, newer), own_moment(row))

    assert answer.plan is not None
    assert answer.measured == row.evidence[0]
    assert answer.base_takes == timedelta(minutes=14)


@pytest.mark.parametrize(
    ("measured_bytes", "minutes"),
    [(500, 28), (2000, 7), (499, None), (2001, None), (0, None)],
    ids=["half", "double", "smaller", "larger", "nothing"],
)
def test_only_a_restore_of_about_its_size_tells_and_is_scaled(
    measured_bytes: int, minutes: int | None
) -> None:
    row = backup(1, 1000, Level.STORED)
    other = backup(5, measured_bytes, Level.RESTORED)

    answer = rewind_answer(told(row, other), own_moment(row))

    assert answer.base_takes == (timedelta(minutes=minutes) if minutes else None)


def test_two_empty_backups_take_as_long() -> None:
    row, other = backup(1, 0), backup(5, 0, Level.RESTORED)

    assert rewind_answer(told(row, other), own_moment(row)).base_takes == timedelta(minutes=14)


def test_a_failed_trial_tells_nothing() -> None:
    failed = evidence_summary(Level.RESTORED, NOW, passed=False)
    row = replace(backup(1, 1000), evidence=(failed,))

    assert rewind_answer(told(row), own_moment(row)).measured is None


def test_a_moment_without_a_way_says_why() -> None:
    row = backup(1, 1000)
    before = Moment(base_of(row).stands_at, "before")

    answer = rewind_answer(told(row), before)

    assert answer.plan is None
    assert answer.problem is not None
    assert "never captured" in answer.problem.message
