"""Every error a person can meet has words of its own in the window."""

from collections.abc import Iterator

import pytest

from mangrove.core.errors import MangroveError, SecretNotFoundError
from mangrove.core.run import Problem
from mangrove.ui.problem_words import SENTENCES
from mangrove.ui.problems import Remedy, explain, explain_problem, known_codes


def _all_errors(kind: type[MangroveError] = MangroveError) -> Iterator[type[MangroveError]]:
    yield kind
    for narrower in kind.__subclasses__():
        if narrower.__module__.startswith("mangrove"):
            yield from _all_errors(narrower)


ERRORS = sorted(set(_all_errors()), key=lambda e: e.code)


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.code)
def test_every_error_has_a_sentence_in_the_window(error: type[MangroveError]) -> None:
    assert error.code in known_codes()


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in ERRORS]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_sentence_says_what_happened_what_is_safe_and_what_to_do(code: str) -> None:
    sentences = SENTENCES[code].rstrip(".").split(". ")

    assert len(sentences) == 3
    assert "!" not in SENTENCES[code]


def test_explanation_carries_the_particulars_as_sentences() -> None:
    error = MangroveError("the disk is odd", hint="look at it")

    assert explain(error).detail == "The disk is odd. Look at it."


def test_a_missing_key_is_told_once_with_its_name() -> None:
    error = SecretNotFoundError("the keyring holds no 'vault/1'", hint="enter the secret again")

    assert explain(error).text == (
        "The keyring holds no 'vault/1'. No data was touched. Enter the secret again."
    )
    assert explain(SecretNotFoundError("x")).text.startswith(SENTENCES["secret-not-found"])


def test_unknown_code_is_explained_as_our_mistake() -> None:
    found = explain_problem(Problem("never-heard-of", "x", is_bug=True))

    assert found.remedy is Remedy.COPY_REPORT
