"""One run that goes on: what it does, how far it is, and the buttons to look and to cancel."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mangrove.core.run import RunState, RunStatus
from mangrove.ui import text
from mangrove.ui.run_words import now_doing, run_tone, run_word
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.byte_bar import ByteBar
from mangrove.ui.widgets.icon_button import icon_button
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge


class RunRow(QWidget):
    """Keeps no state of its own but the run's id.

    Signals:
        opened: The run's id: its progress shall be shown.
        cancelled: The run's id: it shall stop.
    """

    opened = Signal(object)
    cancelled = Signal(object)

    def __init__(self, status: RunStatus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run_id = status.run_id
        self.badge = StateBadge(run_tone(status.state), run_word(status))
        self.title = ElidedLabel("", "strong")
        self.doing = ElidedLabel("", "small")
        self.bar = ByteBar()
        self.figures = TextLabel("", "small")
        self.open_button = icon_button("chevron-right", self.tr("Show progress"))
        self.cancel_button = icon_button("stop", self.tr("Cancel run"))
        self.open_button.clicked.connect(self._on_open_clicked)
        self.cancel_button.clicked.connect(self._on_cancel_clicked)
        words = QVBoxLayout()
        words.setSpacing(Space.HALF)
        words.addWidget(self.title)
        words.addWidget(self.bar)
        lower = QHBoxLayout()
        lower.setSpacing(Space.M)
        lower.addWidget(self.doing, 1)
        lower.addWidget(self.figures)
        words.addLayout(lower)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S + Space.HALF)
        row.addWidget(self.badge)
        row.addLayout(words, 1)
        row.addWidget(self.open_button)
        row.addWidget(self.cancel_button)
        self.set_run(status)

    def set_run(self, status: RunStatus) -> None:
        """Show the run's newest state."""
        self.badge.set_state(run_tone(status.state), run_word(status))
        self.title.setText(status.title)
        self.doing.setText(text.sentence(now_doing(status)))
        is_moving = status.state is not RunState.QUEUED
        self.bar.setVisible(is_moving)
        self.bar.set_fraction(status.fraction if is_moving else 0.0)
        parts = (
            text.percent(status.fraction),
            text.rate(status.rate_bytes_per_s),
            text.remaining(status.remaining),
        )
        self.figures.setText("   ".join(p for p in parts if p))
        self.cancel_button.setEnabled(status.state is not RunState.CANCELLING)

    @Slot()
    def _on_open_clicked(self) -> None:
        self.opened.emit(self._run_id)

    @Slot()
    def _on_cancel_clicked(self) -> None:
        self.cancelled.emit(self._run_id)
