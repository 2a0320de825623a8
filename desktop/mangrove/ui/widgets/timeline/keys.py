"""Which key does what on a timeline strip."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum, auto

from PySide6.QtCore import Qt

from mangrove.ui.widgets.timeline.axis import Unit, local_at

_STEP_S = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600}


class Deed(Enum):
    """What a key asks for."""

    STEP = auto()
    PAGE = auto()
    EDGE = auto()
    TICK = auto()
    ZOOM = auto()
    ALL = auto()


@dataclass(frozen=True, slots=True)
class Wish:
    """A deed with its direction (1 is later, or closer) and, for a step, its length."""

    deed: Deed
    direction: int = 0
    unit: Unit = Unit.SECOND


_OTHERS = {
    int(Qt.Key.Key_PageUp): Wish(Deed.PAGE, -1),
    int(Qt.Key.Key_PageDown): Wish(Deed.PAGE, 1),
    int(Qt.Key.Key_Home): Wish(Deed.EDGE, -1),
    int(Qt.Key.Key_End): Wish(Deed.EDGE, 1),
    int(Qt.Key.Key_Up): Wish(Deed.TICK, 1),
    int(Qt.Key.Key_Down): Wish(Deed.TICK, -1),
    int(Qt.Key.Key_Plus): Wish(Deed.ZOOM, 1),
    int(Qt.Key.Key_Equal): Wish(Deed.ZOOM, 1),
    int(Qt.Key.Key_Minus): Wish(Deed.ZOOM, -1),
    int(Qt.Key.Key_Underscore): Wish(Deed.ZOOM, -1),
    int(Qt.Key.Key_0): Wish(Deed.ALL),
}


def deed_of(key: int, modifiers: Qt.KeyboardModifier, *, is_mirrored: bool = False) -> Wish | None:
    """Return what a key asks for: arrows step a second, Shift a minute, Ctrl an hour, both a day.

    Left and right mean what they look like; where time runs from right to left, left is later.
    """
    right = -1 if is_mirrored else 1
    if key == Qt.Key.Key_Right:
        return Wish(Deed.STEP, right, _unit(modifiers))
    if key == Qt.Key.Key_Left:
        return Wish(Deed.STEP, -right, _unit(modifiers))
    return _OTHERS.get(key)


def stepped(moment_s: float, unit: Unit, direction: int, zone: tzinfo | None) -> float:
    """Return the moment one step later or earlier; a day is a day of the clock on the wall."""
    if unit is not Unit.DAY:
        return moment_s + direction * _STEP_S[unit]
    naive = local_at(moment_s, zone).replace(tzinfo=None) + timedelta(days=direction)
    return _moment_of(naive, zone)


def _moment_of(naive: datetime, zone: tzinfo | None) -> float:
    aware = naive.replace(tzinfo=zone) if zone is not None else naive.astimezone()
    return aware.astimezone(UTC).timestamp()


def _unit(modifiers: Qt.KeyboardModifier) -> Unit:
    has_shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
    has_ctrl = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    if has_shift and has_ctrl:
        return Unit.DAY
    if has_ctrl:
        return Unit.HOUR
    return Unit.MINUTE if has_shift else Unit.SECOND
