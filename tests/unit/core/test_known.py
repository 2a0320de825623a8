import pytest

from mangrove.core.known import Known, documents_phrase, figure, together

EXACT, LEAST, UNKNOWN = Known.EXACT, Known.AT_LEAST, Known.UNKNOWN


@pytest.mark.parametrize(
    ("parts", "total", "whole"),
    [
        ([], 0, EXACT),
        ([EXACT, EXACT], 0, EXACT),
        ([EXACT, UNKNOWN], 7, LEAST),
        ([LEAST, EXACT], 7, LEAST),
        ([UNKNOWN, EXACT], 0, UNKNOWN),
    ],
)
def test_a_sum_is_known_as_well_as_its_parts(parts: list[Known], total: int, whole: Known) -> None:
    assert together(parts, total) is whole


def test_a_figure_says_how_well_it_is_known() -> None:
    assert [figure("7", known) for known in Known] == ["7", "at least 7", "unknown"]
    assert [documents_phrase(1, known) for known in Known] == [
        "1 document",
        "at least 1 document",
        "an unknown number of documents",
    ]


def test_a_phrase_names_the_buckets_of_time_series() -> None:
    assert documents_phrase(425, EXACT, 420) == "5 documents and 420 buckets of time series"
    assert documents_phrase(420, LEAST, 420) == "at least 420 buckets of time series"
