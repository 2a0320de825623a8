"""The Qt binding itself: a version that miscounts references ends the window after minutes."""

import sys

from PySide6.QtCore import QObject, Signal

EMITS = 50


class _Teller(QObject):
    told = Signal(int)


def test_emitting_signals_keeps_the_count_of_true() -> None:
    teller = _Teller()
    before = sys.getrefcount(True)

    for number in range(EMITS):
        teller.told.emit(number)

    assert abs(sys.getrefcount(True) - before) < EMITS // 2
