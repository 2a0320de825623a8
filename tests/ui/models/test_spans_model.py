from datetime import timedelta

import pytest
from pytestqt.modeltest import ModelTester

from fakes.clock import NOON, FakeClock
from mangrove.ui.models.spans_model import Span, SpanColumn, SpansModel

NOW_S = NOON.timestamp()


def told(model: SpansModel, row: int) -> list[str]:
    return [str(model.index(row, column).data()) for column in SpanColumn]


@pytest.fixture
def model(qtmodeltester: ModelTester) -> SpansModel:
    made = SpansModel(FakeClock(NOON))
    made.set_rows(
        (
            Span(
                NOW_S - 90, NOW_S, "Gap: capture was off", "Nothing captured it.", 1, is_open=True
            ),
            Span(NOW_S - 7200, NOW_S - 90, "Any second, 2 backups"),
            Span(NOW_S - 7210, NOW_S - 7200, "Gap: a slice is missing", "One is gone.", 0),
        )
    )
    qtmodeltester.check(made)
    return made


def test_an_open_gap_ends_now(model: SpansModel) -> None:
    assert told(model, 0)[1] == "now"


def test_short_spans_are_told_to_the_second(model: SpansModel) -> None:
    moments = [told(model, row)[0].rpartition(":")[2] for row in (1, 2)]

    assert len(told(model, 2)[0]) == len(told(model, 1)[0]) + len(":50")
    assert moments[1] == "50"


def test_a_gap_is_found_by_its_place(model: SpansModel) -> None:
    assert model.row_of_gap(0) == 2
    assert model.row_of_gap(7) is None


def test_length_and_tips_say_it_in_full(model: SpansModel) -> None:
    assert told(model, 1)[2] == "118 min"
    tip = model.index(0, SpanColumn.WHAT).data(3)
    assert tip == "Nothing captured it."
    assert timedelta(seconds=model.row_at(0).end_s - model.row_at(0).start_s).seconds == 90
