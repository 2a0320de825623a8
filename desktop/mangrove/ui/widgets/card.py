"""Grounds that hold things together: a card with a title, and a scrolled column of them."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.labels import SectionTitle


class Card(QFrame):
    """A framed ground with an optional title line.

    Attributes:
        header: The title's row; add a badge or buttons to it.
        body: Where the content goes.
    """

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.M, Space.M, Space.M, Space.M)
        outer.setSpacing(Space.S + Space.HALF)
        self.header = QHBoxLayout()
        self.header.setSpacing(Space.S)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.S)
        if title:
            self.header.addWidget(SectionTitle(title))
            self.header.addStretch()
            outer.addLayout(self.header)
        outer.addLayout(self.body)

    def set_tone(self, tone: Tone) -> None:
        """Mark the card's edge with a state."""
        self.setProperty("tone", tone.value)
        self.style().unpolish(self)
        self.style().polish(self)


class ScrolledColumn(QScrollArea):
    """A column that scrolls when the page is too short.

    Attributes:
        column: Where the content goes.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.M)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.viewport().setAutoFillBackground(False)
        inner.installEventFilter(self)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(0)
        self._settling.timeout.connect(self._give_room)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_room()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._give_room()
            # What lies deeper is laid out only after this event, and may come out higher.
            self._settling.start()
        return super().eventFilter(watched, event)

    @Slot()
    def _give_room(self) -> None:
        """Scroll rather than squeeze: Qt asks nobody how high lines are that break at this width.

        Source: Qt documentation, QScrollArea, "Size Hints and Layouts": with a resizable widget
        only its minimum size counts, and that knows no height for a width.
        """
        inner, column = self.widget(), self.column
        if inner is None or not column.hasHeightForWidth():
            return
        needed = column.minimumHeightForWidth(self.viewport().width())
        if inner.minimumHeight() != needed:
            inner.setMinimumHeight(needed)


class Line(QFrame):
    """A thin horizontal line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "line")


def clear_layout(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Remove and delete everything in a layout, nested layouts included."""
    while (item := layout.takeAt(0)) is not None:
        widget, nested = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif isinstance(nested, QVBoxLayout | QHBoxLayout):
            clear_layout(nested)
