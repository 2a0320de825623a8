import itertools
from dataclasses import replace
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.oplog_story import CHAIN, OTHER, at, base, cut, damaged, piece, record, ts
from fakes.sample_data import evidence_summary
from mangrove.core.backup import Consistency
from mangrove.core.errors import PointNotReachableError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import (
    Base,
    GapReason,
    RewindPlan,
    Timeline,
    base_of,
    newest_base,
    plan_rewind,
)
from mangrove.core.pitr.slices import BreakKind, ChainBreak, OplogSlice
from mangrove.core.pitr.timeline import timeline_of
from mangrove.core.verification import Level

Told = list[tuple[int, int | None, GapReason]]


def tell(
    bases: list[Base], slices: list[OplogSlice], *breaks: ChainBreak, now: int = 30
) -> Timeline:
    return timeline_of(bases, slices, breaks, at(now))


def windows(timeline: Timeline) -> list[tuple[int, int]]:
    return [(w.start.seconds, w.end.seconds) for w in timeline.windows]


def gaps(timeline: Timeline) -> Told:
    return [(g.start.seconds, g.end.seconds if g.end else None, g.reason) for g in timeline.gaps]


def test_a_window_reaches_from_the_first_base_to_the_last_entry() -> None:
    told = tell([base(5), base(12)], [piece(1, 10, opens=True), piece(10, 20)])

    assert windows(told) == [(5, 20)]
    assert [b.stands_at for b in told.windows[0].bases] == [ts(5), ts(12)]
    assert gaps(told) == [(1, 5, GapReason.NO_BASE)]
    assert (told.end, told.slices) == (ts(20), 2)
    assert told.headroom is not None


def test_without_slices_there_are_no_windows_and_no_gaps() -> None:
    told = tell([base(5)], [])

    assert (windows(told), gaps(told), told.end) == ([], [], None)
    assert "no captured oplog" in told.bases[0].why_not


def test_without_a_base_nothing_can_be_restored_yet() -> None:
    assert gaps(tell([], [piece(1, 10, opens=True)])) == [(1, None, GapReason.NO_BASE)]


def test_capture_that_has_stopped_leaves_an_open_gap() -> None:
    told = tell([base(5)], [piece(1, 10, opens=True)], now=1000)

    assert gaps(told) == [(1, 5, GapReason.NO_BASE), (10, None, GapReason.CAPTURE_OFF)]


def test_a_missing_slice_is_a_gap_until_the_next_base() -> None:
    told = tell([base(5), base(25)], [piece(1, 10, opens=True), piece(20, 30)])

    assert windows(told) == [(5, 10), (25, 30)]
    assert gaps(told)[1:] == [
        (10, 20, GapReason.SLICE_MISSING),
        (20, 25, GapReason.NO_BASE),
    ]


def test_a_damaged_slice_is_a_gap_and_named() -> None:
    told = tell([base(5)], [piece(1, 10, opens=True), damaged(10, 20), piece(20, 30)])

    assert gaps(told)[1:] == [
        (10, 20, GapReason.SLICE_DAMAGED),
        (20, None, GapReason.NO_BASE),
    ]


def test_a_chain_that_rolled_over_says_so() -> None:
    told = tell(
        [base(5), base(22)],
        [piece(1, 10, opens=True), piece(20, 30, chain=OTHER, opens=True)],
        cut(BreakKind.ROLLED_OVER, 10, 10, CHAIN),
    )

    assert windows(told) == [(5, 10), (22, 30)]
    assert (10, 20, GapReason.ROLLED_OVER) in gaps(told)


def test_a_base_of_a_history_that_was_rolled_back_is_none_for_the_new_one() -> None:
    told = tell(
        [base(5), base(19)],
        [piece(1, 20, opens=True), piece(18, 30, chain=OTHER, opens=True)],
        cut(BreakKind.DIVERGED, 18, 20, CHAIN),
    )

    assert windows(told) == [(5, 18)]
    assert gaps(told)[-1] == (18, None, GapReason.NO_BASE)


def test_a_restore_in_place_makes_a_hole_until_the_next_base() -> None:
    hole = cut(BreakKind.RESTORED_IN_PLACE, 12, 14)
    slices = [piece(1, 10, opens=True), piece(10, 30)]

    before = tell([base(5)], slices, hole)
    after = tell([base(5), base(13), base(16)], slices, hole)

    assert (windows(before), gaps(before)[-1]) == (
        [(5, 12)],
        (12, None, GapReason.RESTORED_IN_PLACE),
    )
    assert windows(after) == [(5, 12), (16, 30)]
    assert gaps(after)[-1] == (12, 16, GapReason.RESTORED_IN_PLACE)


