"""Whether the program goes on without its window, and what is asked before it ends."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, QSettings, QTimer, Slot
from PySide6.QtWidgets import QApplication

from mangrove.core.errors import MangroveError
from mangrove.services.bundle import Services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.leave_dialog import LeaveDialog, Leaving
from mangrove.ui.navigation import Navigator
from mangrove.ui.shell.closing_keys import ASKED_KEY, KEEP_KEY
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.shell.tray import Tray, TrayActs

_LOOK_MS = 20_000


@dataclass(frozen=True, slots=True)
class _Found:
    jobs: int
    is_attended_elsewhere: bool


class Presence(QObject):
    """Puts the window away into the tray where there is one, and ends the program when told to.

    Without a tray closing the window ends the program, as it does for somebody who chose so in
    the settings. A tray that appears later is used from then on.
    """

    def __init__(
        self,
        window: MainWindow,
        services: Services,
        calls: Calls,
        bridge: ActivityBridge,
        navigator: Navigator,
        settings: QSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._services = window, services
        self._calls, self._settings = calls, settings
        self._found: _Found | None = None
        acts = TrayActs(window.come_forward, navigator.open_progress, window.quit)
        self.tray = Tray(window, services, calls, bridge, acts)
        self._again = QTimer(self)
        self._again.setInterval(_LOOK_MS)
        self._again.timeout.connect(self._look)
        window.put_away.connect(self.tray.say_it_goes_on)
        window.left.connect(self._on_left)

    def begin(self) -> None:
        """Show the tray's icon if there can be one, and answer for the window's closing."""
        self._window.goes_on_without = self._goes_on
        self._window.may_leave = self._may_leave
        QApplication.setQuitOnLastWindowClosed(False)
        self._again.start()
        self._look()

    @Slot()
    def _look(self) -> None:
        if self.tray.is_possible() and not self.tray.icon.isVisible():
            self.tray.show()
        self._calls.run(self, self._fetched, self._on_fetched, self._on_failed)

    def _fetched(self) -> _Found:
        holder = self._services.agent.holder()
        elsewhere = holder is not None and not self._services.agent.is_ours()
        return _Found(len(self._services.jobs.names()), elsewhere)

    def _on_fetched(self, found: _Found) -> None:
        self._found = found

    def _on_failed(self, _error: MangroveError) -> None:
        self._found = None  # the pages say what is wrong with the state

    def _goes_on(self) -> bool:
        keeps = self._settings.value(KEEP_KEY, defaultValue=True, type=bool)
        return bool(keeps) and self.tray.icon.isVisible() and self.tray.is_possible()

    def _may_leave(self) -> bool:
        """Ask when jobs would stop with the program."""
        found = self._found
        asked = self._settings.value(ASKED_KEY, defaultValue=False, type=bool)
        if found is None or not found.jobs or found.is_attended_elsewhere or asked:
            return True
        parent = self._window if self._window.isVisible() else None
        answer, never_again = LeaveDialog.ask(parent, found.jobs)
        if answer is Leaving.STAY:
            return False
        self._settings.setValue(ASKED_KEY, never_again)
        return answer is Leaving.QUIT or self._installed()

    def _installed(self) -> bool:
        """Hand the jobs to an agent in the background; stays where that does not work."""
        try:
            self._services.agent.install()
        except MangroveError as error:
            self._window.come_forward()
            self._window.notice.show_error(error)
            return False
        return True

    @Slot()
    def _on_left(self) -> None:
        self._again.stop()
        self.tray.hide()
        QCoreApplication.quit()
