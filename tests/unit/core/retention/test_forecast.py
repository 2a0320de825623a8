from datetime import UTC, datetime, timedelta

from mangrove.core.backup import BackupId
from mangrove.core.retention.forecast import forecast, is_expected
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.retention.rule import Entry, Judgement, Policies

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = RetentionPolicy((KeepRule(Period.DAILY, 7),))


def nightly(days: int, series: str = "shop", since: timedelta = timedelta(0)) -> list[Entry]:
    return [
        Entry(BackupId(f"{series}-{n}"), series, NOW - since - n * DAY, stored_bytes=10)
        for n in range(days)
    ]


def later(entries: list[Entry], policy: RetentionPolicy = WEEK) -> Judgement:
    return forecast(entries, Policies(policy), (), NOW, lambda _: UTC)


def test_in_a_month_a_nightly_job_has_new_backups_in_place_of_the_old() -> None:
    found = later(nightly(9))

    kept = [v.entry for v in found.verdicts if v.stays]
    assert len(kept) == 7
    assert all(is_expected(e.backup) for e in kept)
    assert kept[0].finished_at == NOW + 30 * DAY
    assert {v.entry.backup for v in found.going} >= {e.backup for e in nightly(9)}


def test_a_job_that_has_stopped_brings_nothing_and_keeps_its_last() -> None:
    found = later(nightly(9, since=4 * DAY))

    assert len([v for v in found.verdicts if v.stays]) == 7
    assert not [v for v in found.verdicts if is_expected(v.entry.backup)]


def test_a_series_of_one_backup_has_no_pace() -> None:
    assert len(later(nightly(1)).verdicts) == 1


def test_series_go_on_at_their_own_pace() -> None:
    hourly = [Entry(BackupId(f"h{n}"), "hourly", NOW - timedelta(hours=n)) for n in range(5)]

    found = later([*nightly(3), *hourly])

    coming = [v.entry.series for v in found.verdicts if is_expected(v.entry.backup)]
    assert (coming.count("shop"), coming.count("hourly")) == (30, 720)


def test_pins_are_not_inherited() -> None:
    pinned = [Entry(e.backup, e.series, e.finished_at, pin="mine") for e in nightly(3)]

    found = later(pinned)

    kept = [v.entry.backup for v in found.verdicts if v.stays]
    assert {"shop-0", "shop-1", "shop-2"} <= set(kept)
    assert len(kept) == 10
