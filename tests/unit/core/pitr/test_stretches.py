import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from fakes.oplog_story import CHAIN, OTHER, cut, damaged, piece, ts
from mangrove.core.pitr.planning import GapReason
from mangrove.core.pitr.slices import BreakKind, ChainBreak, OplogSlice
from mangrove.core.pitr.stretches import stretches_of

Span = tuple[int, int]


def spans(slices: list[OplogSlice], breaks: list[ChainBreak] | None = None) -> list[Span]:
    found = stretches_of(slices, breaks or [])
    return [(s.start.seconds, s.end.seconds) for s in found]


def test_slices_join_by_the_entry_they_share_in_any_order() -> None:
    assert spans([piece(20, 30), piece(1, 10, opens=True), piece(10, 20)]) == [(1, 30)]


def test_a_missing_slice_parts_a_chain_and_is_named() -> None:
    before, after = stretches_of([piece(1, 10, opens=True), piece(20, 30)], [])

    assert (before.end, before.ended_by) == (ts(10), GapReason.SLICE_MISSING)
    assert (after.start, after.opened_by) == (ts(20), GapReason.SLICE_MISSING)


def test_a_damaged_slice_parts_a_chain_and_is_named() -> None:
    before, after = stretches_of([piece(1, 10, opens=True), damaged(10, 20), piece(20, 30)], [])

    assert before.ended_by is GapReason.SLICE_DAMAGED
    assert after.opened_by is GapReason.SLICE_DAMAGED


def test_a_damaged_slice_at_the_end_says_why_the_chain_ends() -> None:
    (only,) = stretches_of([piece(1, 10, opens=True), damaged(10, 20)], [])

    assert (only.end, only.ended_by) == (ts(10), GapReason.SLICE_DAMAGED)


def test_the_same_timestamp_in_another_term_does_not_join() -> None:
    assert spans([piece(1, 10, opens=True), piece(10, 20, term=2)]) == [(1, 10), (10, 20)]


def test_slices_of_two_chains_do_not_join() -> None:
    assert spans([piece(1, 10, opens=True), piece(10, 20, chain=OTHER)]) == [(1, 10), (10, 20)]


def test_a_doubled_slice_changes_nothing() -> None:
    slices = [piece(1, 10, opens=True), piece(10, 20), piece(10, 20), piece(20, 30)]

    (only,) = stretches_of(slices, [])

    assert [s.last.ts for s in only.slices] == [ts(10), ts(20), ts(30)]


def test_of_two_overlapping_slices_the_one_that_leads_on_is_taken() -> None:
    slices = [piece(1, 10, opens=True), piece(10, 20), piece(10, 25), piece(25, 30)]

    (only,) = stretches_of(slices, [])

    assert [s.last.ts for s in only.slices] == [ts(10), ts(25), ts(30)]


def test_a_slice_of_one_entry_opens_a_chain_and_may_stand_inside_it() -> None:
    slices = [piece(1, 1, opens=True), piece(1, 10), piece(10, 10), piece(10, 20)]

    assert spans(slices) == [(1, 20)]


def test_a_restore_in_place_cuts_and_what_follows_begins_after_it() -> None:
    before, after = stretches_of(
        [piece(1, 10, opens=True), piece(10, 20)], [cut(BreakKind.RESTORED_IN_PLACE, 12, 14)]
    )

    assert (before.start, before.end, before.ended_by) == (
        ts(1),
        ts(12),
        GapReason.RESTORED_IN_PLACE,
    )
    assert (after.start, after.end, after.opened_by) == (
        ts(14),
        ts(20),
        GapReason.RESTORED_IN_PLACE,
    )


def test_a_restore_that_capture_has_not_reached_yet_cuts_nothing() -> None:
    assert spans([piece(1, 10, opens=True)], [cut(BreakKind.RESTORED_IN_PLACE, 12, 14)]) == [
        (1, 10)
    ]


def test_a_restore_before_the_chain_cuts_nothing() -> None:
    assert spans([piece(5, 10, opens=True)], [cut(BreakKind.RESTORED_IN_PLACE, 1, 3)]) == [(5, 10)]


def test_a_chain_that_begins_during_a_restore_begins_after_it() -> None:
    assert spans([piece(5, 10, opens=True)], [cut(BreakKind.RESTORED_IN_PLACE, 1, 7)]) == [(7, 10)]


def test_a_diverged_chain_ends_where_the_histories_part() -> None:
    slices = [piece(1, 10, opens=True), piece(10, 20), piece(18, 30, chain=OTHER, opens=True)]

    first, second = stretches_of(slices, [cut(BreakKind.DIVERGED, 18, 20, CHAIN)])

    assert (first.end, first.ended_by) == (ts(18), GapReason.DIVERGED)
    assert (second.start, second.end, second.opened_by) == (ts(18), ts(30), None)


def test_a_break_of_one_vault_does_not_cut_in_another() -> None:
    slices = [piece(1, 10, opens=True, vault="other")]  # type: ignore[arg-type]

    assert spans(slices, [cut(BreakKind.RESTORED_IN_PLACE, 3, 4)]) == [(1, 10)]


@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=12, unique=True),
    st.sets(st.integers(0, 10)),
    st.randoms(use_true_random=False),
)
def test_stretches_are_exactly_the_unbroken_runs(
    marks: list[int], lost: set[int], order: random.Random
) -> None:
    edges = sorted(marks)
    pairs = list(itertools.pairwise(edges))
    kept = [p for i, p in enumerate(pairs) if i not in lost]
    slices = [piece(a, b, opens=(a == edges[0])) for a, b in kept]
    order.shuffle(slices)

    found = spans(slices)

    expected: list[Span] = []
    for a, b in kept:
        if expected and expected[-1][1] == a:
            expected[-1] = (expected[-1][0], b)
        else:
            expected.append((a, b))
    assert found == expected
