"""What a chart says: the readings of one moment, and all of them as a table to copy."""

from datetime import UTC, datetime, tzinfo

from mangrove.ui import text
from mangrove.ui.widgets.charts.amounts import Measure
from mangrove.ui.widgets.charts.plots import Plot
from mangrove.ui.widgets.timeline.axis import local_at
from mangrove.ui.widgets.timeline.words import exact_both


def amount_words(amount: float, measure: Measure) -> str:
    """Write one amount with its unit."""
    match measure:
        case Measure.BYTES:
            return text.size(amount)
        case Measure.SECONDS:
            return text.duration_of_seconds(amount)
        case Measure.COUNT:
            return text.count(round(amount))


def stop_words(plot: Plot, moment_s: float, zone: tzinfo | None) -> str:
    """Write what a pointer at one of the plot's stops is told: readings, then the moment."""
    lines = []
    for trace, reading in plot.readings_at(moment_s):
        words = reading.words or amount_words(reading.amount, plot.measure)
        lines.append(f"{trace.name}: {words}" if trace.name else words)
    return "\n".join((*dict.fromkeys(lines), moment_words(plot, moment_s, zone)))


def moment_words(plot: Plot, moment_s: float, zone: tzinfo | None) -> str:
    """Write a moment of a plot: in local time and UTC, or the day where a day is meant."""
    if not plot.is_daily:
        return exact_both(moment_s, zone)
    local = local_at(moment_s, zone)
    return f"{text.weekday(local)} {local:%Y-%m-%d}"


def table_text(plot: Plot, zone: tzinfo | None) -> str:
    """Write all readings as a table for a spreadsheet: local time, UTC, name, amount."""
    rows = [("local time", "UTC", "what", str(plot.measure))]
    named = [(r, t.name) for t in plot.traces for r in t.readings]
    for reading, name in sorted(named, key=lambda pair: pair[0].at_s):
        utc = datetime.fromtimestamp(reading.at_s, UTC)
        rows.append((_iso(local_at(reading.at_s, zone)), _iso(utc), name, f"{reading.amount:g}"))
    return "\n".join("\t".join(row) for row in rows)


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")
