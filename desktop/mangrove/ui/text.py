"""Figures in words: sizes, rates, durations, moments and counts; pure, the clock is a parameter."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from PySide6.QtCore import QCoreApplication

from mangrove.ui.option_words import in_window

_THOUSAND = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_WHOLE_FROM = 100  # from here on, decimals say nothing
_CALM_FROM = 10  # the same for what changes while one looks
_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86400
_DAYS_IN_WORDS = 7
_EXACT_BELOW_S = 600


def size(size_bytes: float) -> str:
    """Write a size in decimal units: ``1.2 GB``."""
    return _scaled(size_bytes, _WHOLE_FROM)


def rate(rate_bytes_per_s: float) -> str:
    """Write a rate: ``84 MB/s``; "" when it is not known."""
    if rate_bytes_per_s <= 0:
        return ""
    return f"{_scaled(rate_bytes_per_s, _CALM_FROM)}/s"


def count(number: int) -> str:
    """Write a number with separators of thousands: ``48,211``."""
    return f"{number:,}"


def percent(fraction: float | None) -> str:
    """Write a part of the whole: ``54 %``; never 100 before all is done; "" when unknown."""
    if fraction is None:
        return ""
    return f"{int(min(1.0, max(0.0, fraction)) * 100)} %"


def duration(length: timedelta) -> str:
    """Write how long something took: ``3 min 12 s``."""
    seconds = max(0.0, length.total_seconds())
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return _two(whole, _MINUTE_S, "min", 1, "s")
    if whole < 2 * _DAY_S:
        return _two(whole, _HOUR_S, "h", _MINUTE_S, "min")
    return _two(whole, _DAY_S, "d", _HOUR_S, "h")


def duration_of_seconds(seconds: float) -> str:
    """Write a number of seconds as ``duration`` does."""
    return duration(timedelta(seconds=seconds))


def rough_duration(length: timedelta) -> str:
    """Write a length of time in one unit, for headlines: ``6 min``, ``26 h``, ``3 days``."""
    seconds = max(0.0, length.total_seconds())
    if seconds < _MINUTE_S:
        return f"{round(seconds)} s"
    if seconds < 2 * _HOUR_S:
        return f"{round(seconds / _MINUTE_S)} min"
    if seconds < 2 * _DAY_S:
        return f"{round(seconds / _HOUR_S)} h"
    return _tr("{days} days").format(days=round(seconds / _DAY_S))


def brief_duration(length: timedelta) -> str:
    """Write a length of time as exactly as it takes to compare it: ``1 min 27 s``, ``26 h``."""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds:.1f} s" if seconds > 0 else "0 s"
    return duration(length) if seconds < _EXACT_BELOW_S else rough_duration(length)


def ago(moment: datetime, now: datetime) -> str:
    """Write how long ago something was: ``2 days ago``, ``just now``."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return _tr("just now")
    return _tr("{duration} ago").format(duration=rough_duration(passed))


def remaining(length: timedelta | None) -> str:
    """Write how long something will take yet: ``1 min left``; "" when nobody knows."""
    if length is None:
        return ""
    return _tr("{duration} left").format(duration=duration(_calm(length)))


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as a table shows it, and as its tooltip tells it exactly."""

    text: str
    tooltip: str


def moment(at: datetime, now: datetime, zone: tzinfo | None = None) -> Moment:
    """Write a moment: ``today 14:02``, with exact local and UTC time in the tooltip.

    Args:
        at: Aware.
        now: The clock's moment, aware.
        zone: The person's time zone; None is the machine's own.
    """
    local, today = at.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    clock = f"{local:%H:%M}"
    if days == 0:
        text = _tr("today {clock}").format(clock=clock)
    elif days == 1:
        text = _tr("yesterday {clock}").format(clock=clock)
    elif days == -1:
        text = _tr("tomorrow {clock}").format(clock=clock)
    elif 0 < days < _DAYS_IN_WORDS:
        text = _tr("{weekday} {clock}").format(weekday=weekday(local), clock=clock)
    else:
        text = f"{local:%Y-%m-%d} {clock}"
    exact = f"{local:%Y-%m-%d %H:%M:%S %Z}\n{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Moment(text, exact)


def weekday(day: date) -> str:
    """Write the short name of a day, or of a moment's day: ``Mon``."""
    names = (_tr("Mon"), _tr("Tue"), _tr("Wed"), _tr("Thu"), _tr("Fri"), _tr("Sat"), _tr("Sun"))
    return names[day.weekday()]


_NAME = re.compile(r"[._/:@\d]")


def sentence(text: str) -> str:
    """Make a sentence of a message: capital, full stop, and nothing to type."""
    start = capital(in_window(text))
    return start if not start or start.endswith((".", "?", "!")) else start + "."


def capital(text: str) -> str:
    """Write the first letter as a capital, unless the first word is a name such as shop.orders."""
    first = text.split(maxsplit=1)[0].rstrip(".,:;") if text.strip() else ""
    return text if _NAME.search(first) else text[:1].upper() + text[1:]


def _scaled(size_bytes: float, whole_from: int) -> str:
    value, unit = float(size_bytes), 0
    while round(value, 1) >= _THOUSAND and unit < len(_UNITS) - 1:
        value /= _THOUSAND
        unit += 1
    has_decimals = unit > 0 and value < whole_from
    return f"{value:.1f} {_UNITS[unit]}" if has_decimals else f"{value:.0f} {_UNITS[unit]}"


def _two(whole: int, first: int, first_unit: str, second: int, second_unit: str) -> str:
    high, rest = divmod(whole, first)
    low = rest // second
    return f"{high} {first_unit} {low} {second_unit}" if low else f"{high} {first_unit}"


def _calm(length: timedelta) -> timedelta:
    """Round what is left, so that it does not flicker."""
    seconds = length.total_seconds()
    step = 1 if seconds < _MINUTE_S else 10 if seconds < 10 * _MINUTE_S else _MINUTE_S
    return timedelta(seconds=max(1, round(seconds / step) * step))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Text", text)
