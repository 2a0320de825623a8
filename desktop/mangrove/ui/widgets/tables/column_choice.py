"""Lets a person choose the columns of a table, in its context menu."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QTableView
from typing_extensions import override


class ColumnChoice(QObject):
    """One checkable action per column; the first column always stays."""

    def __init__(self, table: QTableView, hidden: Iterable[int] = ()) -> None:
        super().__init__(table)
        self._table = table
        columns = range(1, table.model().columnCount())
        self.actions = tuple(self._action(column) for column in columns)
        for column in hidden:
            table.hideColumn(column)
        table.installEventFilter(self)
        self._sync()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ContextMenu:
            self._sync()  # the columns of last time were brought back meanwhile
        return super().eventFilter(watched, event)

    def _sync(self) -> None:
        for action in self.actions:
            action.setChecked(not self._table.isColumnHidden(action.data()))

    def _action(self, column: int) -> QAction:
        title = self._table.model().headerData(column, Qt.Orientation.Horizontal)
        action = QAction(self.tr("Column: {title}").format(title=title), self._table)
        action.setCheckable(True)
        action.setData(column)
        action.triggered.connect(
            lambda is_shown, column=column: self._table.setColumnHidden(column, not is_shown)
        )
        self._table.addAction(action)
        return action
