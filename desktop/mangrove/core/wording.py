"""Counts with their noun in the right number, and names that are too long."""

from collections.abc import Iterable, Sequence
from typing import Final

TIME_SERIES: Final = "timeseries"
"""How a server calls the kind."""


def named(names: Sequence[str], shown: int = 10) -> str:
    """List names in words, the first of them where there are many."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more:,} more" if more > 0 else "")


def counted(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun: ``1 collection``, ``3,000 collections``, ``2 indexes``.

    Args:
        number: How many.
        one: The noun for one.
        many: The noun for any other number; with an "s" unless given.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def content_of(kind: str, documents: int) -> str:
    """Write what a namespace holds: ``5 documents``; of a time series ``5 buckets``.

    A time series is backed up by its buckets, of many measurements each, and so it is counted.
    """
    return counted(documents, "bucket" if kind == TIME_SERIES else "document")


def figure_of(kind: str, documents: int) -> str:
    """Write the same for a column of documents: ``5``; of a time series ``5 buckets``."""
    return content_of(kind, documents) if kind == TIME_SERIES else f"{documents:,}"


def content_of_all(documents: int, buckets: int) -> str:
    """Write what several namespaces hold: ``7 documents and 5 buckets of time series``.

    Args:
        documents: All together.
        buckets: So many of them are buckets.
    """
    if not buckets:
        return counted(documents, "document")
    series = f"{counted(buckets, 'bucket')} of time series"
    plain = documents - buckets
    return f"{counted(plain, 'document')} and {series}" if plain else series


def buckets_in(counts: Iterable[tuple[str, int]]) -> int:
    """Add up the buckets among kinds with their counts."""
    return sum(documents for kind, documents in counts if kind == TIME_SERIES)


def bucket_figure(buckets: int) -> tuple[tuple[str, float], ...]:
    """Return what stands beside a run's documents where some of them are buckets."""
    return (("buckets_of_time_series", buckets),) if buckets else ()


def is_or_are(number: int) -> str:
    """Return the verb that goes with a count."""
    return "is" if number == 1 else "are"


def without_middle(text: str, width: int) -> str:
    """Shorten a name that is wider than its column: its ends tell it from others."""
    if len(text) <= width:
        return text
    head = width // 2
    return text[:head] + "\N{HORIZONTAL ELLIPSIS}" + text[len(text) - (width - head - 1) :]
