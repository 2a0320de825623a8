import pytest

from mangrove.core.wording import buckets_in, content_of, content_of_all, counted, figure_of


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 documents"), (1, "1 document"), (2000, "2,000 documents")]
)
def test_a_noun_follows_its_number(number: int, text: str) -> None:
    assert counted(number, "document") == text


def test_an_odd_plural_is_taken_as_given() -> None:
    assert counted(2, "index", "indexes") == "2 indexes"


@pytest.mark.parametrize(
    ("kind", "documents", "phrase", "column"),
    [
        ("collection", 5000, "5,000 documents", "5,000"),
        ("timeseries", 420, "420 buckets", "420 buckets"),
        ("timeseries", 1, "1 bucket", "1 bucket"),
        ("timeseries", 0, "0 buckets", "0 buckets"),
    ],
)
def test_a_time_series_is_counted_in_buckets(
    kind: str, documents: int, phrase: str, column: str
) -> None:
    assert content_of(kind, documents) == phrase
    assert figure_of(kind, documents) == column


def test_what_several_hold_names_buckets_apart() -> None:
    counts = [("collection", 7), ("timeseries", 5), ("view", 0)]

    assert buckets_in(counts) == 5
    assert content_of_all(12, 5) == "7 documents and 5 buckets of time series"
    assert content_of_all(5, 5) == "5 buckets of time series"
    assert content_of_all(1, 0) == "1 document"
