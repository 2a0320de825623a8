from datetime import date, timedelta

import pytest

from mangrove.core.figures.changes import ChangeKind, Look, changes_of, missed_drills
from mangrove.core.figures.days import DayState, calendar_of
from mangrove.core.figures.facts import DayTotal
from mangrove.core.figures.sizes import Tier, sizes_of, together
from mangrove.core.vaults.vault import VaultId

LAST = date(2026, 3, 8)  # a Sunday
DAY = timedelta(days=1)
GB = 10**9


def total(
    age: int,
    complete: int = 1,
    unreadable: int = 0,
    proven: int = 0,
    disproven: int = 0,
    stored: int = GB,
) -> DayTotal:
    day = LAST - age * DAY
    return DayTotal("shop", VaultId("v1"), day, complete, unreadable, proven, disproven, stored, GB)


@pytest.mark.parametrize(
    ("totals", "failed_runs", "state"),
    [
        pytest.param([], 0, DayState.NOTHING, id="nothing"),
        pytest.param([], 1, DayState.FAILED, id="only a failed run"),
        pytest.param([total(0)], 0, DayState.UNPROVEN, id="a backup"),
        pytest.param([total(0)], 3, DayState.UNPROVEN, id="a backup after failures"),
        pytest.param([total(0, proven=1)], 0, DayState.PROVEN, id="proven"),
        pytest.param([total(0, complete=0, unreadable=1)], 0, DayState.FAILED, id="unreadable"),
        pytest.param([total(0, 2, proven=1, disproven=1)], 0, DayState.FAILED, id="disproven"),
        pytest.param([total(0), total(0, proven=1)], 0, DayState.PROVEN, id="in two vaults"),
    ],
)
def test_a_day_is_judged_by_its_backups_and_its_failed_runs(
    totals: list[DayTotal], failed_runs: int, state: DayState
) -> None:
    (mark,) = calendar_of(totals, {LAST: failed_runs}, LAST, LAST)

    assert mark.state is state


def test_absence_is_drawn_for_every_day() -> None:
    marks = calendar_of([total(2)], {}, LAST - 4 * DAY, LAST)

    assert [mark.state.value for mark in marks] == [
        "nothing",
        "nothing",
        "unproven",
        "nothing",
        "nothing",
    ]


def test_bytes_are_added_up_by_tier_and_each_counts_once() -> None:
    days = [
        total(9, stored=3 * GB),  # a Friday of February; the newest of its week and month
        total(6, stored=2 * GB),  # Monday
        total(0),  # Sunday: the newest of its week, month and year
    ]
    everything = [total(400, complete=9, stored=11 * GB)]

    series = sizes_of(days, everything, LAST - 9 * DAY, LAST)

    assert series.points[-1].total_bytes == 11 * GB
    assert dict(series.points[-1].by_tier) == {
        Tier.OLDER: 5 * GB,
        Tier.YEARLY: GB,
        Tier.MONTHLY: GB,
        Tier.WEEKLY: 0,
        Tier.DAILY: GB,
        Tier.HOURLY: 3 * GB,
    }
    assert [p.total_bytes // GB for p in series.points] == [8, 8, 8, 10, 10, 10, 10, 10, 10, 11]


@pytest.mark.parametrize(
    ("ages", "free", "pace", "full_on"),
    [
        pytest.param([1], None, None, None, id="too young to tell"),
        pytest.param([10, 5, 1], 3 * GB, 0.2 * GB, LAST + 15 * DAY, id="full"),
        pytest.param([10, 5, 1], None, 0.2 * GB, None, id="free space unknown"),
        pytest.param([40, 5, 1], 10**15, 2 * GB / 30, None, id="not in ten years"),
    ],
)
def test_a_projection_follows_the_growth_of_the_last_days(
    ages: list[int], free: int | None, pace: float | None, full_on: date | None
) -> None:
    days = [total(age) for age in ages]
    series = sizes_of(days, [total(max(ages))], LAST - 50 * DAY, LAST, free)

    assert series.per_day_bytes == (None if pace is None else pytest.approx(pace))
    assert series.full_on == full_on


def test_vaults_are_added_up() -> None:
    one = sizes_of([total(5)], [total(5)], LAST - 6 * DAY, LAST)

    both = together([one, one])

    assert both.points[-1].total_bytes == 2 * GB
    assert both.points[-1].by_profile == (("shop", 2 * GB),)
    assert both.per_day_bytes == 2 * (one.per_day_bytes or 0)


BEFORE = Look(frozenset({"shop", "old"}), 100, "6.0.5")


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        pytest.param(BEFORE, [], id="the same"),
        pytest.param(
            Look(frozenset({"shop", "new"}), 100, "6.0.5"),
            [ChangeKind.NEW_DATABASE, ChangeKind.GONE_DATABASE],
            id="databases",
        ),
        pytest.param(Look(BEFORE.databases, 129, "6.0.5"), [], id="a little more"),
        pytest.param(Look(BEFORE.databases, 130, "6.0.5"), [ChangeKind.GREW], id="grew"),
        pytest.param(Look(BEFORE.databases, 70, "6.0.5"), [ChangeKind.SHRANK], id="shrank"),
        pytest.param(Look(BEFORE.databases, 100, "7"), [ChangeKind.SERVER_VERSION], id="version"),
        pytest.param(None, [], id="no backup now"),
    ],
)
def test_what_changed_since_the_last_look_is_named_by_kind(
    now: Look | None, kinds: list[ChangeKind]
) -> None:
    assert [change.kind for change in changes_of(BEFORE, now)] == kinds


def test_missed_drills_are_told() -> None:
    assert missed_drills("proof", 0) == ()
    (change,) = missed_drills("proof", 2)
    assert (change.subject, change.words) == ("proof", "missed 2 times")
