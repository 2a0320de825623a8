"""The strip at the bottom: the newest running work with progress and cancel."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget
from typing_extensions import override

from mangrove.core.alerts.alert import Glance
from mangrove.core.run import RunState, RunStatus
from mangrove.ui.alert_words import glance_words, severity_tone, severity_word
from mangrove.ui.dialogs.progress_dialog import progress_figures
from mangrove.ui.run_words import phase_word, run_tone, run_word
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space, Tone
from mangrove.ui.widgets.byte_bar import ByteBar
from mangrove.ui.widgets.icon_button import icon_button
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.wording import counted


class StatusStrip(QFrame):
    """Shows one run; a click anywhere opens its progress.

    Signals:
        opened: The id of the run shown.
        cancelled: The id of the run shown.
        alerts_opened(): The number of open alerts was pressed.
    """

    opened = Signal(object)
    cancelled = Signal(object)
    alerts_opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "strip")
        self._run: RunStatus | None = None
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.words = ElidedLabel("", "body")
        self.others = TextLabel("", "small")
        self.bar = ByteBar()
        self.bar.setFixedWidth(Size.RAIL)
        self.figures = TextLabel("", "muted")
        self.open_button = icon_button("chevron-up", self.tr("Show progress"))
        self.cancel_button = icon_button("close", self.tr("Cancel run"))
        self.open_button.clicked.connect(self._on_open_clicked)
        self.cancel_button.clicked.connect(self._on_cancel_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.M, Space.HALF, Space.S, Space.HALF)
        row.setSpacing(Space.S + Space.HALF)
        row.addWidget(self.badge)
        row.addWidget(self.words, 1)
        for widget in (self.others, self.bar, self.figures, self.open_button, self.cancel_button):
            row.addWidget(widget)
        self.alerts = QToolButton()
        self.alerts.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.alerts.clicked.connect(self.alerts_opened)
        self.alerts.hide()
        self._glance = Glance(None, 0)
        theme().changed.connect(self._draw_alerts)
        row.addWidget(self.alerts)
        self.setMinimumHeight(Size.STRIP)
        self.set_runs(())

    @property
    def run(self) -> RunStatus | None:
        """The run shown."""
        return self._run

    def set_runs(self, runs: tuple[RunStatus, ...]) -> None:
        """Show the newest running one of these; the others are counted."""
        moving = [r for r in runs if r.state is not RunState.QUEUED] or list(runs)
        self._run = max(moving, key=lambda r: r.created_at, default=None)
        run = self._run
        self.setCursor(
            Qt.CursorShape.ArrowCursor if run is None else Qt.CursorShape.PointingHandCursor
        )
        for widget in (self.badge, self.bar, self.figures, self.open_button, self.cancel_button):
            widget.setVisible(run is not None)
        more = len(runs) - 1
        self.others.setText(self.tr("and {count} more").format(count=more))
        self.others.setVisible(more > 0)
        if run is None:
            self.words.setText(self.tr("Nothing is running"))
            return
        self.badge.set_state(run_tone(run.state), run_word(run))
        self.words.setText(self._words(run))
        self.bar.set_fraction(run.fraction if run.state is not RunState.QUEUED else 0.0)
        self.figures.setText(progress_figures(run))
        self.cancel_button.setEnabled(run.state is not RunState.CANCELLING)

    def set_alerts(self, glance: Glance) -> None:
        """Show how many alerts are open and how urgent the worst is; nothing where none is."""
        self._glance = glance
        self._draw_alerts()

    @Slot()
    def _draw_alerts(self) -> None:
        glance = self._glance
        words = glance_words(glance)
        self.alerts.setVisible(bool(words))
        self.alerts.setText(words)
        self.alerts.setIcon(state_icon(severity_tone(glance.worst)))
        worst = severity_word(glance.worst) if glance.worst else ""
        self.alerts.setToolTip(self.tr("Show alerts; the worst: {word}").format(word=worst))
        self.alerts.setAccessibleName(f"{words}, {worst}")

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self._on_open_clicked()

    def _words(self, run: RunStatus) -> str:
        words = run.title
        if run.state is RunState.QUEUED and run.waiting_for:
            words += f": {run.waiting_for}"
        elif run.phase is not None:
            words += f": {phase_word(run.phase)}"
        if run.namespaces_total:
            every = counted(run.namespaces_total, self.tr("collection"), self.tr("collections"))
            words += self.tr(" ({done} of {all})").format(done=run.namespaces_done, all=every)
        return words

    @Slot()
    def _on_open_clicked(self) -> None:
        if self._run is not None:
            self.opened.emit(self._run.run_id)

    @Slot()
    def _on_cancel_clicked(self) -> None:
        if self._run is not None:
            self.cancelled.emit(self._run.run_id)
