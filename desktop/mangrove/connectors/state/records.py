"""Reads records out of their rows; a damaged one is told in the log and hides no other."""

import logging
from collections.abc import Iterable
from typing import TypeVar

from mangrove.connectors.state.codec import CodecError, decoded

log = logging.getLogger(__name__)
Value = TypeVar("Value")


def read(kind: type[Value], text: object, what: str) -> Value | None:
    """Read a record; None, and a line in the log, for one that is damaged.

    Args:
        kind: The class of the value.
        text: As it is stored.
        what: How the log calls it.
    """
    try:
        return decoded(kind, str(text))
    except CodecError as error:
        log.warning("%s skipped reason=%s", what, error)
        return None


def read_all(kind: type[Value], rows: Iterable[tuple[object]], what: str) -> tuple[Value, ...]:
    """Read the records of rows with one column, and leave out what is damaged."""
    found = (read(kind, text, what) for (text,) in rows)
    return tuple(value for value in found if value is not None)
