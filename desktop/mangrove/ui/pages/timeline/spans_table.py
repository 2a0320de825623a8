"""The windows and gaps of a timeline as a list, for those who read rather than look."""

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget
from typing_extensions import override

from mangrove.core.ports.clock import Clock
from mangrove.ui.models.spans_model import Span, SpanColumn, SpansModel
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.tables.row_table import choose_rows

_LENGTH = "119 min"
_WORDS = "Gap: no backup before it"


class SpansTable(QTableView):
    """One line each; choosing a line shows that stretch.

    Signals:
        span_chosen: A ``Span``.
    """

    span_chosen = Signal(object)

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spans = SpansModel(clock, self)
        self._dress()
        self.clicked.connect(self._on_row_meant)
        self.activated.connect(self._on_row_meant)

    def set_spans(self, spans: tuple[Span, ...]) -> None:
        """List these."""
        self.spans.set_rows(spans)

    def choose_gap(self, gap: int) -> None:
        """Mark the line of a gap; nothing is signalled."""
        row = self.spans.row_of_gap(gap)
        if row is not None:
            self.selectRow(row)

    def clear_choice(self) -> None:
        """Mark no line."""
        self.clearSelection()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let what can be restored be read: where it is narrow, the length gives up its place."""
        super().resizeEvent(event)
        metrics = QFontMetrics(theme().font())
        ends = self.columnWidth(SpanColumn.FROM) + self.columnWidth(SpanColumn.TO)
        length = metrics.horizontalAdvance(_LENGTH) + Space.L
        room = self.viewport().width() - ends - length
        is_narrow = room < metrics.horizontalAdvance(_WORDS) + Space.L
        if is_narrow != self.isColumnHidden(SpanColumn.LENGTH):
            self.setColumnHidden(SpanColumn.LENGTH, is_narrow)

    def _dress(self) -> None:
        self.setObjectName("timeline-spans")
        self.setAccessibleName(self.tr("Windows and gaps, newest first"))
        self.setModel(self.spans)
        choose_rows(self)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._fit()
        theme().changed.connect(self._fit)

    @Slot()
    def _fit(self) -> None:
        """Give rows and moments the room that the text wants."""
        metrics = QFontMetrics(theme().font())
        height = max(Size.TABLE_ROW, metrics.height() + Space.S)
        self.verticalHeader().setDefaultSectionSize(height)
        moment = metrics.horizontalAdvance("2026-11-23 23:59") + Space.L
        self.setColumnWidth(SpanColumn.FROM, moment + Size.ICON + Space.HALF)
        self.setColumnWidth(SpanColumn.TO, moment)
        self.setColumnWidth(SpanColumn.LENGTH, metrics.horizontalAdvance(_LENGTH) + Space.L)

    @Slot(QModelIndex)
    def _on_row_meant(self, index: QModelIndex) -> None:
        self.span_chosen.emit(self.spans.row_at(index.row()))
