import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.core.backup import BackupId
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.retention.chains import Chain, ChainBase, ChainSlice
from mangrove.core.retention.policy import (
    KeepRule,
    Period,
    PolicyInForce,
    RetentionPolicy,
    former_policies,
)
from mangrove.core.retention.rule import (
    Entry,
    Judgement,
    Policies,
    Verdict,
    Why,
    judge,
)

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def zone_of(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def entry(name: str, at: datetime, series: str = "shop", **more: object) -> Entry:
    return Entry(BackupId(name), series, at, stored_bytes=10, **more)  # type: ignore[arg-type]  # tests


def nightly(days: int, series: str = "shop", before: datetime = NOW) -> list[Entry]:
    return [entry(f"{series}-{n:03d}", before - (n + 1) * DAY, series) for n in range(days)]


def policy(*rules: KeepRule, **more: object) -> RetentionPolicy:
    return RetentionPolicy(rules, **more)  # type: ignore[arg-type]  # tests


def keep(period: str, count: int) -> KeepRule:
    return KeepRule(Period(period), count)


def ruled(
    entries: Sequence[Entry],
    wanted: RetentionPolicy | Policies,
    chains: Sequence[Chain] = (),
    now: datetime = NOW,
) -> Judgement:
    policies = wanted if isinstance(wanted, Policies) else Policies(wanted)
    return judge(entries, policies, chains, now, zone_of)


def told(judgement: Judgement) -> dict[str, str]:
    return {
        v.entry.backup: v.because if v.stays else f"goes: {v.because}" for v in judgement.verdicts
    }


def verdict(judgement: Judgement, name: str) -> Verdict:
    return next(v for v in judgement.verdicts if v.entry.backup == name)


# --- buckets, reasons and their numbers ---------------------------------------------------


def test_each_rule_keeps_the_newest_of_its_periods_and_says_which() -> None:
    entries = nightly(12)

    found = told(ruled(entries, policy(keep("last", 1), keep("daily", 3), keep("weekly", 2))))

    assert found["shop-000"] == "last 1/1, daily 1/3, weekly 1/2, minimum redundancy 1/1"
    assert found["shop-001"] == "daily 2/3"
    assert found["shop-002"] == "daily 3/3, weekly 2/2"
    assert found["shop-003"].startswith("goes: no rule keeps it: the same week has shop-002")
    assert found["shop-011"] == "goes: no rule keeps it: enough newer ones stay"


def test_the_oldest_is_kept_while_a_count_is_not_used_up() -> None:
    entries = [
        entry("new", NOW - 2 * DAY),
        entry("mid", NOW - 3 * DAY),
        entry("old", NOW - 3 * DAY - timedelta(hours=1)),
    ]

    found = told(ruled(entries, policy(keep("daily", 5))))

    assert found["old"] == "oldest-daily 3/5"


def test_a_span_reaches_back_from_the_newest_backup_so_that_a_stopped_job_keeps_its_data() -> None:
    entries = nightly(6, before=NOW - 400 * DAY)

    found = told(ruled(entries, policy(KeepRule(Period.LAST, within=timedelta(days=3)))))

    assert [name for name, why in found.items() if not why.startswith("goes")] == [
        "shop-000",
        "shop-001",
        "shop-002",
    ]
    assert found["shop-001"] == "everything within 3d"


def test_a_span_of_a_period_keeps_one_of_each() -> None:
    entries = [entry(f"h{n:02d}", NOW - DAY - n * timedelta(hours=6)) for n in range(20)]

    judgement = ruled(entries, policy(KeepRule(Period.DAILY, within=timedelta(days=2))))

    kept = [v.entry for v in judgement.verdicts if v.stays]
    assert [e.finished_at.date().day for e in kept] == [24, 23, 22]


def test_series_are_never_mixed() -> None:
    entries = [*nightly(4), *nightly(4, "orders only")]

    judgement = ruled(entries, policy(keep("last", 2)))

    stays = sorted(v.entry.backup for v in judgement.verdicts if v.stays)
    assert stays == ["orders only-000", "orders only-001", "shop-000", "shop-001"]


def test_a_recovery_window_keeps_the_newest_before_it_and_all_after() -> None:
    found = ruled(nightly(10), policy(recovery_window=timedelta(days=4)))

    assert [v.entry.backup for v in found.verdicts if v.stays] == [f"shop-00{n}" for n in range(4)]
    assert found.verdicts[3].entry.finished_at == NOW - 4 * DAY


def test_a_recovery_window_that_nothing_is_older_than_keeps_everything() -> None:
    assert not ruled(nightly(10), policy(recovery_window=timedelta(days=90))).going


# --- calendars ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "zone", "moments", "kept"),
    [
        pytest.param(
            "weekly",
            "UTC",
            ["2026-12-28T10:00", "2026-12-31T10:00", "2027-01-03T10:00", "2027-01-04T10:00"],
            ["2027-01-04T10:00", "2027-01-03T10:00"],
            id="week 53 of 2026 reaches into 2027",
        ),
        pytest.param(
            "daily",
            "Europe/Berlin",
            ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T22:59", "2026-10-25T23:01"],
            ["2026-10-25T23:01", "2026-10-25T22:59"],
            id="a day of 25 hours is one day",
        ),
        pytest.param(
            "hourly",
            "Europe/Berlin",
            ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"],
            ["2026-03-29T02:30", "2026-03-29T01:30", "2026-03-29T00:30"],
            id="the hour that is left out in spring loses none",
        ),
        pytest.param(
            "hourly",
            "Europe/Berlin",
            ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
            ["2026-10-25T02:30", "2026-10-25T01:30"],
            id="the hour that comes twice in autumn is one bucket",
        ),
        pytest.param(
            "daily",
            "America/New_York",
            ["2026-06-02T03:59", "2026-06-02T04:00"],
            ["2026-06-02T04:00", "2026-06-02T03:59"],
            id="a day begins at midnight of the policy's zone",
        ),
        pytest.param(
            "monthly",
            "Pacific/Auckland",
            ["2026-05-31T11:59", "2026-05-31T12:00"],
            ["2026-05-31T12:00", "2026-05-31T11:59"],
            id="so does a month",
        ),
        pytest.param(
            "yearly",
            "UTC",
            ["2016-12-31T23:59", "2017-01-01T00:00"],
            ["2017-01-01T00:00", "2016-12-31T23:59"],
            id="a leap second at the end of a year moves nothing",
        ),
    ],
)
def test_periods_are_those_of_the_policys_calendar(
    period: str, zone: str, moments: list[str], kept: list[str]
) -> None:
    old = entry("older", datetime(2010, 1, 1, tzinfo=UTC))  # so that no oldest one is kept for it
    entries = [old, *(entry(m, datetime.fromisoformat(m).replace(tzinfo=UTC)) for m in moments)]
    later = datetime(2027, 6, 1, tzinfo=UTC)

    judgement = ruled(entries, policy(keep(period, len(kept)), time_zone=zone), now=later)

    by_rule = [
        v.entry.backup for v in judgement.verdicts if any(r.why is Why.RULE for r in v.reasons)
    ]
    assert by_rule == kept


