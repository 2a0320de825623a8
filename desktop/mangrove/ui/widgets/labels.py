"""Labels of the type scale, and one that shortens what does not fit."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.long_words import breakable, unbroken

_ELLIPSIS_ROOM = 6


class TextLabel(QLabel):
    """A plain label of one role: headline, title, section, figure, strong, muted, small, error.

    One that wraps breaks endless words too, such as names of 200 letters; ``text`` and what is
    copied have no trace of that.
    """

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def wrapping(self) -> "TextLabel":
        """Let the text break into lines; returns the label itself."""
        self.setWordWrap(True)
        self.setText(self.text())
        return self

    def selectable(self) -> "TextLabel":
        """Let the text be selected and copied; returns the label itself."""
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        return self

    @override
    def setText(self, text: str) -> None:
        super().setText(breakable(text) if self.wordWrap() else text)

    @override
    def text(self) -> str:
        return unbroken(super().text())

    @override
    def selectedText(self) -> str:
        return unbroken(super().selectedText())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.hasSelectedText():
            QGuiApplication.clipboard().setText(self.selectedText())
            return
        super().keyPressEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy what was shown broken as it is; else what every label offers."""
        if super().text() == self.text() or not self.hasSelectedText():
            super().contextMenuEvent(event)
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = self.selectedText()
        menu.addAction(self.tr("&Copy"), lambda: QGuiApplication.clipboard().setText(words))
        menu.popup(event.globalPos())


class SectionTitle(TextLabel):
    """The title of a section."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, "section", parent)


class ElidedLabel(TextLabel):
    """A single line that is shortened to its width; the whole text is in the tooltip."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, role, parent)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def is_elided(self) -> bool:
        """Whether something is hidden now."""
        return self._shown() != self.text()

    @override
    def minimumSizeHint(self) -> QSize:
        room = QFontMetrics(self.font()).averageCharWidth() * _ELLIPSIS_ROOM
        return QSize(
            min(room, super().minimumSizeHint().width()), super().minimumSizeHint().height()
        )

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setToolTip(self.text() if self.is_elided else "")

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(self.alignment().value), self._shown())

    def _shown(self) -> str:
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(self.text(), self._mode, self.contentsRect().width())
