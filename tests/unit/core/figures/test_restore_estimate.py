from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.clock import NOON
from mangrove.core.backup import BackupId
from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.figures.restore_estimate import (
    HALF_LIFE,
    MeasuredRestore,
    Steps,
    Work,
    measured_by,
    restore_estimate,
    weighted_percentile,
)
from mangrove.core.verification import Level, StepName

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
MB = 10**6
WORK = Work(stored_bytes=50 * MB, plain_bytes=200 * MB, documents=10_000, index_entries=20_000)


def restore(
    seconds: float, age: timedelta = DAY, megabytes: int = 200, target: str = "staging"
) -> MeasuredRestore:
    return MeasuredRestore(
        target, "restore", NOON - age, seconds * SECOND, 50 * MB, megabytes * MB, 10_000, 20_000
    )


@pytest.mark.parametrize(
    ("pairs", "share", "expected"),
    [
        ([(1, 1), (2, 1), (3, 1), (4, 1)], 0.25, 1),
        ([(1, 1), (2, 1), (3, 1), (4, 1)], 0.5, 2),
        ([(1, 1), (2, 1), (3, 1), (4, 1)], 0.51, 3),
        ([(1, 0.1), (2, 1), (3, 1)], 0.25, 2),
        ([(5, 1)], 0.9, 5),
    ],
)
def test_a_percentile_counts_each_value_by_its_weight(
    pairs: list[tuple[float, float]], share: float, expected: float
) -> None:
    assert weighted_percentile(pairs, share) == expected


def test_the_rate_of_the_slowest_quarter_is_taken() -> None:
    measured = [restore(s) for s in (10, 20, 40, 80)]

    found = restore_estimate(WORK, measured, ["staging"], NOON)

    assert (found.expected, found.p50, found.p90) == (80 * SECOND, 40 * SECOND, 80 * SECOND)
    assert (found.target, found.restores) == ("staging", 4)


def test_larger_work_takes_longer_in_proportion() -> None:
    twice = replace(WORK, plain_bytes=400 * MB)

    assert restore_estimate(twice, [restore(10)], ["staging"], NOON).expected == 20 * SECOND


@pytest.mark.parametrize(
    ("measured", "why"),
    [
        pytest.param([], "no restore was ever measured", id="never"),
        pytest.param([restore(10, target="other")], "no restore to it was measured", id="other"),
        pytest.param(
            [restore(10, megabytes=9), restore(10, megabytes=5000)],
            "no restore of this size was measured",
            id="other sizes",
        ),
    ],
)
def test_what_was_not_measured_is_unknown(measured: list[MeasuredRestore], why: str) -> None:
    found = restore_estimate(WORK, measured, ["staging"], NOON)

    assert (found.expected, found.is_known, found.why_unknown) == (None, False, why)
    assert found.evidence_age(NOON) is None
    assert found.meets(DAY) is None


@pytest.mark.parametrize(
    ("tiny", "work_mb"),
    [
        pytest.param(restore(5, megabytes=9), 100, id="small"),
        pytest.param(restore(1.9, megabytes=50), 101, id="short"),
    ],
)
def test_a_tiny_restore_says_nothing_of_a_large_one(tiny: MeasuredRestore, work_mb: int) -> None:
    work = replace(WORK, plain_bytes=work_mb * MB)

    found = restore_estimate(work, [tiny], ["staging"], NOON)

    assert found.why_unknown == "only restores too small to tell were measured"
    large = restore(30, megabytes=work_mb)
    both = restore_estimate(work, [tiny, large], ["staging"], NOON)
    assert (both.restores, both.expected) == (1, 30 * SECOND)


@pytest.mark.parametrize(("megabytes", "work_mb"), [(1, 10), (50, 100)], ids=["tiny", "hardly"])
def test_a_tiny_restore_tells_of_what_is_tiny_or_hardly_larger(
    megabytes: int, work_mb: int
) -> None:
    work = replace(WORK, plain_bytes=work_mb * MB)
    measured = [restore(1, megabytes=megabytes)]

    found = restore_estimate(work, measured, ["staging"], NOON)

    assert found.expected == work_mb / megabytes * SECOND


