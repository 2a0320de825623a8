"""The upright axis of a chart: which round amounts it is marked with, and how they are written."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from mangrove.ui import text
from mangrove.ui.widgets.timeline.axis import Unit, step_for

_ROUND = (1, 2, 5, 10)
_ROOM = 1.02  # of the highest amount, so that its line does not touch the edge
_DAY_S = 86_400
_UNIT_S = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600}


class Measure(StrEnum):
    """What an axis counts."""

    BYTES = "bytes"
    SECONDS = "seconds"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class AmountAxis:
    """Marks from nothing up to a round amount.

    Attributes:
        marks: Ascending, the first is 0, the last the top of the axis.
        labels: What stands at each of them, with its unit.
    """

    marks: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def top(self) -> float:
        """The highest amount that can be drawn."""
        return self.marks[-1]

    def share(self, amount: float) -> float:
        """Return how far up the axis an amount lies, from 0 at its foot to 1 at its top."""
        return min(max(amount, 0.0), self.top) / self.top


def amount_axis(highest: float, measure: Measure, most: int = 4) -> AmountAxis:
    """Return an axis that reaches over an amount with at most so many steps.

    Bytes and counts step by 1, 2 or 5 times a power of ten, time by what a clock counts in.
    """
    wanted = max(highest * _ROOM, 1.0)
    if measure is Measure.SECONDS:
        return _time_axis(wanted, most)
    step = _round_step(wanted / max(1, most))
    write = _size if measure is Measure.BYTES else _whole
    return _axis(wanted, step, write)


def _time_axis(wanted_s: float, most: int) -> AmountAxis:
    step = step_for(wanted_s, max(1, most))
    unit_s = _UNIT_S.get(step.unit, _DAY_S)
    steps = math.ceil(wanted_s / (step.length_s * max(1, most)))  # 1, short of centuries
    length_s = step.length_s * max(1, steps)
    return _axis(wanted_s, length_s, lambda s: _time_label(round(s / unit_s), step.unit))


def _axis(wanted: float, step: float, write: Callable[[float], str]) -> AmountAxis:
    number = max(1, math.ceil(wanted / step))
    marks = tuple(step * n for n in range(number + 1))
    return AmountAxis(marks, ("0", *(write(mark) for mark in marks[1:])))


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(max(least, 1.0)))
    return next(r * power for r in _ROUND if r * power >= least * (1 - 1e-9))


def _size(size_bytes: float) -> str:
    return text.size(size_bytes).replace(".0 ", " ")


def _whole(number: float) -> str:
    return text.count(round(number))


def _time_label(number: int, unit: Unit) -> str:
    match unit:
        case Unit.SECOND:
            return f"{number} s"
        case Unit.MINUTE:
            return f"{number} min"
        case Unit.HOUR:
            return f"{number} h"
        case Unit.DAY | Unit.MONTH | Unit.YEAR:
            days = QCoreApplication.translate("Amounts", "{days} d")
            return days.format(days=text.count(number))
