"""Figures in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mangrove.ui import text

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (1_234_000_000, "1.2 GB"),
        (84_400_000, "84.4 MB"),
        (412_000_000, "412 MB"),
        (999_960, "1.0 MB"),
        (5_000_000_000_000_000_000, "5000 PB"),
    ],
)
def test_size_is_written_in_decimal_units(size_bytes: int, words: str) -> None:
    assert text.size(size_bytes) == words


@pytest.mark.parametrize(("rate", "words"), [(84e6, "84 MB/s"), (1.25e6, "1.2 MB/s"), (0, "")])
def test_rate_is_calm_and_empty_when_unknown(rate: float, words: str) -> None:
    assert text.rate(rate) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.25, "250 ms"),
        (12, "12 s"),
        (59.7, "1 min"),
        (192, "3 min 12 s"),
        (3600, "1 h"),
        (3 * 3600 + 240, "3 h 4 min"),
        (3 * 86400 + 7200, "3 d 2 h"),
    ],
)
def test_duration_has_two_units_at_most(seconds: float, words: str) -> None:
    assert text.duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "20 s"),
        (timedelta(minutes=6), "6 min"),
        (timedelta(hours=26), "26 h"),
        (timedelta(days=3, hours=1), "3 days"),
    ],
)
def test_rough_duration_has_one_unit(length: timedelta, words: str) -> None:
    assert text.rough_duration(length) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "today 14:02"),
        (NOW - timedelta(days=1), "yesterday 14:02"),
        (NOW + timedelta(days=1), "tomorrow 14:02"),
        (NOW - timedelta(days=3), "Fri 14:02"),
        (NOW - timedelta(days=30), "2026-10-24 14:02"),
    ],
)
def test_moment_is_told_from_today(at: datetime, words: str) -> None:
    assert text.moment(at, NOW, UTC).text == words


def test_moment_tells_local_and_utc_time_exactly() -> None:
    zone = timezone(timedelta(hours=1), "CET")

    found = text.moment(NOW, NOW, zone)

    assert found.text == "today 15:02"
    assert found.tooltip == "2026-11-23 15:02:00 CET\n2026-11-23 14:02:00 UTC"


def test_count_has_separators() -> None:
    assert text.count(48_211) == "48,211"


@pytest.mark.parametrize(
    ("fraction", "words"), [(None, ""), (0.549, "54 %"), (0.9999, "99 %"), (1.0, "100 %")]
)
def test_percent_is_never_full_before_the_end(fraction: float | None, words: str) -> None:
    assert text.percent(fraction) == words


def test_remaining_time_does_not_flicker() -> None:
    assert text.remaining(timedelta(seconds=68)) == "1 min 10 s left"
    assert text.remaining(timedelta(seconds=71)) == "1 min 10 s left"
    assert text.remaining(None) == ""


def test_ago_says_just_now_within_a_minute() -> None:
    assert text.ago(NOW - timedelta(seconds=30), NOW) == "just now"
    assert text.ago(NOW - timedelta(days=2, hours=3), NOW) == "2 days ago"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("cancelled", "Cancelled."),
        ("shop.orders was dropped meanwhile", "shop.orders was dropped meanwhile."),
        ("shop_restored_1402 is there already", "shop_restored_1402 is there already."),
        ("127.0.0.1:27017 does not answer", "127.0.0.1:27017 does not answer."),
        ("not reached.", "Not reached."),
        ("", ""),
    ],
)
def test_a_sentence_leaves_names_as_they_are(said: str, sentence: str) -> None:
    assert text.sentence(said) == sentence


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(milliseconds=200), "0.2 s"),
        (timedelta(0), "0 s"),
        (timedelta(seconds=87), "1 min 27 s"),
        (timedelta(minutes=14, seconds=20), "14 min"),
        (timedelta(hours=26), "26 h"),
    ],
    ids=["instant", "nothing", "seconds count", "minutes", "hours"],
)
def test_lengths_that_are_compared_are_as_exact_as_that_takes(
    length: timedelta, words: str
) -> None:
    assert text.brief_duration(length) == words
