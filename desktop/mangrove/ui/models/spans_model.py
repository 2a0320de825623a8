"""Item model of the timeline's list: windows and gaps, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mangrove.core.ports.clock import Clock
from mangrove.ui import text
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone

AnyIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
_SHORT_S = 600


@dataclass(frozen=True, slots=True)
class Span:
    """One line of the list: a window, or a gap.

    Units: Unix seconds.

    Attributes:
        words: What it is, in a few words; ``sentence`` says it in full.
        gap: Which gap it is, by its place among the timeline's gaps; None for a window.
        is_open: Whether a gap goes on until now.
        keeper: Who keeps a window, if not we ourselves.
        tone: How well a window is proven.
    """

    start_s: float
    end_s: float
    words: str
    sentence: str = ""
    gap: int | None = None
    is_open: bool = False
    keeper: str = ""
    tone: Tone = Tone.UNPROVEN


class SpanColumn(IntEnum):
    """The columns."""

    FROM = 0
    TO = 1
    LENGTH = 2
    WHAT = 3


class SpansModel(QAbstractTableModel):
    """Shows spans as they come."""

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._rows: Sequence[Span] = ()

    def set_rows(self, rows: Sequence[Span]) -> None:
        """Show these spans instead."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row_at(self, row: int) -> Span:
        """Return one line."""
        return self._rows[row]

    def row_of_gap(self, gap: int) -> int | None:
        """Return where a gap stands."""
        return next((n for n, span in enumerate(self._rows) if span.gap == gap), None)

    @override
    def rowCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(SpanColumn)

    @override
    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = SpanColumn(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            SpanColumn.FROM: self.tr("From"),
            SpanColumn.TO: self.tr("To"),
            SpanColumn.LENGTH: self.tr("Length"),
            SpanColumn.WHAT: self.tr("What can be restored"),
        }[column]

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        span, column = self._rows[index.row()], SpanColumn(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._words(span, column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(span, column)
            case Qt.ItemDataRole.DecorationRole if column is SpanColumn.FROM:
                return state_icon(span.tone if span.gap is None else Tone.EXPOSED)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _:
                return None

    def _words(self, span: Span, column: SpanColumn) -> str:
        match column:
            case SpanColumn.FROM:
                return self._shown(span, span.start_s)
            case SpanColumn.TO:
                return self.tr("now") if span.is_open else self._shown(span, span.end_s)
            case SpanColumn.LENGTH:
                return text.rough_duration(timedelta(seconds=span.end_s - span.start_s))
            case SpanColumn.WHAT:
                return span.words

    def _tip(self, span: Span, column: SpanColumn) -> str:
        if column is SpanColumn.FROM:
            return self._moment(span.start_s).tooltip
        return (
            self._moment(span.end_s).tooltip
            if column is SpanColumn.TO
            else span.sentence or span.words
        )

    def _shown(self, span: Span, at_s: float) -> str:
        """Write a moment; of a short span to the second, or both ends would look the same."""
        shown = self._moment(at_s).text
        is_short = span.end_s - span.start_s < _SHORT_S
        return f"{shown}:{round(at_s) % 60:02d}" if is_short else shown

    def _moment(self, at_s: float) -> text.Moment:
        return text.moment(datetime.fromtimestamp(at_s, UTC), self._clock.now())


def _alignment(column: SpanColumn) -> Qt.AlignmentFlag:
    side = (
        Qt.AlignmentFlag.AlignRight if column is SpanColumn.LENGTH else Qt.AlignmentFlag.AlignLeft
    )
    return side | Qt.AlignmentFlag.AlignVCenter
