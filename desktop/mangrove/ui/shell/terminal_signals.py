"""Lets Ctrl-C in the terminal and SIGTERM end the window's loop, which would not notice them."""

import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier

NUMBERS = (signal.SIGINT, signal.SIGTERM)
SIGNAL_EXIT = 128


class TerminalSignals(QObject):
    """Watches for signals for as long as it lives; call :meth:`stop` when the loop has ended.

    Python notes a signal but runs no handler while Qt's loop waits. The wake-up socket makes the
    loop turn (Python documentation, ``signal.set_wakeup_fd``).

    Args:
        end: Called on the UI thread with the exit code a shell expects.
    """

    def __init__(self, end: Callable[[int], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._end = end
        self._ours, self._theirs = socket.socketpair()
        for side in (self._ours, self._theirs):
            side.settimeout(0)
        self._wakeup_before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        self._handlers_before = {n: signal.signal(n, self._ignore) for n in NUMBERS}
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_signal)

    def stop(self) -> None:
        """Give the signals back to whoever had them."""
        self._notifier.setEnabled(False)
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._ours.close()
        self._theirs.close()

    def _on_signal(self) -> None:
        number = max(self._ours.recv(64))
        self._end(SIGNAL_EXIT + number)

    @staticmethod
    def _ignore(_number: int, _frame: FrameType | None) -> None:
        """Do nothing: the number has gone through the socket already."""
