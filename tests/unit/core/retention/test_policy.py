from datetime import timedelta

import pytest

from mangrove.core.errors import InvalidPolicyError
from mangrove.core.retention.policy import (
    KeepRule,
    Period,
    RetentionPolicy,
    checked_policy,
    parse_span,
    policy_of,
    span_text,
)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("36h", timedelta(hours=36)),
        ("14d", timedelta(days=14)),
        ("8w", timedelta(weeks=8)),
        ("1y6w", timedelta(days=365 + 42)),
        (" 2D ", timedelta(days=2)),
    ],
)
def test_spans_are_read_and_written_back(text: str, span: timedelta) -> None:
    assert parse_span(text) == span
    assert parse_span(span_text(span)) == span


@pytest.mark.parametrize("text", ["", "7", "d", "7m", "7 d", "-7d", "7d!", "999999y999999y"])
def test_what_is_no_span_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(InvalidPolicyError) as caught:
        checked_policy(RetentionPolicy(recovery_window=parse_span(text)))

    assert "write a number" in caught.value.hint


@pytest.mark.parametrize(
    "policy",
    [
        RetentionPolicy((KeepRule(Period.LAST, 0),)),
        RetentionPolicy((KeepRule(Period.DAILY, -1),)),
        RetentionPolicy((KeepRule(Period.DAILY, 1), KeepRule(Period.DAILY, 2))),
        RetentionPolicy((KeepRule(Period.DAILY, within=timedelta(0)),)),
        RetentionPolicy(recovery_window=timedelta(0)),
        RetentionPolicy(minimum_redundancy=0),
        RetentionPolicy(points_of_last=0),
        RetentionPolicy(undo=timedelta(seconds=-1)),
        RetentionPolicy(undo=timedelta(days=366)),
    ],
)
def test_a_policy_that_would_keep_nothing_or_makes_no_sense_is_refused(
    policy: RetentionPolicy,
) -> None:
    with pytest.raises(InvalidPolicyError, match=r"nothing was changed|no span"):
        checked_policy(policy)


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (RetentionPolicy((KeepRule(Period.DAILY, -1),)), "write 1 to 100,000, or leave"),
        (RetentionPolicy(minimum_redundancy=0), "--keep-at-least 1 to 100,000"),
        (RetentionPolicy(points_of_last=0), "--moments-of-last 1 to 100,000"),
    ],
    ids=["rule", "at least", "moments"],
)
def test_a_number_that_makes_no_sense_is_answered_with_what_is_allowed(
    policy: RetentionPolicy, allowed: str
) -> None:
    with pytest.raises(InvalidPolicyError) as caught:
        checked_policy(policy)

    assert allowed in caught.value.hint


def test_a_policy_is_made_of_counts_and_spans_and_says_itself_in_words() -> None:
    made = policy_of(
        {Period.DAILY: 7, Period.LAST: 3},
        {Period.LAST: timedelta(days=2)},
        RetentionPolicy(minimum_redundancy=2, points_of_last=4, time_zone="Europe/Berlin"),
    )

    assert made.describe() == (
        "last 3, daily 7, everything within 2d, at least 2, "
        "single moments of the last 4 bases (Europe/Berlin)"
    )
    assert made.rule(Period.DAILY) == KeepRule(Period.DAILY, 7)
    assert made.rule(Period.DAILY, within=True) is None
    assert RetentionPolicy().describe() == "everything is kept"
