from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from mangrove.core.errors import InvalidSelectionError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.moments import Edge, parse_entry, parse_moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


def zones(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def limit(text: str, edge: Edge = Edge.BEFORE) -> OplogTimestamp:
    return parse_moment(text, NOW, BERLIN, zones, edge).limit


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-25 14:29:59 Europe/Berlin", datetime(2026, 11, 25, 13, 29, 59, tzinfo=UTC)),
        ("2026-11-25 14:29:59 UTC", datetime(2026, 11, 25, 14, 29, 59, tzinfo=UTC)),
        ("2026-11-25 14:29 America/New_York", datetime(2026, 11, 25, 19, 29, tzinfo=UTC)),
        ("2026-11-25T14:29:59Z", datetime(2026, 11, 25, 14, 29, 59, tzinfo=UTC)),
        ("2026-11-25T14:29:59+05:30", datetime(2026, 11, 25, 8, 59, 59, tzinfo=UTC)),
        ("2026-11-25 14:29:59", datetime(2026, 11, 25, 13, 29, 59, tzinfo=UTC)),
        ("2026-11-25", datetime(2026, 11, 24, 23, 0, tzinfo=UTC)),
        (" 14:29:59 ", datetime(2026, 11, 25, 13, 29, 59, tzinfo=UTC)),
        ("9:05", datetime(2026, 11, 25, 8, 5, tzinfo=UTC)),
        ("14:29 UTC", datetime(2026, 11, 25, 14, 29, tzinfo=UTC)),
    ],
)
def test_a_wall_clock_time_is_the_beginning_of_its_second(text: str, expected: datetime) -> None:
    assert limit(text) == OplogTimestamp(seconds(expected), 0)


def test_including_a_second_takes_all_of_it_and_including_an_entry_that_one() -> None:
    whole = limit("2026-11-25 14:29:59 UTC", Edge.INCLUDING)

    assert whole == OplogTimestamp(seconds(datetime(2026, 11, 25, 14, 30, tzinfo=UTC)), 0)
    assert limit("1764081840:7") == OplogTimestamp(1764081840, 7)
    assert limit("1764081840:7", Edge.INCLUDING) == OplogTimestamp(1764081840, 8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yesterday", "is not a moment"),
        ("25:00", "is not a moment"),
        ("14:29 Nowhere/Land", "not the name of a time zone"),
        ("1969-01-01 UTC", "no oplog holds"),
        ("1764081840:4294967296", "not an oplog timestamp"),
        ("2026-03-29 02:30:00", "left out by the change to summer time"),
        ("2026-10-25 02:30:00", "happened twice"),
    ],
)
def test_what_is_no_certain_moment_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidSelectionError, match=words):
        limit(text)


def test_a_time_that_happened_twice_is_told_apart_by_its_offset() -> None:
    with pytest.raises(InvalidSelectionError) as raised:
        limit("2026-10-25 02:30:00")

    assert "2026-10-25T02:30:00+02:00" in raised.value.hint
    assert "2026-10-25T02:30:00+01:00" in raised.value.hint
    assert limit("2026-10-25T02:30:00+01:00") != limit("2026-10-25T02:30:00+02:00")


def test_an_entry_is_named_by_its_timestamp_only() -> None:
    assert parse_entry("1764081840:7").limit == OplogTimestamp(1764081840, 7)
    assert parse_entry("1764081840:7", Edge.INCLUDING).limit == OplogTimestamp(1764081840, 8)
    with pytest.raises(InvalidSelectionError):
        parse_entry("14:29:59")


def test_a_moment_is_told_in_the_persons_own_time() -> None:
    moment = parse_moment("2026-11-25 14:29:59", NOW, BERLIN, zones)

    assert moment.describe(BERLIN).startswith("before 2026-11-25 14:29:59 CET (")
