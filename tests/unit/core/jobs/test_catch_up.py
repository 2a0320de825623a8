"""What a job has to make up for: the rule, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.nightly import nightly
from mangrove.core.jobs.catch_up import next_look, wanted
from mangrove.core.jobs.job import Firing, FiringState
from mangrove.core.jobs.schedule import Due

MADE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIRST = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NIGHTLY = nightly(MADE)
CLOSED = "server-unreachable"


def ended(state: FiringState, at: datetime = FIRST, **more: object) -> Firing:
    return Firing(NIGHTLY.job_id, FIRST, at, state, at, **more)  # type: ignore[arg-type]


FAILED = ended(FiringState.FAILED, problem_code=CLOSED)


def due_at(moment: datetime, *firings: Firing) -> Due | None:
    return wanted(NIGHTLY, firings, moment, lambda code: code == CLOSED)


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (FiringState.SUCCEEDED, False),
        (FiringState.SUCCEEDED_WITH_WARNINGS, False),
        (FiringState.CANCELLED, False),
        (FiringState.SKIPPED, False),
        (FiringState.INTERRUPTED, True),
    ],
)
def test_only_what_was_cut_off_is_wanted_at_once_again(state: FiringState, again: bool) -> None:
    assert (due_at(FIRST + HOUR, ended(state)) is not None) is again


def test_a_closed_way_is_tried_again_after_growing_waits() -> None:
    assert due_at(FIRST + HOUR - timedelta(seconds=1), FAILED) is None
    assert due_at(FIRST + HOUR, FAILED) == Due(FIRST, 0)

    twice = (replace(FAILED, begun_at=FIRST + HOUR, ended_at=FIRST + HOUR), FAILED)
    assert due_at(FIRST + 2 * HOUR, *twice) is None
    assert due_at(FIRST + 3 * HOUR, *twice) == Due(FIRST, 0)


def test_the_next_own_time_takes_the_place_of_further_tries() -> None:
    late = replace(FAILED, ended_at=FIRST + timedelta(hours=23, minutes=30))

    assert due_at(FIRST + timedelta(hours=23, minutes=59), late) is None
    assert due_at(FIRST + timedelta(days=1), late) == Due(FIRST + timedelta(days=1), 0)


def test_what_no_waiting_mends_waits_for_its_next_time() -> None:
    wrong = replace(FAILED, problem_code="authentication-failed")

    assert due_at(FIRST + 12 * HOUR, wrong) is None


def test_a_run_by_hand_that_went_well_ends_the_tries_and_a_failed_one_does_not() -> None:
    by_hand = ended(FiringState.SUCCEEDED, FIRST + timedelta(minutes=30), by_hand=True)

    assert due_at(FIRST + 2 * HOUR, by_hand, FAILED) is None
    assert due_at(FIRST + 2 * HOUR, replace(by_hand, state=FiringState.FAILED), FAILED) is not None


def test_a_run_by_hand_is_never_tried_again_by_itself() -> None:
    alone = replace(FAILED, by_hand=True)

    assert due_at(FIRST + 12 * HOUR, alone) is None


def test_the_next_look_is_the_next_time_or_the_next_try() -> None:
    def look(*firings: Firing) -> datetime:
        return next_look(NIGHTLY, firings, lambda code: code == CLOSED)

    assert look() == FIRST
    assert look(ended(FiringState.SUCCEEDED)) == FIRST + timedelta(days=1)
    assert look(FAILED) == FIRST + HOUR
