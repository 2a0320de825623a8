"""A dense, sortable table of which one row is chosen: runs, jobs."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space


def choose_rows(table: QTableView) -> None:
    """Let one whole row of a table be chosen, and draw nothing that is not its content."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()


class RowTable(QTableView):
    """A table whose rows are chosen whole and whose last column takes the room that is left.

    Args:
        model: What is shown; sorted by a click on a heading.
        name: Under which its columns are remembered.
        title: What a screen reader calls it.
    """

    def __init__(
        self, model: QAbstractItemModel, name: str, title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setModel(model)
        self.setSortingEnabled(True)
        choose_rows(self)
        row_height = max(Size.TABLE_ROW, self.fontMetrics().height() + Space.S)
        self.verticalHeader().setDefaultSectionSize(row_height)
        header = self.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def fit(self, widest: Sequence[str], with_icon: int = 0) -> None:
        """Make columns as wide as their widest usual texts; one of them has an icon besides."""
        metrics = QFontMetrics(theme().font())
        for column, text in enumerate(widest):
            room = Size.ICON + Space.L if column == with_icon else Space.L
            self.setColumnWidth(column, metrics.horizontalAdvance(text) + room)
