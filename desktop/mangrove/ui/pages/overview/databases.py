"""The databases of one profile: at a glance in a line, and one by one in a grid; worst first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget
from typing_extensions import override

from mangrove.core.figures.answer import DatabaseFigures
from mangrove.ui import text
from mangrove.ui.figure_words import target_words
from mangrove.ui.pages.overview.words import evidence_words
from mangrove.ui.run_words import light_tone, light_word
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.legend import Legend, shape_key
from mangrove.ui.widgets.state_mark import StateMark

_IN_LINE = 6
_IN_GRID = 40
_COLUMNS = 6


class DatabaseLine(Legend):
    """Each database with its state and what it would lose."""

    def show_databases(self, databases: Sequence[DatabaseFigures]) -> None:
        """Draw these instead."""
        entries = [
            (f"{d.name} {self._loss(d)}", shape_key(light_tone(d.light)))
            for d in databases[:_IN_LINE]
        ]
        if (more := len(databases) - _IN_LINE) > 0:
            words = self.tr("and {count} more").format(count=text.count(more))
            entries.append((words, shape_key(Tone.NEUTRAL)))
        self.set_entries(entries)
        told = (f"{d.name}: {light_word(d.light)}, {self._loss(d)}" for d in databases[:_IN_LINE])
        self.setAccessibleName("; ".join(told))

    def _loss(self, database: DatabaseFigures) -> str:
        exposure = database.exposure
        if exposure.is_unprotected:
            return self.tr("everything")
        return text.brief_duration(exposure.age)


class DatabaseGrid(QWidget):
    """A row of figures for each database."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(Space.M)
        self._grid.setVerticalSpacing(Space.HALF)
        self._grid.setColumnStretch(1, 1)
        self._held: tuple[Sequence[DatabaseFigures], datetime] | None = None

    def show_databases(self, databases: Sequence[DatabaseFigures], now: datetime) -> None:
        """List these instead; built only while somebody looks."""
        self._held = (databases, now)
        if self.isVisible():
            self._build()

    def texts(self) -> list[str]:
        """Return what stands in the grid, in reading order."""
        return [label.text() for label in self.findChildren(TextLabel)]

    def _build(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        if self._held is None:
            return
        databases, now = self._held
        for column, name in enumerate(self._headings(), start=1):
            self._grid.addWidget(TextLabel(name, "small"), 0, column)
        for row, database in enumerate(databases[:_IN_GRID], start=1):
            mark = StateMark(light_tone(database.light))
            mark.setToolTip(light_word(database.light))
            self._grid.addWidget(mark, row, 0)
            for column, (words, tip) in enumerate(self._cells(database, now), start=1):
                label = TextLabel(words)
                label.setToolTip(tip)
                self._grid.addWidget(label, row, column)
        if (more := len(databases) - _IN_GRID) > 0:
            words = self.tr("and {count} more, none of them worse")
            label = TextLabel(words.format(count=text.count(more)), "muted")
            self._grid.addWidget(label, _IN_GRID + 1, 1, 1, _COLUMNS)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._build()

    def _headings(self) -> tuple[str, ...]:
        return (
            self.tr("Database"),
            self.tr("Lose at most"),
            self.tr("Objective"),
            self.tr("Back in"),
            self.tr("Restored on trial"),
            self.tr("Collections backed up"),
        )

    def _cells(self, item: DatabaseFigures, now: datetime) -> tuple[tuple[str, str], ...]:
        exposure, proof = item.exposure, item.freshness.proof
        expected = item.restore.expected
        at = text.moment(exposure.data_at, now).tooltip if exposure.data_at else ""
        lost = self.tr("everything") if exposure.is_unprotected else _rough(exposure.age)
        return (
            (item.name, light_word(item.light)),
            (lost, at),
            (_rough(item.target.age), target_words(item.target)),
            (
                _rough(expected) if expected is not None else self.tr("unknown"),
                evidence_words(item.restore, now),
            ),
            (
                text.ago(proof.finished_at, now) if proof else self.tr("never"),
                text.moment(proof.finished_at, now).tooltip if proof else "",
            ),
            (self._covered(item), ""),
        )

    def _covered(self, item: DatabaseFigures) -> str:
        if item.covered is None:
            return self.tr("all") if item.total is None else f"{item.total} / {item.total}"
        total = text.count(item.total) if item.total is not None else "?"
        return f"{text.count(item.covered)} / {total}"


def _rough(length: timedelta) -> str:
    return text.brief_duration(length)
