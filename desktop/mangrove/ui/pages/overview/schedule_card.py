"""The schedule of all jobs: what was expected, what came of it, and what is to come."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QButtonGroup, QPushButton, QToolButton, QWidget

from mangrove.core.figures.answer import JobFigures
from mangrove.core.figures.compliance import SlotState
from mangrove.ui import text
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.overview.strips import slot_rows
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.charts.slot_paint import paint_kind
from mangrove.ui.widgets.charts.slot_strip import SlotStrip
from mangrove.ui.widgets.charts.slots import SlotKind
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.legend import Legend

SHOWN = 6
"""So many jobs are drawn unasked, those with trouble first."""
_TROUBLE = (SlotState.FAILED, SlotState.MISSED, SlotState.LATE)
_AHEAD = timedelta(hours=24)


class ScheduleCard(Card):
    """The strip with its choice of time and its legend."""

    def __init__(
        self, navigator: Navigator, zone: tzinfo | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("", parent)
        self._navigator = navigator
        self._shown: tuple[Sequence[JobFigures], datetime] | None = None
        self._names: dict[str, str] = {}
        self.strip = SlotStrip(zone)
        self.strip.row_activated.connect(self._on_row_activated)
        self.day = self._choice(self.tr("1 day"))
        self.week = self._choice(self.tr("7 days"))
        self._group = QButtonGroup(self)
        for button in (self.day, self.week):
            self._group.addButton(button)
        self.day.setChecked(True)
        self._group.buttonToggled.connect(self._on_choice_toggled)
        self.header.addWidget(TextLabel(self.tr("Schedule"), "section"))
        self.header.addStretch()
        self.header.addWidget(TextLabel(self.tr("looking back"), "small"))
        self.header.addWidget(self.day)
        self.header.addWidget(self.week)
        self.nothing = TextLabel(
            self.tr("Nothing runs by itself. A plan backs up every night and proves what it made."),
            "muted",
        ).wrapping()
        self.plan = self._link(self.tr("Plan jobs"), self._on_plan_clicked)
        self.more = self._link("", self._on_more_clicked)
        self.more.setCheckable(True)
        self.legend = Legend(self._entries())
        self.body.addLayout(self.header)
        for widget in (self.nothing, self.strip, self.legend):
            self.body.addWidget(widget)
        for link in (self.plan, self.more):
            self.body.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def show_jobs(self, jobs: Sequence[JobFigures], now: datetime) -> None:
        """Draw these."""
        self._shown = (jobs, now)
        self._names = {job.job_id: job.name for job in jobs}
        is_any = bool(jobs)
        self.nothing.setVisible(not is_any)
        self.plan.setVisible(not is_any)
        self.strip.setVisible(is_any)
        self.legend.setVisible(is_any)
        self.more.setVisible(len(jobs) > SHOWN)
        count = text.count(len(jobs))
        all_of_them = self.tr("Show all {count} jobs").format(count=count)
        self.more.setText(self.tr("Show less") if self.more.isChecked() else all_of_them)
        self._draw()

    def _draw(self) -> None:
        if self._shown is None or not self._shown[0]:
            return
        jobs, now = self._shown
        back = timedelta(days=7) if self.week.isChecked() else timedelta(days=1)
        start, end = now - back, now + _AHEAD
        ordered = sorted(jobs, key=lambda job: (-_troubles(job, start, now), job.name.casefold()))
        shown = ordered if self.more.isChecked() else ordered[:SHOWN]
        ends = (start.timestamp(), end.timestamp(), now.timestamp())
        self.strip.set_rows(slot_rows(shown, start, end), *ends)

    def _entries(self) -> list[tuple[str, partial[None]]]:
        words = (
            (SlotKind.ON_TIME, self.tr("on time")),
            (SlotKind.LATE, self.tr("late")),
            (SlotKind.FAILED, self.tr("failed")),
            (SlotKind.MISSED, self.tr("missed")),
            (SlotKind.PAUSED, self.tr("paused")),
            (SlotKind.COMING, self.tr("to come")),
        )
        return [(word, partial(_draw_key, kind=kind)) for kind, word in words]

    def _choice(self, caption: str) -> QToolButton:
        button = QToolButton()
        button.setText(caption)
        button.setCheckable(True)
        button.setProperty("kind", "small")
        return button

    def _link(self, caption: str, clicked: object) -> QPushButton:
        button = QPushButton(caption)
        button.setProperty("kind", "link")
        button.clicked.connect(clicked)
        return button

    @Slot(str)
    def _on_row_activated(self, job_id: str) -> None:
        self._navigator.open_page(PageName.JOBS, job=self._names.get(job_id, ""))

    @Slot()
    def _on_choice_toggled(self) -> None:
        self._draw()

    @Slot()
    def _on_plan_clicked(self) -> None:
        self._navigator.open_page(PageName.JOBS)

    @Slot()
    def _on_more_clicked(self) -> None:
        if self._shown is not None:
            self.show_jobs(*self._shown)


def _troubles(job: JobFigures, start: datetime, now: datetime) -> int:
    return sum(start <= slot.at <= now and slot.state in _TROUBLE for slot in job.slots)


def _draw_key(painter: QPainter, key: QRectF, kind: SlotKind) -> None:
    paint_kind(painter, QPointF(key.center()), kind)