# --- floors -------------------------------------------------------------------------------


def test_nothing_happens_without_a_policy() -> None:
    judgement = ruled(nightly(50), RetentionPolicy())

    assert not judgement.going
    assert told(judgement)["shop-040"] == "no policy lets anything go"


def test_backups_dated_in_the_future_are_kept_and_not_counted() -> None:
    entries = [entry("tomorrow", NOW + DAY), *nightly(3)]

    judgement = ruled(entries, policy(keep("last", 1)))

    assert [v.entry.backup for v in judgement.verdicts if v.stays] == ["tomorrow", "shop-000"]
    assert verdict(judgement, "tomorrow").because == "dated in the future, so it is not counted"


def test_what_is_younger_than_a_day_stays_whatever_the_count() -> None:
    entries = [entry(f"h{n}", NOW - timedelta(hours=5 * n + 1)) for n in range(6)]

    judgement = ruled(entries, policy(keep("last", 1)))

    assert [v.entry.backup for v in judgement.going] == ["h5"]


def test_the_newest_verified_one_of_each_depth_stays() -> None:
    entries = nightly(6)
    entries[3] = entry("stored", entries[3].finished_at, proof_depth=0)
    entries[5] = entry("restored", entries[5].finished_at, proof_depth=2)

    found = told(ruled(entries, policy(keep("last", 1))))

    assert found["stored"] == "newest verified (stored)"
    assert found["restored"] == "newest verified (restored)"


