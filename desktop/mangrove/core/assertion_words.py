"""Assertions in words: what is asked, what is expected, what was found."""

from datetime import timedelta

from mangrove.core.assertion import EVERYTHING, AssertionResult, Measure, Question, Verdict
from mangrove.core.explain import duration_text

_WHAT = {
    Measure.SUM: "the sum of {field}",
    Measure.AVERAGE: "the average {field}",
    Measure.LEAST: "the least {field}",
    Measure.GREATEST: "the greatest {field}",
    Measure.AGE: "the age of the newest {field}",
}
_VERDICTS = {
    Verdict.HELD: "holds",
    Verdict.BROKEN: "does not hold",
    Verdict.UNANSWERED: "got no answer",
}


def figure_words(measure: Measure, value: float) -> str:
    """Write a figure as a person reads it: ages as durations, the rest with separators."""
    if measure is Measure.AGE:
        try:
            words = duration_text(timedelta(seconds=abs(value)))
        except OverflowError:
            return f"{value:,.0f} s"
        return f"{words} in the future" if value < 0 else words
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


def asks(question: Question) -> str:
    """Say what is asked: ``documents in shop.orders where {...}``."""
    what = _WHAT.get(question.measure, "documents").format(field=question.field)
    where = "" if question.query == EVERYTHING else f" where {question.query}"
    return f"{what} in {question.namespace}{where}"


def expects(question: Question) -> str:
    """Say what is expected: ``at least 1,000,000``."""
    bounds = (("at least", question.at_least), ("at most", question.at_most))
    found = [f"{w} {figure_words(question.measure, b)}" for w, b in bounds if b is not None]
    return " and ".join(found)


def figure_found(result: AssertionResult) -> str:
    """Write the figure of an answer, or why there is none."""
    if result.value is None:
        return result.problem
    return figure_words(result.question.measure, result.value)


def found_words(result: AssertionResult) -> str:
    """Say what was found and what was expected."""
    found = figure_found(result)
    asked = "" if result.value is None else f"{asks(result.question)}: "
    return f"{asked}{found}; expected is {expects(result.question)}"


def result_sentence(result: AssertionResult) -> str:
    """Say in one sentence how an assertion came out."""
    return f"assertion {result.name} {_VERDICTS[result.verdict]}: {found_words(result)}"