def test_a_base_in_another_vault_gets_no_window_from_this_one() -> None:
    told = tell([base(5, vault="other")], [piece(1, 10, opens=True)])  # type: ignore[arg-type]

    assert windows(told) == []


def test_a_partial_base_has_a_window_of_its_own() -> None:
    told = tell([base(5, whole=False), base(8)], [piece(1, 10, opens=True)])

    assert windows(told) == [(8, 10)]
    assert [(w.start, w.scope) for w in told.partial] == [(ts(5), "shop.orders")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"achieved": Consistency.NONE, "consistent_at": None}, "different moments"),
        ({"is_filtered": True}, "queries left documents out"),
    ],
)
def test_a_backup_that_is_no_base_says_why(changes: dict[str, object], words: str) -> None:
    judged = base_of(replace(record(5), **changes))  # type: ignore[arg-type]

    assert not judged.is_eligible
    assert words in judged.why_not
    assert windows(tell([judged], [piece(1, 10, opens=True)])) == []


def test_the_plan_takes_the_newest_base_and_only_the_slices_it_needs() -> None:
    slices = [piece(1, 10, opens=True), piece(10, 20), piece(20, 30), piece(30, 40)]
    told = tell([base(5), base(12), base(35)], slices, now=40)

    plan = plan_rewind(told, ts(25))

    assert plan.base.stands_at == ts(12)
    assert [s.last.ts for s in plan.slices] == [ts(20), ts(30)]
    assert [s.last.ts for s in plan.earlier] == [ts(10)]
    assert plan.entries == 21


def test_a_chosen_backup_is_the_base_even_when_a_newer_one_is_there() -> None:
    told = tell([base(5), base(12)], [piece(1, 10, opens=True), piece(10, 20)])

    assert plan_rewind(told, ts(15), told.bases[0].backup).base.stands_at == ts(5)


def test_without_its_base_an_older_one_is_taken() -> None:
    slices = [piece(1, 10, opens=True), piece(10, 20)]

    assert plan_rewind(tell([base(5)], slices), ts(15)).base.stands_at == ts(5)


def failed(base: Base) -> Base:
    """Return a base whose newest check failed."""
    found = evidence_summary(Level.STORED, at(29), passed=False)
    return base_of(replace(base.record, evidence=(found,)))


def test_a_base_whose_check_failed_gives_way_to_an_older_good_one_and_the_plan_says_so() -> None:
    slices = [piece(1, 10, opens=True), piece(10, 20)]

    plan = plan_rewind(tell([base(5), failed(base(12))], slices), ts(15))

    assert plan.base.stands_at == ts(5)
    assert plan.passed_over is not None
    assert plan.passed_over.stands_at == ts(12)
    assert [s.last.ts for s in plan.slices] == [ts(10), ts(20)]


def test_a_base_whose_check_failed_is_taken_where_it_is_named_or_the_only_one() -> None:
    slices = [piece(1, 10, opens=True), piece(10, 20)]
    both = tell([base(5), failed(base(12))], slices)

    named = plan_rewind(both, ts(15), both.bases[1].backup)
    alone = plan_rewind(tell([failed(base(5))], slices), ts(15))
    there = plan_rewind(tell([failed(base(5))], []), ts(5).following)

    assert (named.base.stands_at, named.passed_over) == (ts(12), None)
    assert alone.base.stands_at == there.base.stands_at == ts(5)


def test_a_partial_backup_is_a_base_only_when_it_is_named() -> None:
    told = tell([base(5, whole=False)], [piece(1, 10, opens=True)])

    with pytest.raises(PointNotReachableError):
        plan_rewind(told, ts(8))
    assert plan_rewind(told, ts(8), told.bases[0].backup).slices


def test_the_limit_is_exclusive_and_right_after_the_last_entry_is_the_end() -> None:
    told = tell([base(5)], [piece(1, 10, opens=True)])

    assert plan_rewind(told, ts(10).following)
    with pytest.raises(PointNotReachableError, match="not come that far"):
        plan_rewind(told, ts(10).following.following)


def test_the_moment_of_a_base_itself_needs_no_slice() -> None:
    told = tell([base(5)], [])

    assert plan_rewind(told, ts(5).following) == RewindPlan(
        told.bases[0], (), (), ts(5).following, 0
    )


