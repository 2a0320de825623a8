from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.oplog_story import OTHER, at, base, piece, record, ts
from mangrove.core.backup import BackupId, Consistency
from mangrove.core.drill import DrillRequest, drawn_limit, plan_drill, share_of
from mangrove.core.errors import PointNotReachableError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Timeline, base_of
from mangrove.core.pitr.timeline import timeline_of
from mangrove.core.vaults.vault import VaultId

TWO_WINDOWS = timeline_of(
    [base(5), base(30)],
    [piece(1, 10, opens=True), piece(10, 15), piece(28, 40, chain=OTHER, opens=True)],
    (),
    at(50),
)


def plan(timeline: Timeline, **of: object) -> tuple[str, OplogTimestamp | None, str]:
    request = DrillRequest("shop", **of)  # type: ignore[arg-type]  # as named
    found = plan_drill(timeline, [b.record for b in timeline.bases], request)
    return found.base.backup, found.drill.limit, found.drill.compared_with


@given(st.floats(0, 1, exclude_max=True))
def test_every_drawn_moment_can_be_restored(share: float) -> None:
    limit = drawn_limit(TWO_WINDOWS, share)

    assert limit is not None
    assert any(w.reaches(limit) for w in TWO_WINDOWS.windows)


def test_the_draw_reaches_every_second_and_each_once() -> None:
    seconds = 10 + 10
    drawn = Counter(drawn_limit(TWO_WINDOWS, n / seconds) for n in range(seconds))

    assert {t.seconds for t in drawn if t} == {*range(6, 16), *range(31, 41)}
    assert set(drawn.values()) == {1}


def test_windows_of_two_vaults_over_the_same_time_count_once() -> None:
    other = VaultId("other")
    both = timeline_of(
        [base(5), base(5, vault=other)],
        [piece(1, 15, opens=True), piece(1, 15, opens=True, vault=other)],
        (),
        at(50),
    )

    drawn = {drawn_limit(both, n / 10) for n in range(10)}

    assert {t.seconds for t in drawn if t} == {*range(6, 16)}


def test_a_seed_gives_the_same_moment_and_seeds_spread_evenly() -> None:
    shares = [share_of(str(n)) for n in range(2000)]

    assert share_of("7") == share_of("7")
    assert all(0 <= share < 1 for share in shares)
    assert 800 < sum(share < 0.5 for share in shares) < 1200
    assert plan(TWO_WINDOWS, seed="7") == plan(TWO_WINDOWS, seed="7")


def test_without_windows_the_moment_of_a_backup_is_drawn() -> None:
    bare = timeline_of([base(5), base(9)], [], (), at(50))

    drawn = {plan(bare, seed=str(n))[1] for n in range(20)}

    assert drawn == {ts(5).following, ts(9).following}


def test_without_any_moment_a_whole_backup_is_drawn_and_restored_as_it_stands() -> None:
    plain = [record(5, achieved=Consistency.NONE), record(7, whole=False)]
    bare = timeline_of(map(base_of, plain), [], (), at(50))

    assert plan(bare, seed="x") == (plain[0].backup, None, "")


def test_with_no_backup_of_everything_there_is_nothing_to_drill() -> None:
    bare = timeline_of([base(5, whole=False)], [], (), at(50))

    with pytest.raises(PointNotReachableError, match="no complete backup"):
        plan(bare)


def test_a_named_moment_is_taken_as_it_is() -> None:
    backup, limit, _ = plan(TWO_WINDOWS, at=ts(12))

    assert (backup, limit) == (base(5).backup, ts(12))
    with pytest.raises(PointNotReachableError):
        plan(TWO_WINDOWS, at=ts(20))


def test_against_a_younger_backup_an_older_one_is_replayed() -> None:
    chain = [piece(1, 10, opens=True), piece(10, 20)]
    timeline = timeline_of([base(5), base(12)], chain, (), at(50))
    younger = base(12).backup

    expected = (base(5).backup, ts(12).following, younger)
    assert plan(timeline, against=younger) == expected


@pytest.mark.parametrize("against", [base(5).backup, BackupId("20000101T000000Z-shop-0000")])
def test_what_has_nothing_before_it_cannot_be_compared(against: BackupId) -> None:
    with pytest.raises(PointNotReachableError):
        plan(TWO_WINDOWS, against=against)


def test_only_a_backup_at_one_moment_of_everything_can_be_compared_with() -> None:
    loose = replace(record(12), achieved=Consistency.OPLOG)
    chain = [piece(1, 20, opens=True)]
    timeline = timeline_of([base(5), base_of(loose)], chain, (), at(50))

    with pytest.raises(PointNotReachableError, match="can be compared"):
        plan(timeline, against=loose.backup)


def test_one_slice_is_told_as_one() -> None:
    timeline = timeline_of([base(5)], [piece(1, 10, opens=True)], (), at(50))

    found = plan_drill(timeline, [b.record for b in timeline.bases], DrillRequest("shop", seed="1"))

    assert " of 1 slice, up to the moment before" in found.sentence
