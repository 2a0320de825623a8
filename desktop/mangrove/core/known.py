"""How well a figure is known that is said before anything was read."""

from collections.abc import Iterable
from enum import StrEnum

from mangrove.core.wording import content_of_all


class Known(StrEnum):
    """What a number stands for."""

    EXACT = "exact"
    AT_LEAST = "at least"
    UNKNOWN = "unknown"


def together(each: Iterable[Known], total: int) -> Known:
    """Return how well a sum is known: what is known of its parts is the least it can be."""
    if all(known is Known.EXACT for known in each):
        return Known.EXACT
    return Known.AT_LEAST if total else Known.UNKNOWN


def figure(text: str, known: Known) -> str:
    """Write a figure with how well it is known, for a column: ``at least 7``, ``unknown``."""
    if known is Known.UNKNOWN:
        return known.value
    return text if known is Known.EXACT else f"{known} {text}"


def documents_phrase(documents: int, known: Known, buckets: int = 0) -> str:
    """Write a count for a sentence: ``an unknown number of documents``.

    Args:
        documents: All together.
        known: What that stands for.
        buckets: So many of them are buckets of time series.
    """
    if known is Known.UNKNOWN:
        return "an unknown number of documents"
    return figure(content_of_all(documents, buckets), known)
