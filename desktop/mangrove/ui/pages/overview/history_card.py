"""The history of one profile: exposure day by day, measured restores, and a calendar of days."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from mangrove.core.figures.answer import ProfileFigures
from mangrove.ui.pages.overview.plots import (
    DAYS,
    RESTORE_DAYS,
    restores_plot,
    restores_summary,
    rpo_plot,
    rpo_summary,
)
from mangrove.ui.pages.overview.strips import day_words
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.charts.chart import Chart
from mangrove.ui.widgets.days.calendar import DayCalendar, DayMark, mark_key
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.legend import DrawKey, Legend
from mangrove.ui.widgets.side_by_side import SideBySide


class HistoryCard(Card):
    """Charts of the chosen profile; the worst one at first."""

    def __init__(self, zone: tzinfo | None = None, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._zone = zone
        self._shown: tuple[Sequence[ProfileFigures], datetime] | None = None
        self.profile = ChoiceBox()
        self.profile.setAccessibleName(self.tr("Profile whose history is shown"))
        self.profile.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.profile.activated.connect(self._on_profile_activated)
        self.exposure, self.restores = Chart(zone), Chart(zone)
        self.exposure_words = TextLabel("", "small").wrapping()
        self.restores_words = TextLabel("", "small").wrapping()
        self.calendar = DayCalendar()
        self.legend = Legend(self._entries())
        self.header.addWidget(TextLabel(self.tr("History"), "section"))
        self.header.addStretch()
        self.header.addWidget(self.profile)
        self.body.addLayout(self.header)
        exposed = self.tr("Worst exposure of each of the last {days} days").format(days=DAYS)
        restored = self.tr("Restores measured in {days} days").format(days=RESTORE_DAYS)
        self.body.addWidget(
            SideBySide(
                _part(exposed, self.exposure_words, self.exposure),
                _part(restored, self.restores_words, self.restores),
            )
        )
        self.body.addSpacing(Space.S)
        self.body.addWidget(TextLabel(self.tr("Day by day"), "strong"))
        self.body.addWidget(self.calendar)
        self.body.addWidget(self.legend)

    def show_profiles(self, profiles: Sequence[ProfileFigures], now: datetime) -> None:
        """Offer these; the chosen one stays chosen."""
        self._shown = (profiles, now)
        names = [p.profile_name for p in profiles]
        if names != [self.profile.itemText(n) for n in range(self.profile.count())]:
            chosen = self.profile.currentText()
            self.profile.clear()
            self.profile.addItems(names)
            self.profile.setCurrentIndex(max(0, names.index(chosen) if chosen in names else 0))
        self.profile.setVisible(len(names) > 1)
        self._draw()

    def choose(self, profile: str) -> None:
        """Show the history of a profile."""
        if (number := self.profile.findText(profile)) >= 0:
            self.profile.setCurrentIndex(number)
            self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        profiles, now = self._shown
        name = self.profile.currentText()
        found = next((p for p in profiles if p.profile_name == name), None)
        if found is None:
            return
        self.exposure.set_plot(rpo_plot(found, now, self._zone))
        self.restores.set_plot(restores_plot(found, now))
        self.exposure_words.setText(rpo_summary(found))
        self.restores_words.setText(restores_summary(found, now))
        today = now.astimezone(self._zone).date()
        self.calendar.set_days(day_words(found.days), today)

    def _entries(self) -> list[tuple[str, DrawKey]]:
        words = (
            (DayMark.PROVEN, self.tr("restored on trial")),
            (DayMark.UNPROVEN, self.tr("backed up, not proven")),
            (DayMark.FAILED, self.tr("failed")),
            (DayMark.NOTHING, self.tr("nothing")),
        )
        return [(word, mark_key(mark)) for mark, word in words]

    @Slot()
    def _on_profile_activated(self) -> None:
        self._draw()


def _part(title: str, words: TextLabel, chart: Chart) -> QWidget:
    """Put a chart below its title and what it says in a sentence."""
    ground = QWidget()
    column = QVBoxLayout(ground)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(TextLabel(title, "strong"))
    column.addWidget(words)
    column.addSpacing(Space.HALF)
    column.addWidget(chart, 1)
    return ground
