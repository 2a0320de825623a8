"""Looks every few seconds how many alerts are open, for whatever shows that."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from mangrove.core.alerts.alert import Glance
from mangrove.core.errors import MangroveError
from mangrove.core.run import RunStatus
from mangrove.services.alerts import Alerts
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.navigation import Navigator

_LOOK_MS = 15_000


class AlertWatch(QObject):
    """Tells what changed; the alarm itself runs elsewhere, maybe in another process.

    Signals:
        glance_changed: A ``Glance``.
    """

    glance_changed = Signal(object)

    def __init__(
        self,
        alerts: Alerts,
        calls: Calls,
        bridge: ActivityBridge,
        navigator: Navigator,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._alerts, self._calls = alerts, calls
        self.glance = Glance(None, 0)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        bridge.run_changed.connect(self._on_run_changed)
        navigator.data_changed.connect(self.look)
        self.look()

    @Slot()
    def look(self) -> None:
        """Look now."""
        self._calls.run(self, self._alerts.glance, self._on_looked, self._on_failed)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if status.state.is_over:
            self.look()

    def _on_looked(self, glance: Glance) -> None:
        if glance != self.glance:
            self.glance = glance
            self.glance_changed.emit(glance)

    def _on_failed(self, _error: MangroveError) -> None:
        """Wait for the next look: a state file that is busy is told elsewhere."""
