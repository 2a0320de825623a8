import copy
import json
import logging
import pickle
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass

import pytest

from mangrove.core.secret import MASK, Secret

SECRET = Secret("hunter2")


@dataclass(frozen=True)
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        format,
        lambda s: f"{s}",
        lambda s: f"{s!r:>30}",
        lambda s: f"{s:>30}",
        lambda s: "%s %r" % (s, s),  # noqa: UP031  # the old way must be masked too
        "{0} {0!r}".format,
        lambda s: str([s]),
        lambda s: repr({"a": Holder(s)}),
        lambda s: json.dumps({"a": s}, default=str),
        lambda s: str(ValueError(s)),
        lambda s: logging.LogRecord("n", 10, "p", 1, "%s", (s,), None).getMessage(),
    ],
)
def test_a_secret_is_masked_however_it_is_printed(show: Callable[[Secret], str]) -> None:
    shown = show(SECRET)

    assert "hunter2" not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "keep",
    [
        pickle.dumps,
        json.dumps,
        copy.copy,
        copy.deepcopy,
        lambda s: asdict(Holder(s)),
        lambda s: astuple(Holder(s)),
        lambda s: pickle.dumps(Holder(s)),
        vars,
        iter,
        len,
    ],
)
def test_a_secret_refuses_to_be_copied_or_serialised(keep: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        keep(SECRET)

    assert "hunter2" not in str(caught.value)


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_an_empty_secret_is_false() -> None:
    assert (bool(Secret("")), bool(Secret("x"))) == (False, True)


def test_only_reveal_gives_the_text() -> None:
    assert SECRET.reveal() == "hunter2"
