"""A value that may hold a word longer than its line: it breaks there, and copies unbroken."""

import math
import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget
from typing_extensions import override

from mangrove.ui.widgets.labels import TextLabel

_LEAST_CHARS = 10
_LONG_WORD = 18  # letters that find room in the narrowest column


class LongText(QTextEdit):
    """Reads like a label that can be selected; Tab leaves it."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "value")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptRichText(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setPlainText(text)

    def text(self) -> str:
        """Return what it says."""
        return self.toPlainText()

    @override
    def setText(self, text: str) -> None:
        self.setPlainText(text)
        self.setFixedHeight(self.heightForWidth(self.width()))

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        document = self.document().clone(self)
        document.setTextWidth(max(1, width))
        height = math.ceil(document.size().height())
        document.deleteLater()
        return height

    @override
    def sizeHint(self) -> QSize:
        width = self.width()
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        least = self.fontMetrics().averageCharWidth() * _LEAST_CHARS
        return QSize(least, self.heightForWidth(max(least, self.width())))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self.heightForWidth(self.width()))


def value_label(text: str, role: str = "body") -> TextLabel | LongText:
    """Make a value that can be selected; one with an endless word may break within it."""
    if max(map(len, re.split(r"[\s-]", text)), default=0) > _LONG_WORD:
        return LongText(text)
    return TextLabel(text, role).wrapping().selectable()
