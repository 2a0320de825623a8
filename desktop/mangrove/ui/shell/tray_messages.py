"""Desktop notifications through an icon in the tray."""

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QSystemTrayIcon
from shiboken6 import isValid

from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.delivery import Message
from mangrove.core.errors import DeliveryError

_SHOWN_MS = 15_000
_ICONS = {
    Severity.NOTE: QSystemTrayIcon.MessageIcon.Information,
    Severity.WARNING: QSystemTrayIcon.MessageIcon.Warning,
    Severity.CRITICAL: QSystemTrayIcon.MessageIcon.Critical,
}


class TrayMessages(QObject):
    """Fulfils ``DesktopNotifier`` for as long as its icon is in a tray.

    Threads: ``show`` is called on the alarm's thread.

    Signals:
        opened(): The person clicked the last message.
    """

    opened = Signal()
    _wanted = Signal(object)

    def __init__(self, icon: QSystemTrayIcon, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self._wanted.connect(self._on_wanted, Qt.ConnectionType.QueuedConnection)
        icon.messageClicked.connect(self.opened)

    def show(self, message: Message) -> None:
        """Show a message soon.

        Raises:
            DeliveryError: If there is no tray, or the window goes away.
        """
        is_there = isValid(self) and isValid(self._icon) and self._icon.isVisible()
        if not is_there or not QSystemTrayIcon.isSystemTrayAvailable():
            raise DeliveryError("there is no tray to show a message in")
        self._wanted.emit(message)

    @Slot(object)
    def _on_wanted(self, message: Message) -> None:
        good = QSystemTrayIcon.MessageIcon.Information
        kind = good if message.is_good_news else _ICONS[message.severity]
        self._icon.showMessage(message.title, message.body, kind, _SHOWN_MS)