def test_targets_are_never_mixed_and_the_first_with_this_size_counts() -> None:
    measured = [
        restore(10, target="production", megabytes=1),
        restore(20, target="staging"),
        restore(90, target="embedded"),
    ]

    found = restore_estimate(WORK, measured, ["production", "staging", "embedded"], NOON)

    assert (found.target, found.restores, found.expected) == ("staging", 1, 20 * SECOND)


def test_old_measurements_lose_weight() -> None:
    slow_and_old = [restore(100, age=4 * HALF_LIFE) for _ in range(3)]
    quick_and_new = [restore(10) for _ in range(3)]

    found = restore_estimate(WORK, slow_and_old + quick_and_new, ["staging"], NOON)

    assert found.expected == 10 * SECOND
    assert found.evidence_age(NOON) == DAY


def test_parts_that_were_measured_apart_are_added_up() -> None:
    steps = Steps(
        download=5 * SECOND,
        insert=10 * SECOND,
        indexes=4 * SECOND,
        replay=2 * SECOND,
        verify=3 * SECOND,
    )
    apart = replace(restore(30), steps=steps, operations=100)
    work = Work(100 * MB, 400 * MB, 30_000, 20_000, 50)

    found = restore_estimate(work, [apart, restore(999)], ["staging"], NOON)

    assert found.expected == (10 + 30 + 4 + 1 + 6 + 6) * SECOND  # and 6 s for nothing of these


def test_steps_that_do_not_grow_with_the_data_are_not_left_out() -> None:
    elsewhere = a_trial(10, SERVER=3, LOAD=2)
    trial = measured_by(a_trial(10, LOCATE=1, SERVER=3, LOAD=2, INDEXES=1, LOOK=1, REPLAY=2))
    half, twice = Work(25, 100, 5_000), Work(100, 400, 20_000)

    def expected(work: Work) -> timedelta | None:
        return restore_estimate(work, [trial], ["embedded"], NOON).expected

    assert measured_by(replace(elsewhere, target="staging")).took == 10 * SECOND
    assert trial.took == 7 * SECOND  # without the server that a real restore does not start
    assert expected(Work(50, 200, 10_000)) == trial.took
    assert expected(half) == trial.took  # never below the fastest that was measured
    assert expected(twice) == trial.took + 3 * SECOND  # documents and indexes grow


def a_trial(seconds: float, **steps: float) -> EvidenceFact:
    took = tuple((str(StepName[name]), s * SECOND) for name, s in steps.items())
    passed, embedded = True, "embedded"
    return EvidenceFact(
        BackupId("b"),
        Level.DRILLED,
        passed,
        NOON,
        seconds * SECOND,
        embedded,
        50,
        200,
        10_000,
        took,
    )


def test_an_objective_is_met_or_not() -> None:
    found = restore_estimate(WORK, [restore(60)], ["staging"], NOON)

    assert found.meets(60 * SECOND) is True
    assert found.meets(59 * SECOND) is False
    assert found.meets(None) is None


def test_a_trial_restore_measures_its_steps() -> None:
    took = {StepName.STORED: 1, StepName.LOAD: 7, StepName.INDEXES: 2, StepName.COMPARE: 3}
    trial = EvidenceFact(
        BackupId("b"),
        Level.RESTORED,
        True,
        NOON,
        20 * SECOND,
        "embedded",
        5,
        20,
        7,
        tuple((name, s * SECOND) for name, s in took.items()),
    )

    measured = measured_by(trial)

    assert measured.steps == Steps(None, 7 * SECOND, 2 * SECOND, None, 4 * SECOND)
    assert (measured.kind, measured.target) == ("trial restore", "embedded")
    assert measured_by(replace(trial, level=Level.DRILLED)).kind == "drill"
