"""Lines of a schedule as a person writes them, and the rules that Atlas enforces on them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.core.atlas.cluster import AtlasCluster, Tier
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.estimate import estimate
from mangrove.core.atlas.policy import (
    LAST_DAY,
    BackupSchedule,
    CopySetting,
    PolicyItem,
    Retention,
    Unit,
    parse_item,
    parse_retention,
)
from mangrove.core.atlas.policy_rules import broken_rules, require_valid
from mangrove.core.atlas.snapshot import Frequency
from mangrove.core.errors import AtlasComplianceError, InvalidAtlasPolicyError

M30 = AtlasCluster("p", "c", Tier.DEDICATED, size="M30", has_backups=True, has_continuous=True)
NVME = replace(M30, size="M40_NVME")
TODAY = date(2026, 11, 26)
DEFAULT = (
    "hourly 6 keep 7 days",
    "daily keep 7 days",
    "weekly saturday keep 4 weeks",
    "monthly last keep 12 months",
    "yearly december keep 1 years",
)
ITEMS = st.builds(
    PolicyItem,
    st.sampled_from([f for f in Frequency if f is not Frequency.ON_DEMAND]),
    st.just(1),
    st.builds(Retention, st.integers(1, 400), st.sampled_from(Unit)),
)


def schedule(*lines: str, **other: object) -> BackupSchedule:
    made = BackupSchedule(tuple(map(parse_item, lines)), 18, 0)
    return replace(made, **other)  # type: ignore[arg-type]


@given(ITEMS, st.integers(1, 12))
def test_a_line_reads_back_as_it_is_written(item: PolicyItem, interval: int) -> None:
    if item.frequency is Frequency.WEEKLY:
        interval = min(interval, 7)
    if item.frequency is Frequency.DAILY:
        interval = 1
    item = replace(item, interval=interval)

    assert parse_item(item.as_written) == item
    assert parse_item(f"  {item.as_written.upper()} ") == item


@pytest.mark.parametrize(
    "text",
    [
        *("", "daily", "hourly keep 7 days", "daily 2 keep 7 days", "weekly funday keep 1 weeks"),
        *("weekly s keep 1 weeks", "monthly first keep 1 months", "hourly 6 keep seven days"),
    ],
)
def test_what_is_no_line_is_refused_with_the_shape_of_one(text: str) -> None:
    with pytest.raises(InvalidAtlasPolicyError) as caught:
        parse_item(text)

    assert "hourly 6 keep 7 days" in caught.value.hint


def test_retention_is_read_and_refused() -> None:
    assert parse_retention("30 days") == Retention(30, Unit.DAYS)
    assert parse_retention("1 Month").text == "1 month"
    for text in ("0 days", "30", "for ever"):
        with pytest.raises(InvalidAtlasPolicyError):
            parse_retention(text)


def test_the_default_of_atlas_breaks_no_rule() -> None:
    require_valid(schedule(*DEFAULT, restore_window_days=7), M30)
    require_valid(schedule("hourly 12 keep 7 days", *DEFAULT[1:]), NVME)


@pytest.mark.parametrize(
    ("made", "cluster", "words"),
    [
        (schedule("hourly 5 keep 7 days"), M30, "every 1, 2, 4, 6, 8 or 12 hours"),
        (schedule("hourly 6 keep 7 days"), NVME, "every 12 hours only"),
        (schedule("monthly 29 keep 12 months"), M30, "one of 1 to 28, or the last"),
        (schedule("weekly monday keep 6 days"), M30, "gone before the next one"),
        (schedule("monthly 1 keep 3 weeks"), M30, "gone before the next one"),
        (schedule("daily keep 7 days", "daily keep 9 days"), M30, "one line for snapshots"),
        (schedule("hourly 6 keep 9 days", "daily keep 8 days"), M30, "at least as long"),
        (schedule("hourly 6 keep 2 days", restore_window_days=3), M30, "longer than hourly"),
        (schedule(), M30, "at least one line"),
        (schedule("daily keep 7 days", hour=24), M30, "between 00:00 and 23:59"),
        (
            schedule(
                "daily keep 7 days",
                copies=(CopySetting("AWS", "X", "z", (Frequency.WEEKLY,)),),
            ),
            M30,
            "no line takes those",
        ),
        (
            schedule(
                "daily keep 7 days",
                copies=(CopySetting("AWS", "X", "z", (Frequency.DAILY,), copies_oplog=True),),
            ),
            replace(M30, has_continuous=False),
            "continuous backup is off",
        ),
    ],
)
def test_each_rule_is_told_in_words(
    made: BackupSchedule, cluster: AtlasCluster, words: str
) -> None:
    found = [b.sentence for b in broken_rules(made, cluster)]

    assert [s for s in found if words in s]
    with pytest.raises(InvalidAtlasPolicyError) as caught:
        require_valid(made, cluster)
    assert "nothing was sent to Atlas" in caught.value.hint


def test_two_weekly_lines_on_different_days_are_fine() -> None:
    made = schedule("weekly monday keep 4 weeks", "weekly friday keep 4 weeks")

    assert broken_rules(made, M30) == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(ITEMS, max_size=5, unique_by=lambda i: i.frequency), st.dates(TODAY, date.max))
def test_the_estimate_is_what_counting_every_hour_comes_to(
    items: list[PolicyItem], today: date
) -> None:
    short = tuple(replace(i, keep=Retention(min(i.keep.value, 40), Unit.DAYS)) for i in items)
    today = today.replace(year=2026 + today.year % 8, day=min(today.day, 28))

    counted = estimate(BackupSchedule(short, 18, 0), today)

    assert counted.total == _counted(short, today)
    assert sum(counted.by_item) == counted.total


def _counted(items: tuple[PolicyItem, ...], today: date) -> int:
    """Walk through the hours of the last forty days; hour 0 stands for the reference time."""
    kept = 0
    for back in range(41):
        day, age = today - timedelta(days=back), timedelta(days=back)
        for hour in range(24):
            hit = [i for i in items if _hits(i, day, hour)]
            kept += any(age < i.keep.length for i in hit)
    return kept


def _hits(item: PolicyItem, day: date, hour: int) -> bool:
    if item.frequency is Frequency.HOURLY:
        return hour % item.interval == 0
    falls = {
        Frequency.DAILY: True,
        Frequency.WEEKLY: day.isoweekday() == item.interval,
        Frequency.MONTHLY: day.day == item.interval,
        Frequency.YEARLY: (day.month, day.day) == (item.interval, 1),
    }
    return hour == 0 and falls[item.frequency]


def test_the_default_comes_to_about_so_many_snapshots() -> None:
    counted = estimate(schedule(*DEFAULT), TODAY)

    # Four a day for a week; of the other weeks and months the Saturdays and last days.
    assert counted.total == 7 * 3 + sum(counted.by_item[1:])
    assert 40 <= counted.total <= 46
    assert parse_item("monthly last keep 1 months").interval == LAST_DAY


@pytest.mark.parametrize(
    ("lines", "window", "words"),
    [
        (("daily keep 7 days",), 3, "must be kept 14 days"),
        (("weekly monday keep 4 weeks",), 3, "wants a snapshot every day"),
        (("daily keep 14 days",), 1, "shorter than the 3 days"),
    ],
)
def test_a_compliance_policy_cannot_be_fallen_short_of(
    lines: tuple[str, ...], window: int, words: str
) -> None:
    policy = CompliancePolicy("ACTIVE", (parse_item("daily keep 14 days"),), None, 3)

    found = broken_rules(schedule(*lines, restore_window_days=window), M30, policy)

    assert [b for b in found if words in b.sentence]


def test_a_stronger_schedule_satisfies_a_compliance_policy() -> None:
    policy = CompliancePolicy(
        "ACTIVE", (parse_item("hourly 6 keep 7 days"),), parse_retention("14 days"), 2
    )
    made = schedule("hourly 4 keep 10 days", restore_window_days=5)

    assert broken_rules(made, M30, policy) == ()
    policy.require_kept(parse_retention("2 weeks"))
    with pytest.raises(AtlasComplianceError, match="must stay 14 days"):
        policy.require_kept(parse_retention("13 days"))
