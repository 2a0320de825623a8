"""Assertions: what the owner of data expects of them, asked of every restored copy."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import NewType

from mangrove.core.errors import InvalidAssertionError
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import Namespace
from mangrove.core.profile import ProfileId

AssertionId = NewType("AssertionId", str)
EVERYTHING = "{}"
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)", re.ASCII)
_UNIT_S = {"s": 1, "m": 60, "": 3600, "h": 3600, "d": 86400, "w": 604800}


class Measure(StrEnum):
    """What is asked of the documents that a query chooses."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "avg"
    LEAST = "min"
    GREATEST = "max"
    AGE = "age"

    @property
    def needs_field(self) -> bool:
        """Whether it looks at a field of each document."""
        return self is not Measure.COUNT


@dataclass(frozen=True, slots=True)
class Question:
    """One figure of a collection, and the range it is expected in.

    Attributes:
        query: Chooses the documents, canonical extended JSON.
        field: The path of the field that is looked at; "" for a count.
        at_least, at_most: Both included; None for no bound.

    Units: an age is in seconds, counted from the moment that the data stand at; the newest date
        of the field counts.
    """

    namespace: Namespace
    measure: Measure = Measure.COUNT
    field: str = ""
    query: str = EVERYTHING
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a figure lies in the range."""
        is_enough = self.at_least is None or value >= self.at_least
        return is_enough and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Assertion:
    """A saved question about the data of a profile.

    Attributes:
        name: Unique among those of its profile, without regard to case.
    """

    assertion_id: AssertionId
    profile_id: ProfileId
    name: str
    question: Question
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a deployment said.

    Attributes:
        value: None where there was no document to take a figure of.
        problem: Why there is no answer; "" when there is one.
    """

    value: float | datetime | None = None
    problem: str = ""


class Verdict(StrEnum):
    """How an answer stands to what was expected."""

    HELD = "held"
    BROKEN = "broken"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class AssertionResult:
    """One assertion as it was found, kept as evidence.

    Attributes:
        value: The figure; None without one.
        problem: Why there is none; "" where there is.
    """

    name: str
    question: Question
    verdict: Verdict
    value: float | None = None
    problem: str = ""


def checked_question(question: Question) -> Question:
    """Return a question that makes sense.

    Raises:
        InvalidAssertionError: If a field is missing or too much, or there is no range.
    """
    measure, field = question.measure, question.field.strip()
    if measure.needs_field and not field:
        raise InvalidAssertionError(
            f"'{measure}' needs a field to look at", hint="name one, such as placed_at"
        )
    if field and not measure.needs_field:
        raise InvalidAssertionError(
            "a count looks at no field", hint="leave the field out, or ask for sum, min, max, age"
        )
    if field.startswith("$") or "\0" in field or ".." in field or field.strip(".") != field:
        raise InvalidAssertionError(f"'{field}' is no path of a field")
    _check_range(question.at_least, question.at_most)
    return question


def _check_range(least: float | None, most: float | None) -> None:
    if least is None and most is None:
        raise InvalidAssertionError(
            "an assertion needs a range", hint="say at least, at most, or both"
        )
    if not all(isfinite(bound) for bound in (least, most) if bound is not None):
        raise InvalidAssertionError("a bound is a number")
    if least is not None and most is not None and least > most:
        raise InvalidAssertionError(
            f"no figure is at least {least:g} and at most {most:g}", hint="swap the bounds"
        )


def judged(name: str, question: Question, answer: Answer, at: datetime) -> AssertionResult:
    """Compare an answer with what was expected.

    Where no document was found there is no least, greatest, average or age: that breaks the
    expectation, for what was expected is not there. A sum is 0 then.

    Args:
        name: The assertion's.
        question: What was asked.
        answer: What was said.
        at: The moment that the data stand at; ages are counted from it.
    """
    if answer.problem:
        return AssertionResult(name, question, Verdict.UNANSWERED, problem=answer.problem)
    if answer.value is None:
        why = f"no document of {question.namespace} has what is asked for"
        return AssertionResult(name, question, Verdict.BROKEN, problem=why)
    value = answer.value
    figure = (at - value).total_seconds() if isinstance(value, datetime) else float(value)
    if not isfinite(figure):
        why = "the figure is no finite number"
        return AssertionResult(name, question, Verdict.UNANSWERED, problem=why)
    verdict = Verdict.HELD if question.holds(figure) else Verdict.BROKEN
    return AssertionResult(name, question, verdict, figure)


def why_not_asked(question: Question, manifest: Manifest) -> str:
    """Say why a question cannot be put to a copy of a backup; "" when it can."""
    selection, where = manifest.selection, question.namespace
    if not selection.matches(where):
        return f"the backup was not meant to hold {where}"
    if any(query.namespace == where for query in selection.queries):
        return f"of {where} the backup holds only what a query chose"
    return ""


def parse_age(text: str) -> timedelta:
    """Read ``26h``, ``90m``, ``3d``, ``2w`` or plain hours.

    Raises:
        InvalidAssertionError: If it is none of these.
    """
    found = _AGE.fullmatch(text.strip().lower())
    if not found:
        raise InvalidAssertionError(f"'{text}' is no age", hint="write 26h, 90m, 3d or 2w")
    try:
        return timedelta(seconds=float(found[1]) * _UNIT_S[found[2]])
    except OverflowError:
        raise InvalidAssertionError(f"'{text}' is too long an age") from None


def parse_bound(measure: Measure, text: str) -> float | None:
    """Read a bound as a person writes it: an age for ages, else a number; None for nothing.

    Raises:
        InvalidAssertionError: If it is neither.
    """
    written = text.strip()
    if not written:
        return None
    if measure is Measure.AGE:
        return parse_age(written).total_seconds()
    try:
        return float(written.replace(",", "").replace("_", ""))
    except ValueError:
        raise InvalidAssertionError(
            f"'{text}' is no number", hint="write digits, such as 1000000"
        ) from None
