from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from fakes import sample_data
from fakes.services import sample_services
from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.compliance import Slot, SlotState
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.protection import RpoPoint
from mangrove.core.figures.restore_estimate import MeasuredRestore, RestoreEstimate
from mangrove.core.figures.sizes import SizePoint, SizeSeries, Tier
from mangrove.ui.pages.overview.plots import (
    by_profile,
    by_tier,
    restores_plot,
    rpo_plot,
    sizes_plot,
    sizes_summary,
)
from mangrove.ui.pages.overview.strips import day_words, slot_rows, window_marks
from mangrove.ui.pages.overview.words import tier_word
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.charts.plots import Look
from mangrove.ui.widgets.charts.slots import SlotKind
from mangrove.ui.widgets.days.calendar import DayMark

NOW = sample_data.NOW
TODAY = NOW.date()
BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def figures() -> ProfileFigures:
    found = sample_services().figures.overview().profiles
    return next(p for p in found if p.profile_name == "production")


def point(day: date, size: int, *, extra: int = 0) -> SizePoint:
    by = (("a", size), ("b", extra))
    return SizePoint(day, size + extra, by, ((Tier.YEARLY, size), (Tier.HOURLY, extra)))


def series(number: int = 60, **others: object) -> SizeSeries:
    points = tuple(point(TODAY - (number - 1 - n) * DAY, 10**9 * n) for n in range(number))
    made = SizeSeries(points, 1e9)
    return replace(made, **others)  # type: ignore[arg-type]


# --- exposure ----------------------------------------------------------------------------


def test_each_day_is_a_bar_at_its_noon_and_what_breaks_the_objective_is_said(
    figures: ProfileFigures,
) -> None:
    days = (RpoPoint(TODAY - DAY, 30 * HOUR), RpoPoint(TODAY, 2 * HOUR))
    given = replace(figures, rpo_days=days, target=replace(figures.target, age=24 * HOUR))

    plot = rpo_plot(given, NOW, BERLIN)

    assert [r.words for r in plot.traces[0].readings] == [
        "up to 30 h would have been lost: over the objective",
        "up to 2 h would have been lost",
    ]
    assert [r.tone for r in plot.traces[0].readings] == [Tone.EXPOSED, Tone.PROVEN]
    assert plot.traces[0].readings[1].at_s == NOW.replace(hour=11, minute=0).timestamp()
    assert [(li.amount, li.name) for li in plot.limits] == [(86_400.0, "objective 24 h")]
    assert plot.is_daily


def test_days_without_protection_and_days_before_it_was_known_are_absent(
    figures: ProfileFigures,
) -> None:
    days = tuple(
        RpoPoint(TODAY - n * DAY, None if n in (4, 3, 1) else HOUR) for n in range(6, -1, -1)
    )

    plot = rpo_plot(replace(figures, rpo_days=days), NOW, UTC)

    assert [(a.words, round((a.end_s - a.start_s) / 86_400)) for a in plot.absences] == [
        ("not known yet", 23),
        ("nothing protected it", 2),
        ("nothing protected it", 1),
    ]


# --- restores ----------------------------------------------------------------------------


def test_restores_are_dots_held_against_objective_and_expectation(figures: ProfileFigures) -> None:
    slow = MeasuredRestore("production", "drill", NOW - DAY, 2 * HOUR, 10**9, 4 * 10**9)
    quick = replace(slow, took=HOUR / 4, ended_at=NOW - 2 * DAY, kind="restore")
    old = replace(slow, ended_at=NOW - 200 * DAY)
    estimate = RestoreEstimate(HOUR, HOUR / 2, 2 * HOUR, "production", 2, slow)
    given = replace(
        figures,
        restores=(old, quick, slow),
        objectives=Objectives(rto=HOUR),
        restore=estimate,
    )

    plot = restores_plot(given, NOW)

    readings = plot.traces[0].readings
    assert plot.traces[0].look is Look.DOTS
    assert [r.tone for r in readings] == [Tone.PROVEN, Tone.EXPOSED]
    assert readings[1].words == "Drill of 4.0 GB onto production: 2 h"
    assert [li.name for li in plot.limits] == ["objective 60 min", "expected now 60 min"]
    assert plot.summary == (
        "Half take up to 30 min, nine of ten up to 2 h; 2 measured restores,"
        " the newest 24 h ago from 4.0 GB."
    )


def test_where_nothing_was_measured_the_plot_is_one_absence(figures: ProfileFigures) -> None:
    nothing = RestoreEstimate(None, why_unknown="no restore was ever measured")

    plot = restores_plot(replace(figures, restores=(), restore=nothing), NOW)

    assert plot.is_empty
    assert [a.words for a in plot.absences] == ["no restore was measured"]
    assert plot.summary == "Unknown: no restore was ever measured."


