import pytest

from mangrove.core.errors import InvalidSelectionError
from mangrove.core.rate import BURST_S, TokenBucket, parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10MB/s", 10_000_000),
        ("10 mb/s", 10_000_000),
        ("512KiB/s", 524_288),
        ("1.5M", 1_500_000),
        ("2GiB", 2 << 30),
        ("800", 800),
    ],
)
def test_rates_are_understood_as_people_write_them(text: str, rate: int) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "0", "-1MB/s", "0.1", "10MB/h", "MB/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InvalidSelectionError, match="is no rate"):
        parse_rate(text)


def test_who_waits_as_told_moves_exactly_the_rate() -> None:
    bucket, now_s, moved = TokenBucket(1000, 50.0), 50.0, 0
    while moved < 20_000:
        bucket, wait_s = bucket.taking(100, now_s)
        now_s += wait_s
        moved += 100

    assert now_s - 50.0 == pytest.approx(20.0, abs=BURST_S)


def test_a_long_rest_is_not_saved_up() -> None:
    bucket, _ = TokenBucket(1000, 0.0).taking(100, 0.0)

    _, wait_s = bucket.taking(2000, 3600.0)

    assert wait_s == pytest.approx(2.0 - BURST_S)
