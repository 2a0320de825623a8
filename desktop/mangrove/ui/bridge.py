"""The one door between worker threads and widgets: run news, and answers of short calls."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from mangrove.core.errors import MangroveError
from mangrove.core.run import RunStatus
from mangrove.services.activity import Activity
from mangrove.services.background import Background

T = TypeVar("T")


class ActivityBridge(QObject):
    """Turns what ``Activity`` tells on worker threads into a signal on the GUI thread.

    Give it an owner: a bridge without one is deleted while a worker still knows it.

    Signals:
        run_changed: A ``RunStatus``; at most five a second per run and one per change of state.
    """

    run_changed = Signal(object)
    _news_arrived = Signal(object)

    def __init__(self, activity: Activity, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._news_arrived.connect(self._on_news_arrived, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe: Callable[[], None] | None = activity.subscribe(self._tell)

    def close(self) -> None:
        """Stop listening; may be called again."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _tell(self, status: RunStatus) -> None:
        """Pass news on; called on worker threads, also once more while the window goes away."""
        with suppress(RuntimeError):  # the window's objects are gone
            self._news_arrived.emit(status)

    @Slot(object)
    def _on_news_arrived(self, status: RunStatus) -> None:
        if self._unsubscribe is not None:
            self.run_changed.emit(status)


class Calls(QObject):
    """Runs blocking calls of services elsewhere and brings their answers to the GUI thread.

    Signals:
        busy_changed: How many calls are under way now.
    """

    busy_changed = Signal(int)
    _answered = Signal(object, object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._waiting = 0
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)

    @property
    def waiting(self) -> int:
        """How many answers are still to come."""
        return self._waiting

    def run(
        self,
        owner: QObject,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[MangroveError], None],
    ) -> None:
        """Run ``work`` on a worker thread, then one of the callbacks on the GUI thread.

        Args:
            owner: Whom the answer is for; when it is gone, the answer is dropped silently.
            work: May block; must not touch widgets.
            done: Takes the result.
            failed: Takes the error.
        """
        self._waiting += 1
        self.busy_changed.emit(self._waiting)

        def bring(callback: Callable[[], None]) -> None:
            with suppress(RuntimeError):  # the window's objects are gone
                self._answered.emit(owner, callback)

        self._background.call(
            work,
            lambda result: bring(lambda: done(result)),
            lambda error: bring(lambda: failed(error)),
        )

    @Slot(object, object)
    def _on_answered(self, owner: QObject, callback: Callable[[], None]) -> None:
        self._waiting -= 1
        self.busy_changed.emit(self._waiting)
        if isValid(owner):
            callback()