# --- sizes -------------------------------------------------------------------------------


def test_sizes_go_on_to_the_day_the_room_is_used_up() -> None:
    given = series(free_bytes=40 * 10**9, full_on=TODAY + 40 * DAY)

    plot = sizes_plot(given, by_profile(given.points, {"a": "shop"}), "Sizes", NOW)

    projection = plot.traces[-1]
    assert projection.look is Look.PROJECTION
    assert [round(r.amount / 10**9) for r in projection.readings] == [59, 99]
    assert plot.limits[0].name == "full at 99.0 GB"
    assert plot.now_s == NOW.timestamp()
    assert sizes_summary(given) == (
        f"Grows by 1.0 GB a day; 40.0 GB are free, full about {TODAY + 40 * DAY}."
    )


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"per_day_bytes": None}, "Too young to tell how fast it grows."),
        ({}, "Grows by 1.0 GB a day; the storage does not tell how much room is left."),
        ({"free_bytes": 10**15}, "Grows by 1.0 GB a day; 1.0 PB are free, enough for years."),
    ],
    ids=["young", "not told", "roomy"],
)
def test_what_is_not_known_of_the_room_is_said(others: dict[str, object], words: str) -> None:
    assert sizes_summary(series(**others)) == words


def test_a_full_day_that_is_far_off_is_told_and_does_not_stretch_the_plot() -> None:
    given = series(free_bytes=10**12, full_on=TODAY + 900 * DAY)

    plot = sizes_plot(given, [], "Sizes", NOW)

    assert plot.end_s - plot.start_s < 120 * 86_400


def test_the_time_before_anything_was_kept_is_left_out_but_for_a_few_days() -> None:
    empty = tuple(point(TODAY - (365 - n) * DAY, 0) for n in range(365 - 50))
    kept = tuple(point(TODAY - (49 - n) * DAY, 10**9) for n in range(50))
    given = SizeSeries((*empty, *kept), None)

    plot = sizes_plot(given, by_profile(given.points, {}), "Sizes", NOW)

    assert round((NOW.timestamp() - plot.start_s) / 86_400) == 53


def test_small_profiles_are_one_layer_together_and_nothing_gets_lost() -> None:
    many = tuple((f"p{n:02}", 10**n) for n in range(10))
    points = (SizePoint(TODAY, sum(size for _, size in many), many, ()),)

    layers = by_profile(points, {"p09": "the largest"})

    assert [name for name, _ in layers][:2] == ["the largest", "p08"]
    assert layers[-1][0] == "5 others"
    assert sum(amounts[0] for _, amounts in layers) == points[0].total_bytes


def test_tiers_without_anything_are_no_layers() -> None:
    points = (point(TODAY, 10**9),)

    assert by_tier(points) == [("yearly", [10**9])]
    assert by_tier(()) == []


# --- strips ------------------------------------------------------------------------------


def test_slots_of_a_job_within_the_time_shown_become_marks(figures: ProfileFigures) -> None:
    job = figures.jobs[0]
    slots = (
        Slot(NOW - 30 * HOUR, SlotState.FAILED, 1, problem="it was down"),
        Slot(NOW - 6 * HOUR, SlotState.LATE, 1, begun_at=NOW - 4 * HOUR),
        Slot(NOW + 18 * HOUR, SlotState.COMING, 1),
    )

    row = slot_rows([replace(job, slots=slots)], NOW - DAY, NOW + DAY)[0]

    assert [slot.kind for slot in row.slots] == [SlotKind.LATE, SlotKind.COMING]
    assert row.slots[0].begun_s == (NOW - 4 * HOUR).timestamp()
    assert row.key == job.job_id


def test_days_tell_what_they_came_to(figures: ProfileFigures) -> None:
    days = day_words(figures.days)

    marks = {found.mark for found in days.values()}
    assert {DayMark.PROVEN, DayMark.UNPROVEN, DayMark.FAILED} <= marks
    proven = next(found for found in days.values() if found.mark is DayMark.PROVEN)
    assert proven.words.endswith("1 restored on trial")


def test_windows_without_a_closer_look_promise_no_proof(figures: ProfileFigures) -> None:
    marks = window_marks(figures, NOW)

    assert {band.tone for band in marks.bands.rows} == {Tone.RUNNING}
    assert len(marks.gaps.rows) == len(figures.gaps)


@pytest.mark.parametrize("tier", Tier)
def test_every_tier_has_a_word(tier: Tier) -> None:
    assert tier_word(tier)
