"""The Qt binding itself: a version that miscounts references ends the window after minutes."""

import gc
import sys
import weakref

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

EMITS = 50


class _Teller(QObject):
    told = Signal(int)


def test_emitting_signals_keeps_the_count_of_true() -> None:
    teller = _Teller()
    before = sys.getrefcount(True)

    for number in range(EMITS):
        teller.told.emit(number)

    assert abs(sys.getrefcount(True) - before) < EMITS // 2


def test_a_widget_that_a_test_lets_go_of_is_there_until_its_end(qtbot: QtBot) -> None:
    widget = QWidget()
    kept = weakref.ref(widget)
    qtbot.addWidget(widget)

    del widget
    gc.collect()

    assert kept() is not None
