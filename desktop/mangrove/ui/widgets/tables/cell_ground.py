"""The ground of a cell that a delegate draws itself: chosen, pointed at, or plain."""

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem


def paint_cell_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Draw what the style draws under the words of any cell."""
    option.widget.style().drawPrimitive(
        QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget
    )