def test_a_moment_in_a_gap_is_refused_with_reason_and_the_nearest_ones() -> None:
    told = tell([base(5), base(25)], [piece(1, 10, opens=True), piece(20, 30)])

    with pytest.raises(PointNotReachableError, match="slice of the oplog is missing") as raised:
        plan_rewind(told, ts(15))

    assert raised.value.details["nearest_before"] == str(ts(10).following)
    assert raised.value.details["nearest_after"] == str(ts(25).following)
    assert "before" in raised.value.hint
    assert "after" in raised.value.hint


def test_a_moment_before_everything_and_one_without_capture_say_so() -> None:
    with pytest.raises(PointNotReachableError, match="no backup stands before"):
        plan_rewind(tell([base(5)], [piece(3, 10, opens=True)]), ts(2))
    with pytest.raises(PointNotReachableError, match="was never captured") as raised:
        plan_rewind(tell([base(5)], []), ts(9))
    assert "keep capture running" in raised.value.hint


@pytest.mark.parametrize(("moment", "words"), [(3, "which is later"), (15, "not come that far")])
def test_a_chosen_backup_that_does_not_lead_there_says_why(moment: int, words: str) -> None:
    told = tell([base(5)], [piece(1, 10, opens=True)])

    with pytest.raises(PointNotReachableError, match=words):
        plan_rewind(told, ts(moment), told.bases[0].backup)


def test_a_chosen_backup_that_is_no_base_or_not_there_says_so() -> None:
    told = tell([base(99)], [piece(1, 10, opens=True)])

    with pytest.raises(PointNotReachableError, match="no captured oplog"):
        plan_rewind(told, ts(120), told.bases[0].backup)
    with pytest.raises(PointNotReachableError, match="is no backup of this profile"):
        plan_rewind(told, ts(8), record(1).backup)


def test_the_newest_base_of_everything_is_found() -> None:
    assert newest_base([base(5), base(9), base(12, whole=False)]) == base(9)
    assert newest_base([]) is None


def test_a_base_nobody_proved_has_no_age_of_evidence() -> None:
    assert base_of(replace(record(5), evidence=())).evidence_age(at(9)) is None
    assert base(5).evidence_age(at(9)) is not None


@given(
    st.lists(st.integers(1, 60), min_size=2, max_size=12, unique=True),
    st.sets(st.integers(0, 10)),
    st.lists(st.integers(1, 60), max_size=4, unique=True),
    st.integers(1, 62),
)
def test_a_moment_has_a_plan_exactly_when_a_window_holds_it(
    marks: list[int], lost: set[int], stands: list[int], moment: int
) -> None:
    edges = sorted(marks)
    pairs = [p for i, p in enumerate(itertools.pairwise(edges)) if i not in lost]
    slices = [piece(a, b, opens=(a == edges[0])) for a, b in pairs]
    told = tell([base(s) for s in stands], slices, now=60)
    limit = ts(moment)
    covered = {s for s in stands if s < moment} and any(
        all(any(a <= t < b for a, b in pairs) for t in range(s, moment))
        for s in stands
        if s < moment
    )

    try:
        plan = plan_rewind(told, limit)
    except PointNotReachableError:
        assert not covered
        return

    assert plan.base.stands_at < limit
    reach = plan.base.needs_from
    for used in plan.slices:
        assert used.first.ts <= reach
        reach = max(reach, used.last.ts)
    assert reach.following >= limit


@given(st.lists(st.integers(1, 60), min_size=2, max_size=10, unique=True), st.integers(1, 60))
def test_windows_and_gaps_cover_everything_and_do_not_overlap(
    marks: list[int], stands: int
) -> None:
    edges = sorted(marks)
    pairs = list(itertools.pairwise(edges))[::2]
    told = tell([base(stands)], [piece(a, b, opens=(a == edges[0])) for a, b in pairs], now=60)
    inside: list[tuple[OplogTimestamp, OplogTimestamp | None]] = [
        *((w.start, w.end) for w in told.windows),
        *((g.start, g.end) for g in told.gaps),
    ]
    ordered = sorted(inside, key=lambda pair: pair[0])

    for (_, end), (start, _) in itertools.pairwise(ordered):
        assert end == start


def test_a_hundred_thousand_slices_are_planned_in_a_blink() -> None:
    slices = [piece(n, n + 1, opens=(n == 1)) for n in range(1, 100_001)]
    bases = [base(n) for n in range(5, 99_000, 1000)]

    begin = thread_time()
    told = tell(bases, slices, now=100_001)
    plan = plan_rewind(told, ts(50_500))
    took = thread_time() - begin

    assert windows(told) == [(5, 100_001)]
    assert plan.base.stands_at == ts(50_005)
    assert took < 2.0  # a fifth of a second on a quiet machine
