"""Cells whose text gives up its middle when there is no room: both ends of a name tell it apart."""

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)
from typing_extensions import override


class MiddleElided(QStyledItemDelegate):
    """Elides in the middle; the tool tip says the whole where the model has none and it is cut."""

    @override
    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle

    @override
    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        is_tip = event.type() == QEvent.Type.ToolTip
        words = str(index.data() or "")
        if is_tip and not index.data(Qt.ItemDataRole.ToolTipRole) and self.is_cut(option, index):
            QToolTip.showText(event.globalPos(), words, view)
            return True
        return super().helpEvent(event, view, option, index)

    def is_cut(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> bool:
        """Whether a cell has less room than its text wants."""
        return self.sizeHint(option, index).width() > option.rect.width()
