from datetime import UTC, datetime, timedelta

import pytest

from mangrove.core.assertion import (
    Answer,
    Measure,
    Question,
    Verdict,
    checked_question,
    judged,
    parse_age,
    parse_bound,
)
from mangrove.core.assertion_words import asks, expects, found_words, result_sentence
from mangrove.core.errors import InvalidAssertionError
from mangrove.core.namespace import Namespace

ORDERS = Namespace("shop", "orders")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("least", "most", "value", "verdict"),
    [
        (10, None, 10, Verdict.HELD),
        (10, None, 9, Verdict.BROKEN),
        (None, 10, 10, Verdict.HELD),
        (None, 10, 11, Verdict.BROKEN),
        (5, 10, 7, Verdict.HELD),
        (0, 0, 0, Verdict.HELD),
    ],
)
def test_both_bounds_belong_to_the_range(
    least: float | None, most: float | None, value: float, verdict: Verdict
) -> None:
    question = Question(ORDERS, at_least=least, at_most=most)
    assert judged("x", question, Answer(value), AT).verdict is verdict


@pytest.mark.parametrize(
    ("placed_at", "verdict", "age_s"),
    [
        (AT - timedelta(hours=26), Verdict.HELD, 26 * HOUR_S),
        (AT - timedelta(hours=26, seconds=1), Verdict.BROKEN, 26 * HOUR_S + 1),
        (AT + timedelta(seconds=30), Verdict.HELD, -30),
    ],
    ids=["just fresh enough", "too old", "ahead of the copy"],
)
def test_an_age_counts_from_the_moment_that_the_data_stand_at(
    placed_at: datetime, verdict: Verdict, age_s: float
) -> None:
    question = Question(ORDERS, Measure.AGE, "placed_at", at_most=26 * HOUR_S)
    result = judged("fresh", question, Answer(placed_at), AT)
    assert (result.verdict, result.value) == (verdict, age_s)


def test_nothing_to_take_a_figure_of_breaks_and_no_answer_does_not() -> None:
    question = Question(ORDERS, Measure.GREATEST, "total", at_least=1)

    assert judged("x", question, Answer(None), AT).verdict is Verdict.BROKEN
    refused = judged("x", question, Answer(problem="the server is tired"), AT)
    assert (refused.verdict, refused.problem) == (Verdict.UNANSWERED, "the server is tired")
    for strange in (float("nan"), float("inf")):
        found = judged("x", question, Answer(strange), AT)
        assert (found.verdict, found.value) == (Verdict.UNANSWERED, None)


@pytest.mark.parametrize(
    "question",
    [
        Question(ORDERS),
        Question(ORDERS, field="total", at_least=1),
        Question(ORDERS, Measure.SUM, at_least=1),
        Question(ORDERS, Measure.SUM, "$total", at_least=1),
        Question(ORDERS, Measure.SUM, "a..b", at_least=1),
        Question(ORDERS, Measure.SUM, ".a", at_least=1),
        Question(ORDERS, at_least=2, at_most=1),
        Question(ORDERS, at_least=float("nan")),
    ],
    ids=lambda q: f"{q.measure}-{q.field}-{q.at_least}-{q.at_most}",
)
def test_what_asks_nothing_is_refused(question: Question) -> None:
    with pytest.raises(InvalidAssertionError):
        checked_question(question)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("26h", 26.0), ("26", 26.0), ("90m", 1.5), ("2 d", 48.0), ("1w", 168.0), ("36s", 0.01)],
)
def test_ages_are_written_short(text: str, hours: float) -> None:
    assert parse_age(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "soon", "-1h", "1y", "9" * 400])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(InvalidAssertionError):
        parse_age(text)


def test_bounds_are_ages_or_numbers() -> None:
    assert parse_bound(Measure.AGE, "26h") == 26 * HOUR_S
    assert parse_bound(Measure.COUNT, "1,000,000") == 1e6
    assert parse_bound(Measure.COUNT, " ") is None
    with pytest.raises(InvalidAssertionError):
        parse_bound(Measure.COUNT, "many")


def test_words_say_what_was_asked_expected_and_found() -> None:
    fresh = Question(ORDERS, Measure.AGE, "placed_at", '{"open":true}', at_most=26 * HOUR_S)
    assert asks(fresh) == 'the age of the newest placed_at in shop.orders where {"open":true}'
    assert expects(fresh) == "at most 26 h"
    enough = Question(ORDERS, at_least=1e6, at_most=2e6)
    assert expects(enough) == "at least 1,000,000 and at most 2,000,000"
    few = judged("enough", enough, Answer(12.0), AT)
    assert found_words(few).startswith("documents in shop.orders: 12; expected is at least")
    assert result_sentence(few).startswith("assertion enough does not hold: ")
    ahead = judged("fresh", fresh, Answer(AT + timedelta(minutes=5)), AT)
    assert "5 min in the future" in found_words(ahead)
