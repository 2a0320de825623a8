"""The progress of one run: bars, rate, phases, log; at its end it becomes the run's summary."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.errors import MangroveError
from mangrove.core.run import LogLine, RunId, RunState, RunStatus
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.run_summary import RunSummary
from mangrove.ui.models.namespaces_model import NamespacesModel
from mangrove.ui.navigation import Navigator
from mangrove.ui.run_words import now_doing, run_tone, run_word
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.byte_bar import ByteBar
from mangrove.ui.widgets.labels import ElidedLabel, SectionTitle, TextLabel
from mangrove.ui.widgets.log_view import LogView
from mangrove.ui.widgets.namespace_bars import NamespaceBars
from mangrove.ui.widgets.phase_trail import PhaseTrail
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.wording import counted

_PAUSE_MS = 200  # a run may tell more often than a person can read


class ProgressDialog(QDialog):
    """Watches one run at a time; closing it leaves the run alone."""

    def __init__(
        self,
        services: Services,
        calls: Calls,
        bridge: ActivityBridge,
        navigator: Navigator,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._activity, self._calls = services.activity, calls
        self._run_id: RunId | None = None
        self._newest: RunStatus | None = None
        self._is_fetching_log = False
        self._build(navigator)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause_timeout)
        bridge.run_changed.connect(self._on_run_changed)

    @property
    def run_id(self) -> RunId | None:
        """The run that is watched."""
        return self._run_id

    def watch(self, run_id: RunId) -> None:
        """Show another run.

        Raises:
            RunNotFoundError: If there is no such run; then nothing is changed.
        """
        status = self._activity.status(run_id)
        self.forget()
        self._run_id = run_id
        self.show_status(status)
        (self.close_button if status.state.is_over else self.background).setFocus()

    def forget(self) -> None:
        """Watch nothing: what was shown is wiped off, so that another run may come."""
        self._run_id = self._newest = None
        self._is_fetching_log = False
        self._pause.stop()
        self.banner.clear()
        self.summary.hide()
        self.doing.show()
        self.log.forget()
        self.follow.setChecked(True)

    def show_status(self, status: RunStatus) -> None:
        """Draw a run's state."""
        self._newest = status
        self.setWindowTitle(status.title)
        self.title.setText(status.title)
        self.badge.set_state(run_tone(status.state), run_word(status))
        self.phases.set_run(status)
        self.step.setText(_step_text(self, status))
        is_over = status.state.is_over
        was_on_buttons = self.background.hasFocus() or self.cancel.hasFocus()
        for widget in (self.bar, self.figures, self.background, self.cancel):
            widget.setVisible(not is_over)
        self.close_button.setVisible(is_over)
        self.cancel.setEnabled(status.state is not RunState.CANCELLING)
        if is_over:
            self._show_end(status)
            if was_on_buttons:  # they have just gone; what was about to be pressed is here
                self.close_button.setFocus()
        else:
            self._show_progress(status)
        self._fetch_log()

    def _show_progress(self, status: RunStatus) -> None:
        is_moving = status.state is not RunState.QUEUED
        self.bar.set_fraction(status.fraction if is_moving else 0.0)
        self.figures.setText(progress_figures(status))
        self.doing.setText(text.sentence(now_doing(status)))
        self._model.set_rows(status.namespaces)
        self.bars.setVisible(bool(status.namespaces))
        more = status.namespaces_total - len(status.namespaces)
        self.more.setText(self.tr("{count} more").format(count=text.count(more)))
        self.more.setVisible(more > 0)
        self.cancel.setText(
            self.tr("Cancelling…")
            if status.state is RunState.CANCELLING
            else self.tr("&Cancel run")
        )

    def _show_end(self, status: RunStatus) -> None:
        self._pause.stop()
        for widget in (self.bars, self.more, self.doing):
            widget.hide()
        self.summary.set_run(status)
        self.summary.show()
        self.close_button.setDefault(True)

    def _fetch_log(self) -> None:
        run_id = self._run_id
        if run_id is None or self._is_fetching_log:
            return
        self._is_fetching_log = True
        self._calls.run(
            self,
            lambda: self._activity.log(run_id),
            lambda lines: self._on_log_read(run_id, lines),
            lambda error: self._on_log_failed(run_id, error),
        )

    def _on_log_read(self, run_id: RunId, lines: tuple[LogLine, ...]) -> None:
        if run_id == self._run_id:
            self._is_fetching_log = False
            self.log.set_lines(lines)
            self.summary.set_log(lines)

    def _on_log_failed(self, run_id: RunId, error: MangroveError) -> None:
        if run_id == self._run_id:
            self._is_fetching_log = False
            self.banner.show_error(error)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if status.run_id != self._run_id:
            return
        is_news = self._newest is None or status.state is not self._newest.state
        self._newest = status
        if is_news or status.state.is_over:
            self.show_status(status)
        elif not self._pause.isActive():
            self._pause.start()

    @Slot()
    def _on_pause_timeout(self) -> None:
        if self._newest is not None:
            self.show_status(self._newest)

    @Slot()
    def _on_cancel_clicked(self) -> None:
        if self._run_id is None:
            return
        self.cancel.setEnabled(False)
        try:
            self._activity.cancel(self._run_id)
        except MangroveError as error:
            self.banner.show_error(error)

    @Slot()
    def _on_follow_toggled(self) -> None:
        self.log.follows = self.follow.isChecked()

    def _build(self, navigator: Navigator) -> None:
        self.setModal(False)
        self.resize(Size.DIALOG_WIDTH, Size.PROGRESS_HEIGHT)
        self.title = ElidedLabel("", "title")
        self.badge = StateBadge(run_tone(RunState.QUEUED), "")
        self.step = TextLabel("", "muted")
        self.banner = Banner()
        self.bar = ByteBar()
        self.figures = TextLabel("", "strong")
        self.doing = ElidedLabel("", "muted")
        self._model = NamespacesModel(self)
        self.bars = NamespaceBars(self._model)
        self.more = TextLabel("", "muted")
        self.summary = RunSummary(navigator)
        self.summary.hide()
        self.summary.step_taken.connect(self.close)
        self.phases = PhaseTrail()
        self.log = LogView()
        self.log.setMinimumHeight(Size.LOG_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.M, Space.L, Space.M)
        column.setSpacing(Space.S + Space.HALF)
        top = QHBoxLayout()
        top.setSpacing(Space.M)
        top.addWidget(self.title, 1)
        top.addWidget(self.step)
        top.addWidget(self.badge)
        column.addLayout(top)
        for widget in (self.banner, self.phases, self.bar, self.figures, self.doing):
            column.addWidget(widget)
        column.addWidget(self.summary, 3)
        column.addWidget(self.bars, 3)
        column.addWidget(self.more)
        column.addLayout(self._log_header())
        column.addWidget(self.log, 2)
        column.addLayout(self._buttons())

    def _log_header(self) -> QHBoxLayout:
        self.follow = QCheckBox(self.tr("&Follow"))
        self.follow.setChecked(True)
        self.follow.toggled.connect(self._on_follow_toggled)
        row = QHBoxLayout()
        row.addWidget(SectionTitle(self.tr("Log")))
        row.addStretch()
        row.addWidget(self.follow)
        return row

    def _buttons(self) -> QHBoxLayout:
        self.background = QPushButton(self.tr("&Run in background"))
        self.cancel = QPushButton(self.tr("&Cancel run"))
        self.close_button = QPushButton(self.tr("C&lose"))
        self.background.setDefault(True)
        self.cancel.setAutoDefault(False)
        self.background.clicked.connect(self.close)
        self.close_button.clicked.connect(self.close)
        self.cancel.clicked.connect(self._on_cancel_clicked)
        row = QHBoxLayout()
        row.setSpacing(Space.S)
        row.addWidget(self.cancel)
        row.addStretch()
        row.addWidget(self.background)
        row.addWidget(self.close_button)
        self.cancel.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        return row


def progress_figures(status: RunStatus) -> str:
    """Write share, rate, and what is left, as far as known."""
    parts = (
        text.percent(status.fraction),
        text.rate(status.rate_bytes_per_s),
        text.remaining(status.remaining),
    )
    return "   ".join(part for part in parts if part)


def _step_text(widget: QWidget, status: RunStatus) -> str:
    if status.state.is_over or status.place is None:
        return ""
    number, total = status.place
    phases = counted(total, widget.tr("phase"), widget.tr("phases"))
    return widget.tr("{number} of {phases}").format(number=number, phases=phases)
