"""A box of choices that shortens a long one where it has no room, and shows it whole in its tip."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QToolTip
from typing_extensions import override

from mangrove.ui.theme.tokens import Space


class ChoiceBox(QComboBox):
    """A combo box whose words never end in half a letter.

    With a style sheet Qt cuts them at the edge (Qt 6.11); ``test_choice_box`` tells when not.
    """

    @override
    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        if not self.isEditable():
            option.currentText = self._shown(option)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            option = QStyleOptionComboBox()
            super().initStyleOption(option)
            if not self.toolTip() and self._shown(option) != self.currentText():
                QToolTip.showText(event.globalPos(), self.currentText(), self)
                return True
        return super().event(event)

    def _shown(self, option: QStyleOptionComboBox) -> str:
        inside = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        has_icon = not self.itemIcon(self.currentIndex()).isNull()
        room = inside.width() - (self.iconSize().width() + Space.HALF if has_icon else 0)
        return self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, max(0, room)
        )