def test_bad_ones_never_count_and_the_newest_good_one_stays_while_newer_ones_failed() -> None:
    entries = nightly(6)
    for number in (0, 1):
        old = entries[number]
        entries[number] = entry(old.backup, old.finished_at, problem="its verification failed")

    judgement = ruled(entries, policy(keep("last", 2)))

    assert [v.entry.backup for v in judgement.verdicts if v.stays] == [
        f"shop-00{n}" for n in range(4)
    ]
    assert Why.NEWEST_GOOD in {r.why for r in verdict(judgement, "shop-002").reasons}
    assert "only deleted by hand" in verdict(judgement, "shop-000").because


def test_pins_holds_and_what_is_in_use_stay() -> None:
    entries = [
        *nightly(3),
        entry("pinned", NOW - 50 * DAY, pin="before the migration"),
        entry("held", NOW - 51 * DAY, hold="case 17"),
        entry("busy", NOW - 52 * DAY, busy="being restored"),
    ]

    found = told(ruled(entries, policy(keep("last", 1))))

    assert found["pinned"] == "pinned: before the migration"
    assert found["held"] == "legal hold: case 17"
    assert found["busy"] == "in use: being restored"


def test_minimum_redundancy_is_a_floor_of_each_series() -> None:
    judgement = ruled(nightly(9), policy(keep("yearly", 1), minimum_redundancy=3))

    assert [v.entry.backup for v in judgement.verdicts if v.stays] == [
        "shop-000",
        "shop-001",
        "shop-002",
    ]


def test_a_deleted_one_goes_though_a_rule_would_keep_it_and_does_not_count() -> None:
    entries = nightly(4)
    entries[0] = entry("deleted", entries[0].finished_at, is_deleted=True)

    judgement = ruled(entries, policy(keep("last", 2)))

    assert [v.entry.backup for v in judgement.verdicts if v.stays] == ["shop-001", "shop-002"]
    assert verdict(judgement, "deleted").because == "somebody deleted it"


def test_a_deleted_one_comes_back_when_it_has_become_the_only_proven_one() -> None:
    entries = [*nightly(3), entry("deleted", NOW - 9 * DAY, is_deleted=True, proof_depth=2)]

    judgement = ruled(entries, policy(keep("last", 2)))

    assert verdict(judgement, "deleted").because == "newest verified (restored)"


# --- a changed policy ---------------------------------------------------------------------


def test_a_stricter_policy_waits_as_long_as_a_deletion_can_be_undone() -> None:
    loose, strict = policy(keep("daily", 30)), policy(keep("daily", 3))
    history = [PolicyInForce(loose, NOW - 90 * DAY), PolicyInForce(strict, NOW - DAY)]

    def going(now: datetime) -> int:
        policies = Policies(strict, former_policies(history, now))
        return len(ruled(nightly(40), policies, now=now).going)

    assert going(NOW) == 10
    assert going(NOW + 6 * DAY - timedelta(seconds=1)) == 10
    assert going(NOW + 6 * DAY) == 37


def test_the_former_policy_is_named_with_the_day_it_ends() -> None:
    history = [
        PolicyInForce(policy(keep("last", 9)), NOW - 90 * DAY),
        PolicyInForce(policy(keep("last", 1)), NOW),
    ]

    found = told(
        ruled(nightly(10), Policies(policy(keep("last", 1)), former_policies(history, NOW)))
    )

    assert found["shop-005"] == "the policy before this one keeps it until 2026-12-02 12:00 UTC"
    assert found["shop-009"].startswith("goes")


def test_shortening_the_time_of_undo_does_not_shorten_the_wait_for_it() -> None:
    loose = policy(keep("last", 9), undo=timedelta(days=30))
    strict = policy(keep("last", 1), undo=timedelta(0))
    history = [PolicyInForce(loose, NOW - 90 * DAY), PolicyInForce(strict, NOW)]

    assert former_policies(history, NOW + 29 * DAY)
    assert not former_policies(history, NOW + 30 * DAY)


