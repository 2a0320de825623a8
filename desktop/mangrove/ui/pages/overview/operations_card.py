"""What runs, what waits and why, and what does not move although it should."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from mangrove.core.ports.clock import Clock
from mangrove.core.run import RunId, RunState, RunStatus
from mangrove.ui import text
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.run_words import now_doing, run_tone, run_word
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge

STUCK_AFTER = timedelta(minutes=2)
"""As long as the engine itself waits for a byte before it gives a connection up."""
_LOOK_MS = 5_000
_SHOWN = 4


class OperationsCard(Card):
    """Remembers of each run when it last came on."""

    def __init__(self, clock: Clock, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._clock, self._navigator = clock, navigator
        self._runs: dict[RunId, RunStatus] = {}
        self._moved_at: dict[RunId, datetime] = {}
        self.rows: dict[RunId, OperationRow] = {}
        self.title = TextLabel(self.tr("Running now"), "section")
        self.quiet = TextLabel(self.tr("Nothing runs and nothing waits."), "muted").wrapping()
        self.more = QPushButton()
        self.more.setProperty("kind", "link")
        self.more.clicked.connect(self._on_more_clicked)
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.S + Space.HALF)
        self.body.addWidget(self.title)
        self.body.addWidget(self.quiet)
        self.body.addLayout(self._column)
        self.body.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._draw()

    def set_runs(self, runs: Iterable[RunStatus]) -> None:
        """Show these and forget all others."""
        live = {run.run_id: run for run in runs if not run.state.is_over}
        for gone in set(self._runs) - set(live):
            del self._runs[gone], self._moved_at[gone]
        for run in live.values():
            self._note(run)
        self._draw()

    def put(self, run: RunStatus) -> None:
        """Take news of one run."""
        if run.state.is_over:
            self._runs.pop(run.run_id, None)
            self._moved_at.pop(run.run_id, None)
        else:
            self._note(run)
        self._draw()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _note(self, run: RunStatus) -> None:
        known = self._runs.get(run.run_id)
        if known is None or _progress(known) != _progress(run):
            self._moved_at[run.run_id] = self._clock.now()
        self._runs[run.run_id] = run

    @Slot()
    def _on_timer_timeout(self) -> None:
        if self._runs:
            self._draw()

    def _draw(self) -> None:
        order = {RunState.RUNNING: 0, RunState.CANCELLING: 0, RunState.QUEUED: 1}
        runs = sorted(self._runs.values(), key=lambda r: (order.get(r.state, 2), r.created_at))
        shown = runs[:_SHOWN]
        for run_id in set(self.rows) - {run.run_id for run in shown}:
            row = self.rows.pop(run_id)
            row.hide()
            row.setParent(None)
            row.deleteLater()
        now = self._clock.now()
        for place, run in enumerate(shown):
            if run.run_id not in self.rows:
                self.rows[run.run_id] = OperationRow(run.run_id, self._navigator)
            row = self.rows[run.run_id]
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
            row.show_run(run, now - self._moved_at[run.run_id])
        self.quiet.setVisible(not runs)
        self.more.setVisible(len(runs) > _SHOWN)
        more = text.count(len(runs) - _SHOWN)
        self.more.setText(self.tr("Show {count} more").format(count=more))

    @Slot()
    def _on_more_clicked(self) -> None:
        self._navigator.open_page(PageName.ACTIVITY)


class OperationRow(QWidget):
    """One run: what it does, how far it is, and since when it does not come on."""

    def __init__(self, run_id: RunId, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run_id, self._navigator = run_id, navigator
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.button = QPushButton()
        self.button.setProperty("kind", "link")
        self.button.clicked.connect(self._on_clicked)
        self.doing = ElidedLabel("", "small")
        self.figures = ElidedLabel("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.doing)
        column.addWidget(self.figures)

    @property
    def is_stuck(self) -> bool:
        """Whether it should come on and does not."""
        return self.badge.tone is Tone.UNPROVEN

    def show_run(self, run: RunStatus, still_for: timedelta) -> None:
        """Show the run's newest state, and how long ago anything about it changed."""
        is_stuck = run.state is RunState.RUNNING and still_for >= STUCK_AFTER
        word = self.tr("stuck") if is_stuck else run_word(run)
        self.badge.set_state(Tone.UNPROVEN if is_stuck else run_tone(run.state), word)
        self.button.setText(run.title)
        self.doing.setText(text.sentence(now_doing(run)))
        changed = self.tr("last change {length} ago").format(length=text.rough_duration(still_for))
        parts = (text.percent(run.fraction), text.rate(run.rate_bytes_per_s), changed)
        is_moving = run.state is not RunState.QUEUED
        self.figures.setText("   ".join(p for p in parts if p) if is_moving else "")
        self.figures.setVisible(is_moving)

    @Slot()
    def _on_clicked(self) -> None:
        self._navigator.open_progress(self._run_id)


def _progress(run: RunStatus) -> tuple[object, ...]:
    """Return what differs when a run came on."""
    return (run.state, run.phase, run.note, run.done_bytes, run.documents, run.namespaces_done)
