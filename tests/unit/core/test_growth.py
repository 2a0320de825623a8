from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import sample_data
from mangrove.core.backup_record import BackupRecord
from mangrove.core.growth import growth_of

NOW = sample_data.NOW
DAY = timedelta(days=1)


def record(days: float, size: int, profile: str = "shop") -> BackupRecord:
    at = NOW - days * DAY
    return replace(sample_data.RECORDS[0], profile_name=profile, finished_at=at, stored_bytes=size)


def test_all_together_come_first_then_the_largest() -> None:
    found = growth_of([record(1, 10), record(2, 500, "logs"), record(3, 20)], NOW)

    assert [(g.profile, g.backups, g.stored_bytes) for g in found] == [
        ("", 3, 530),
        ("logs", 1, 500),
        ("shop", 2, 30),
    ]


def test_the_pace_is_that_of_the_last_month() -> None:
    old = [record(400, 10**9), record(31, 10**9)]

    (total, _) = growth_of([*old, *(record(n, 300) for n in range(30))], NOW)

    assert total.per_day_bytes == pytest.approx(300)


def test_a_young_vault_goes_by_what_came_after_its_first_backup() -> None:
    (total, _) = growth_of([record(4, 10**9), record(2, 100), record(0, 100)], NOW)

    assert total.per_day_bytes == pytest.approx(50)


def test_nothing_is_foretold_from_less_than_two_days() -> None:
    assert growth_of([record(1.9, 100), record(0, 100)], NOW)[0].per_day_bytes is None
    assert growth_of([], NOW)[0].per_day_bytes is None


def test_the_day_it_is_full_is_told_when_free_space_is_known_and_it_is_not_far() -> None:
    records = [record(10, 0), *(record(n, 100) for n in range(10))]

    assert growth_of(records, NOW, 1000)[0].full_at == NOW + 10 * DAY
    assert growth_of(records, NOW, 10**9)[0].full_at is None
    assert growth_of(records, NOW)[0].full_at is None
