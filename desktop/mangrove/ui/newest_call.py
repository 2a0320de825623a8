"""Asks again whenever a question changes, after a pause, and hears only the newest answer."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Slot

from mangrove.core.errors import MangroveError
from mangrove.ui.bridge import Calls

PAUSE_MS = 250
T = TypeVar("T")


class NewestCall(QObject):
    """One question at a time to a service; what was asked before is forgotten."""

    def __init__(self, calls: Calls, owner: QObject, pause_ms: int = PAUSE_MS) -> None:
        super().__init__(owner)
        self._calls, self._owner = calls, owner
        self._number = 0
        self._start: Callable[[], None] | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(pause_ms)
        self._pause.timeout.connect(self._on_pause_timeout)

    def ask(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[MangroveError], None],
    ) -> None:
        """Run ``work`` after a pause, unless something else is asked before its answer came."""
        self._number += 1
        number = self._number

        def hear(answer: Callable[[], None]) -> None:
            if number == self._number:
                answer()

        self._start = lambda: self._calls.run(
            self._owner,
            work,
            lambda result: hear(lambda: done(result)),
            lambda error: hear(lambda: failed(error)),
        )
        self._pause.start()

    def forget(self) -> None:
        """Ask nothing, and hear no answer to what was asked."""
        self._number += 1
        self._pause.stop()

    @Slot()
    def _on_pause_timeout(self) -> None:
        if self._start is not None:
            self._start()
