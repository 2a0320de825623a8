"""What stands at the marks of a time axis, and how a chosen moment is written."""

from datetime import UTC, datetime, timedelta, tzinfo

from mangrove.ui import text
from mangrove.ui.widgets.timeline.axis import AxisMark, Unit, local_at


def mark_label(mark: AxisMark) -> str:
    """Write what stands at one mark: ``14:30``, ``Mon 23``, ``2026-11``."""
    local = mark.local
    match mark.unit:
        case Unit.SECOND | Unit.MINUTE | Unit.HOUR:
            clock = f"{local:%H:%M:%S}" if mark.unit is Unit.SECOND else f"{local:%H:%M}"
            return f"{clock} {zone_name(local)}" if mark.is_shifted else clock
        case Unit.DAY:
            return f"{text.weekday(local)} {local.day}"
        case Unit.MONTH:
            return f"{local:%Y-%m}"
        case Unit.YEAR:
            return f"{local.year}"


def context_label(unit: Unit, local: datetime) -> str:
    """Write what several marks share: the day of hours, the month of days; "" for longer ones."""
    if unit <= Unit.HOUR:
        return f"{text.weekday(local)} {local:%Y-%m-%d}"
    return f"{local:%Y-%m}" if unit is Unit.DAY else ""


def exact_local(moment_s: float, zone: tzinfo | None = None) -> str:
    """Write a moment to the second, with its zone: ``2026-11-23 14:02:07 CET``."""
    local = local_at(moment_s, zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(local)}"


def exact_utc(moment_s: float) -> str:
    """Write a moment to the second in UTC."""
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d %H:%M:%S} UTC"


def exact_both(moment_s: float, zone: tzinfo | None = None) -> str:
    """Write a moment in local time and, where that says something else, in UTC."""
    local, utc = exact_local(moment_s, zone), exact_utc(moment_s)
    return local if local == utc else f"{local}\n{utc}"


def zone_name(local: datetime) -> str:
    """Return the zone's short name, or its distance from UTC where it has none: ``UTC+05:30``."""
    name = local.tzname() or ""
    if name.isalpha():
        return name
    offset = local.utcoffset() or timedelta(0)
    sign = "-" if offset < timedelta(0) else "+"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"