def test_the_first_policy_of_a_vault_has_none_before_it_to_wait_for() -> None:
    history = [
        PolicyInForce(RetentionPolicy(), NOW - 90 * DAY),
        PolicyInForce(policy(keep("last", 1)), NOW),
    ]

    assert not former_policies(history, NOW)


# --- chains -------------------------------------------------------------------------------


def stamp(at: datetime) -> OplogTimestamp:
    return OplogTimestamp(int(at.timestamp()), 1)


def chain_over(entries: Sequence[Entry], *, is_open: bool, name: str = "c1") -> Chain:
    """One slice a day, each base finished within a slice."""
    oldest = min(e.finished_at for e in entries)
    newest = max(e.finished_at for e in entries)
    begin = oldest - DAY / 2
    slices = []
    while begin < newest + DAY:
        slices.append(ChainSlice(f"{begin:%Y%m%d}", stamp(begin), stamp(begin + DAY), 5))
        begin += DAY
    bases = tuple(
        ChainBase(e.backup, stamp(e.finished_at - timedelta(minutes=5)), stamp(e.finished_at))
        for e in entries
    )
    return Chain(name, "shop", tuple(slices), bases, is_open)


def test_slices_before_the_oldest_kept_base_go_and_the_lost_seconds_are_named() -> None:
    entries = nightly(5)
    chain = chain_over(entries, is_open=True)

    judgement = ruled(entries, policy(keep("last", 2)), [chain])

    assert [v.slice for v in judgement.slices] == list(chain.slices[:3])
    (lost,) = judgement.lost
    assert (lost.first, lost.last) == (chain.bases[4].after, chain.bases[1].after)
    assert lost.bases == ("shop-002", "shop-003", "shop-004")
    assert "cannot be restored one by one any more" in lost.sentence


def test_the_newest_base_of_an_open_chain_stays_though_no_rule_keeps_it() -> None:
    entries = [*nightly(2), *nightly(3, "with oplog", NOW - 10 * DAY)]
    chain = chain_over(entries[2:4], is_open=True)
    strange = [entry(e.backup, e.finished_at, "shop") for e in entries]

    judgement = ruled(strange, policy(keep("last", 1)), [chain])

    assert verdict(judgement, "with oplog-000").because == "base of the open chain c1"


def test_a_closed_chain_goes_whole_with_its_last_base_and_an_open_one_waits_for_its_next() -> None:
    entries = nightly(9)
    closed = chain_over(entries[6:], is_open=False)
    others = tuple(replace(s, name=f"other {s.name}") for s in closed.slices)
    waiting = Chain("c2", "shop", others, (), is_open=True)

    judgement = ruled(entries, policy(keep("last", 2)), [closed, waiting])

    assert {v.chain for v in judgement.slices} == {"c1"}
    assert len(judgement.slices) == len(closed.slices)


def test_a_slice_of_two_chains_goes_only_when_neither_needs_it() -> None:
    entries = nightly(9)
    closed = chain_over(entries[6:], is_open=False)
    cut = Chain("c2", "shop", closed.slices, chain_over(entries[:1], is_open=True).bases)

    judgement = ruled(entries, policy(keep("last", 2)), [closed, cut])

    gone = {v.slice.name for v in judgement.slices}
    assert gone == {s.name for s in closed.slices if s.last < cut.bases[0].before}
    assert not ruled(entries, policy(keep("last", 9)), [closed, cut]).slices


def test_single_moments_can_be_given_up_for_older_bases_that_stay() -> None:
    entries = nightly(5)
    chain = chain_over(entries, is_open=True)

    judgement = ruled(entries, policy(keep("last", 5), points_of_last=2), [chain])

    assert not judgement.going
    gone = {v.slice.name for v in judgement.slices}
    needed = {
        s.name
        for s in chain.slices
        for b in chain.bases
        if s.first <= b.after and b.before <= s.last
    }
    assert not gone & needed
    assert judgement.lost[0].last == chain.bases[1].after


def test_slices_younger_than_a_day_stay() -> None:
    recent = ChainSlice("now", stamp(NOW - DAY / 2), stamp(NOW - DAY / 4))
    chain = Chain("c1", "shop", (recent,), (), is_open=False)

    assert not ruled(nightly(3), policy(keep("last", 1)), [chain]).slices


