"""What all errands share: the window they ask in, and what follows an answer."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.navigation import Navigator
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.widgets.banner import BannerKind


class Errand(QObject):
    """Opens dialogs for the navigator's wishes; work is done off the GUI thread."""

    def __init__(
        self, window: MainWindow, services: Services, calls: Calls, navigator: Navigator
    ) -> None:
        super().__init__(window)
        self._window, self._services = window, services
        self._calls, self._navigator = calls, navigator

    def _begin(self, start: Callable[[], RunId]) -> None:
        """Start a run and show its progress."""
        self._calls.run(self, start, self._on_started, self._on_failed)

    def _on_started(self, run_id: RunId) -> None:
        self._navigator.open_progress(run_id)

    def _on_failed(self, error: MangroveError) -> None:
        self._window.notice.show_error(error)

    def _notice(self, words: str) -> None:
        if words:
            self._window.notify(BannerKind.WARNING, text.sentence(words))
