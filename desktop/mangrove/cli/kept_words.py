"""What commands print of backups that others keep."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from mangrove.core.elsewhere import Elsewhere
from mangrove.core.wording import counted


def kept_rows(kept: Elsewhere, zone: tzinfo) -> Iterator[tuple[str, ...]]:
    """Yield the windows and gaps of somebody else, as rows of ``windows``."""
    for span in kept.spans:
        what = f"kept by {kept.keeper}"
        yield ("window", _at(span.start, zone), _at(span.end, zone), what)
    for gap in kept.gaps:
        end = _at(gap.end, zone) if gap.end else "still open"
        yield ("gap", _at(gap.start, zone), end, f"{kept.keeper}: {gap.reason}")


def kept_lines(kept: Elsewhere, zone: tzinfo) -> Iterator[str]:
    """Yield what is there besides, how old the news are, and what restores it."""
    number = counted(len(kept.sound), "snapshot")
    newest = f", the newest of {_at(kept.sound[-1].data_at, zone)}" if kept.sound else ""
    yield f"{kept.keeper} keeps {number} of {kept.place}{newest}; seen {_at(kept.seen_at, zone)}."
    for point in kept.points:
        if point.problem:
            yield f"FAILED: {point.name}, {_at(point.data_at, zone)}: {point.problem}."
    if kept.problem:
        yield f"{kept.keeper}: {kept.problem}."
    if kept.sound and kept.restore_command:
        yield f"They come back with: {kept.restore_command}"


def _at(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