# --- properties ---------------------------------------------------------------------------

SPANS = st.timedeltas(min_value=timedelta(hours=1), max_value=timedelta(days=400))
RULES = st.builds(KeepRule, st.sampled_from(Period), st.integers(1, 9), st.one_of(st.none(), SPANS))
POLICIES = st.builds(
    RetentionPolicy,
    st.lists(RULES, max_size=4).map(tuple),
    st.one_of(st.none(), SPANS),
    st.integers(1, 4),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]),
    points_of_last=st.one_of(st.none(), st.integers(1, 3)),
)


@st.composite
def catalogs(draw: st.DrawFn) -> list[Entry]:
    hours = draw(st.lists(st.integers(-48, 24 * 60), min_size=1, max_size=25))
    return [
        Entry(
            BackupId(f"b{number}"),
            draw(st.sampled_from(["shop", "shop", "orders"])),
            NOW - timedelta(hours=hour),
            proof_depth=draw(st.integers(-1, 3)),
            problem=draw(st.sampled_from(["", "", "", "its verification failed"])),
            pin=draw(st.sampled_from([None, None, ""])),
            hold=draw(st.sampled_from([None, None, None, "case"])),
            is_deleted=draw(st.sampled_from([False, False, False, True])),
        )
        for number, hour in enumerate(hours)
    ]


@settings(max_examples=100, deadline=None)
@given(catalogs(), POLICIES, st.booleans())
def test_pins_the_newest_verified_and_bases_of_open_chains_always_stay(
    entries: list[Entry], wanted: RetentionPolicy, is_open: bool
) -> None:
    chain = chain_over(entries, is_open=is_open)

    judgement = ruled(entries, wanted, [chain])

    kept = {v.entry.backup for v in judgement.verdicts if v.stays}
    assert {e.backup for e in entries if e.pin is not None or e.hold is not None} <= kept
    assert {e.backup for e in entries if e.finished_at > NOW} <= kept
    for series in {e.series for e in entries}:
        good = [e for e in entries if e.series == series and not e.problem and e.finished_at <= NOW]
        chosen = [e for e in good if not e.is_deleted]
        proven = [e for e in chosen or good if e.proof_depth >= 0]
        if proven:
            assert max(proven, key=lambda e: (e.finished_at, e.backup)).backup in kept
        if good:
            assert any(e.backup in kept for e in good)
    usable = [
        b for b in chain.bases if not next(e for e in entries if e.backup == b.backup).problem
    ]
    if is_open and usable:
        newest = max(b.after for b in usable)
        assert any(b.backup in kept for b in usable if b.after == newest)
    gone = {v.slice.name for v in judgement.slices}
    for base in chain.bases:
        if base.backup in kept:
            assert not gone & {
                s.name for s in chain.slices if s.first <= base.after and base.before <= s.last
            }


@settings(max_examples=40, deadline=None)
@given(catalogs(), POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_the_catalog_changes_nothing(
    entries: list[Entry], wanted: RetentionPolicy, chance: random.Random
) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)

    assert ruled(shuffled, wanted) == ruled(entries, wanted)


@settings(max_examples=40, deadline=None)
@given(catalogs(), POLICIES)
def test_judging_again_after_the_deletion_lets_nothing_more_go_that_a_rule_kept(
    entries: list[Entry], wanted: RetentionPolicy
) -> None:
    first = ruled(entries, wanted)
    kept = [v.entry for v in first.verdicts if v.stays]

    again = ruled(kept, wanted)

    assert not [v for v in again.going if not v.entry.is_deleted]


@pytest.mark.slow
def test_a_hundred_thousand_backups_are_judged_in_about_a_second() -> None:
    entries = [
        entry(f"b{n:06d}", NOW - n * timedelta(minutes=37), f"s{n % 7}", proof_depth=n % 3 - 1)
        for n in range(100_000)
    ]
    rules = [keep(p.value, 30) for p in Period]

    began = time.process_time()
    judgement = ruled(entries, policy(*rules, time_zone="Europe/Berlin"))
    took = time.process_time() - began

    assert len(judgement.verdicts) == 100_000
    assert took < 3.0  # 0.6 s on an idle machine; others may share the core
