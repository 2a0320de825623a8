"""The pane beside the table of jobs: what a job does, when, and what became of it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from mangrove.core.jobs.job import Firing
from mangrove.core.jobs.schedule import SUMMER_TIME, Slot
from mangrove.core.ports.clock import Clock
from mangrove.services.jobs import JobView
from mangrove.ui import text
from mangrove.ui.job_words import firing_tone, firing_word, steps_words
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.card import Card, ScrolledColumn
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import ElidedLabel, SectionTitle, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge

SHOWN_TIMES = 10
SHOWN_FIRINGS = 12


class JobDetail(Card):
    """Shows one job and offers what can be done with it.

    Signals:
        run_wanted, pause_wanted, remove_wanted: The job that is shown is meant.
        run_opened: A ``RunId`` of one of its runs.
    """

    run_wanted = Signal()
    pause_wanted = Signal()
    remove_wanted = Signal()
    run_opened = Signal(object)

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._clock = clock
        self._view: JobView | None = None
        self.title = ElidedLabel("", "section")
        self.badge = StateBadge(firing_tone(None), "")
        self.problem = TextLabel("", "error").wrapping().selectable()
        self.facts, self.times, self.history = KeyValueGrid(), KeyValueGrid(), KeyValueGrid()
        self.run_button = QPushButton(self.tr("&Run now"))
        self.pause_button = QPushButton(self.tr("&Pause…"))
        self.open_button = QPushButton(self.tr("&Open last run"))
        self.remove_button = QPushButton(self.tr("Re&move…"))
        self.run_button.clicked.connect(self.run_wanted)
        self.pause_button.clicked.connect(self.pause_wanted)
        self.remove_button.clicked.connect(self.remove_wanted)
        self.open_button.clicked.connect(self._on_open_clicked)
        self._history_title = SectionTitle(self.tr("What became of it"))
        self._lay_out()

    @property
    def name(self) -> str:
        """The job that is shown; "" for none."""
        return self._view.job.name if self._view else ""

    @property
    def is_paused(self) -> bool:
        """Whether the job that is shown rests."""
        return self._view is not None and self._view.job.is_paused(self._clock.now())

    def set_job(self, view: JobView) -> None:
        """Show a job."""
        self._view = view
        last = view.last
        self.title.setText(view.job.name)
        word = self.tr("paused") if self.is_paused else firing_word(last)
        self.badge.set_state(firing_tone(None if self.is_paused else last), word)
        why = text.sentence(last.problem) if last and last.problem else ""
        self.problem.setText(why)
        self.problem.setVisible(bool(why))
        self.facts.set_rows(self._facts(view))
        now = self._clock.now()
        slots = view.job.schedule.preview(max(now, view.job.paused_until or now), SHOWN_TIMES)
        self.times.set_rows(self._slot(number, slot) for number, slot in enumerate(slots, 1))
        self.history.set_rows(self._past(f) for f in view.firings[:SHOWN_FIRINGS])
        self._history_title.setVisible(bool(view.firings))
        self.pause_button.setText(self.tr("R&esume") if self.is_paused else self.tr("&Pause…"))
        self.open_button.setEnabled(bool(last and last.steps))

    def _facts(self, view: JobView) -> list[tuple[str, str] | tuple[str, str, str]]:
        job, now = view.job, self._clock.now()
        rows: list[tuple[str, str] | tuple[str, str, str]] = [
            (self.tr("Does"), steps_words(job)),
            (self.tr("Vault"), view.vault),
            (self.tr("When"), job.schedule.describe(), self.tr(SUMMER_TIME)),
        ]
        if view.profile:
            rows.insert(1, (self.tr("Deployment"), f"{view.profile}: {job.selection.describe()}"))
        if view.waits_for_network:
            rows.append((self.tr("Waits"), self.tr("It is due, and waits for a network.")))
        if self.is_paused and job.paused_until:
            until = text.moment(job.paused_until, now)
            words = self.tr("until {moment}").format(moment=until.text)
            why = f": {job.paused_why}" if job.paused_why else ""
            rows.append((self.tr("Paused"), words + why, until.tooltip))
        return rows

    def _slot(self, number: int, slot: Slot) -> tuple[str, str, str]:
        moment = text.moment(slot.at, self._clock.now())
        there = f"{slot.local:%H:%M %Z}"
        words = f"{moment.text} ({slot.remark})" if slot.remark else moment.text
        return f"{number}.", words, f"{moment.tooltip}\n{there}"

    def _past(self, firing: Firing) -> tuple[str, str, str]:
        moment = text.moment(firing.begun_at, self._clock.now())
        words = firing_word(firing)
        if firing.missed:
            words += self.tr(" (for {count} missed before)").format(count=firing.missed)
        return (moment.text, words, f"{moment.tooltip}\n{text.sentence(firing.problem)}".strip())

    def _on_open_clicked(self) -> None:
        if self._view and self._view.last and self._view.last.steps:
            self.run_opened.emit(self._view.last.steps[-1])

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.badge)
        self.body.addLayout(top)
        scrolled = ScrolledColumn()
        for part in (
            self.problem,
            self.facts,
            SectionTitle(self.tr("Next times")),
            self.times,
            self._history_title,
            self.history,
        ):
            scrolled.column.addWidget(part)
        scrolled.column.addStretch()
        self.body.addWidget(scrolled, 1)
        buttons = QGridLayout()
        buttons.setSpacing(Space.S)
        buttons.addWidget(self.run_button, 0, 0)
        buttons.addWidget(self.pause_button, 0, 1)
        buttons.addWidget(self.open_button, 1, 0)
        buttons.addWidget(self.remove_button, 1, 1)
        self.body.addLayout(buttons)
