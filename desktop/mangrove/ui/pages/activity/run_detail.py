"""The pane beside the table of runs: one run with its phases, figures, losses and log."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.run import LogLine, RunId, RunState, RunStatus
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.progress_dialog import progress_figures
from mangrove.ui.dialogs.run_summary import RunSummary
from mangrove.ui.navigation import Navigator
from mangrove.ui.run_words import now_doing, run_tone, run_word
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.byte_bar import ByteBar
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import ElidedLabel, SectionTitle, TextLabel
from mangrove.ui.widgets.log_view import LogView
from mangrove.ui.widgets.phase_trail import PhaseTrail
from mangrove.ui.widgets.state_badge import StateBadge


class RunDetail(Card):
    """Shows one run, going on or over."""

    def __init__(
        self,
        services: Services,
        calls: Calls,
        navigator: Navigator,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self._services, self._calls, self._navigator = services, calls, navigator
        self._run_id: RunId | None = None
        self._is_fetching = False
        self.title = ElidedLabel("", "section")
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.facts = KeyValueGrid()
        self.phases = PhaseTrail()
        self.doing = TextLabel("", "muted").wrapping()
        self.bar = ByteBar()
        self.figures = TextLabel("", "strong")
        self.summary = RunSummary(navigator)
        self.log = LogView()
        self.open_button = QPushButton(self.tr("Open &progress"))
        self.open_button.clicked.connect(self._on_open_clicked)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.badge)
        self.body.addLayout(top)
        self.body.addWidget(self.facts)
        self.body.addWidget(self.phases)
        for widget in (self.doing, self.bar, self.figures):
            self.body.addWidget(widget)
        self.body.addWidget(self.summary, 1)
        self.body.addWidget(SectionTitle(self.tr("Log")))
        self.body.addWidget(self.log, 2)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.open_button)
        self.body.addLayout(row)

    @property
    def run_id(self) -> RunId | None:
        """The run that is shown."""
        return self._run_id

    def set_run(self, status: RunStatus) -> None:
        """Show a run."""
        if status.run_id != self._run_id:
            self.log.forget()
        self._run_id = status.run_id
        self.title.setText(status.title)
        self.badge.set_state(run_tone(status.state), run_word(status))
        self.facts.set_rows(self._facts(status))
        self.phases.set_run(status)
        is_over = status.state.is_over
        self.summary.setVisible(is_over)
        for widget in (self.doing, self.bar, self.figures, self.open_button):
            widget.setVisible(not is_over)
        if is_over:
            self.summary.set_run(status)
        else:
            is_moving = status.state is not RunState.QUEUED
            self.bar.setVisible(is_moving)
            self.figures.setVisible(is_moving)
            self.doing.setText(text.sentence(now_doing(status)))
            self.bar.set_fraction(status.fraction if status.started_at else 0.0)
            self.figures.setText(progress_figures(status))
        self._fetch_log(status.run_id)

    def _facts(self, status: RunStatus) -> list[tuple[str, str, str]]:
        started = text.moment(status.started_at or status.created_at, self._services.clock.now())
        rows = [(self.tr("Started"), started.text, started.tooltip)]
        if status.profile:
            rows.append((self.tr("Profile"), status.profile, ""))
        if status.vault:
            rows.append((self.tr("Vault"), status.vault, ""))
        return rows

    def _fetch_log(self, run_id: RunId) -> None:
        if self._is_fetching:
            return
        self._is_fetching = True
        activity = self._services.activity
        self._calls.run(
            self,
            lambda: activity.log(run_id),
            lambda lines: self._on_log_read(run_id, lines),
            self._on_log_failed,
        )

    def _on_log_read(self, run_id: RunId, lines: tuple[LogLine, ...]) -> None:
        self._is_fetching = False
        if run_id == self._run_id:
            self.log.set_lines(lines)
            self.summary.set_log(lines)
        elif self._run_id is not None:
            self._fetch_log(self._run_id)

    def _on_log_failed(self, error: MangroveError) -> None:
        self._is_fetching = False
        self.doing.setText(text.sentence(error.message))
        self.doing.show()

    @Slot()
    def _on_open_clicked(self) -> None:
        if self._run_id is not None:
            self._navigator.open_progress(self._run_id)
