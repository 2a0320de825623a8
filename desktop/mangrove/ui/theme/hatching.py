"""Diagonal lines over a shape, so that a colour is not the only difference."""

from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen


def hatch(painter: QPainter, shape: QPainterPath, pen: QPen, step: float = 6.0) -> None:
    """Draw the lines by hand, so that they look the same at any scale."""
    box = shape.boundingRect()
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.setPen(pen)
    x = box.left() - box.left() % step - box.height()
    lines = []
    while x < box.right():
        lines.append(QLineF(x, box.bottom(), x + box.height(), box.top()))
        x += step
    painter.drawLines(lines)
    painter.restore()
