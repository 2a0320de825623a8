"""What a run could not bring over: each loss with its reason and the documents concerned."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from mangrove.core.run import Loss
from mangrove.ui import text
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone


class LossList(QTreeWidget):
    """Losses as rows, their document ids below them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(3)
        self.setHeaderLabels([self.tr("Lost"), self.tr("Documents"), self.tr("Why")])
        self.headerItem().setTextAlignment(
            1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self.setAccessibleName(self.tr("Losses"))
        self.setUniformRowHeights(True)

    def set_losses(self, losses: Sequence[Loss]) -> None:
        """Show these losses instead."""
        self.clear()
        for loss in losses:
            item = QTreeWidgetItem([loss.subject, _count(loss), loss.reason])
            item.setIcon(0, state_icon(Tone.EXPOSED))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(2, loss.reason)
            for name in loss.ids:
                item.addChild(QTreeWidgetItem([name]))
            self.addTopLevelItem(item)
        for column in range(2):
            self.resizeColumnToContents(column)


def _count(loss: Loss) -> str:
    return text.count(loss.count) if loss.count else ""
