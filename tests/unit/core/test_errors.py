import re
from collections import Counter
from collections.abc import Iterator

import pytest

from mangrove.core import errors
from mangrove.core.errors import MangroveError, RunCancelled
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.profile import checked_name
from mangrove.core.uri import parse_uri
from mangrove.core.vaults.url import parse_vault_url


def tree(kind: type[MangroveError]) -> Iterator[type[MangroveError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


CLASSES = [c for c in tree(MangroveError) if c.__module__ == errors.__name__]


def test_every_class_has_a_code_of_its_own() -> None:
    shared = [code for code, uses in Counter(c.code for c in CLASSES).items() if uses > 1]

    assert shared == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda c: c.__name__)
def test_a_class_is_drawn_in_the_tree_and_says_when_it_is_raised(kind: type[MangroveError]) -> None:
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")
    assert kind.__doc__ is not None
    assert kind.__doc__.startswith(("Raised when", "Something a person"))
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)


def test_the_tree_draws_nothing_that_is_not_there() -> None:
    drawn = set(re.findall(r"\w+Error\b", errors.__doc__ or ""))

    assert drawn == {c.__name__ for c in CLASSES}


def test_a_class_below_a_branch_is_its_kind() -> None:
    assert issubclass(errors.ChunkForgedError, errors.CorruptBackupError)
    assert issubclass(errors.DamagedStateError, errors.ConfigurationError)


def test_a_cancel_is_no_exception_that_anybody_catches_by_accident() -> None:
    assert not issubclass(RunCancelled, Exception)


def test_details_and_hint_are_kept_apart_from_the_message() -> None:
    error = errors.BlobMismatchError("size differs", hint="copy it again", size=5)

    assert (str(error), error.hint, error.details) == ("size differs", "copy it again", {"size": 5})


SAMPLES = {
    "uri": (parse_uri, "nothing"),
    "uri password": (parse_uri, "mongodb://a:b:c@d"),
    "vault url": (parse_vault_url, "ftp://x"),
    "vault keys": (parse_vault_url, "s3://a:b@bucket"),
    "profile name": (checked_name, ""),
    "namespace": (Namespace.parse, "x"),
    "timestamp": (OplogTimestamp.parse, "x"),
}


@pytest.mark.parametrize(("call", "text"), SAMPLES.values(), ids=SAMPLES)
def test_a_message_is_lower_case_without_full_stop(call: object, text: str) -> None:
    with pytest.raises(MangroveError) as caught:
        call(text)  # type: ignore[operator]  # the table holds functions of one text

    message = str(caught.value)
    assert message[0] in "'" or message[0].islower()
    assert not message.endswith(".")
