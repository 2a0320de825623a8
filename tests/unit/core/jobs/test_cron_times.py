"""The fast search for a time, held against the library that it stands for."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.jobs.cron_times import times_after

CRONS = [
    *("0 2 * * *", "30 2 * * *", "*/15 * * * *", "0 5 * * 0", "0 6 1 * *", "30 1-3 * * *"),
    *("* * * * *", "0 */6 * * *", "*/20 2 * * *", "0 0 13 * 5", "0 0 * 2 MON#5", "0 4 L * *"),
    *("0 4 29 2 *", "7,23 4-5 */3 * 1-5", "15 10 LW * *"),
]
ZONES = [
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"),
    *("UTC", "Asia/Kolkata", "Pacific/Apia", "America/Sao_Paulo"),
]


@given(
    st.sampled_from(CRONS),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_fast_search_finds_what_the_library_finds(
    cron: str, zone_name: str, moment: datetime
) -> None:
    zone = ZoneInfo(zone_name)
    expected = [s.astimezone(UTC) for s in islice(CronSim(cron, moment.astimezone(zone)), 4)]

    assert list(islice(times_after(cron, zone, moment), 4)) == expected


def test_around_a_change_of_the_clock_the_library_decides() -> None:
    zone, gap = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)

    found = next(times_after("30 2 * * *", zone, gap - timedelta(hours=2)))

    assert found == gap
