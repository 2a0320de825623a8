"""Saying where a cursor stands: beside it for whoever looks, and as news for whoever listens."""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QToolTip, QWidget


def tell(widget: QWidget, words: str, at: QPoint | None = None) -> None:
    """Describe a widget anew; a place within it shows the words there too."""
    if words != widget.accessibleDescription():
        widget.setAccessibleDescription(words)
        event = QAccessibleEvent(widget, QAccessible.Event.DescriptionChanged)
        QAccessible.updateAccessibility(event)
    if at is not None:
        QToolTip.showText(widget.mapToGlobal(at), words, widget)
