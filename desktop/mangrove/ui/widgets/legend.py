"""What shapes mean: each with its word, in lines that wrap."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone, TypeScale

_BOX, _HIGH, _SHAPE = 24, 12, 12

DrawKey = Callable[[QPainter, QRectF], None]
"""Draws one shape as it is drawn elsewhere, into a box."""


class Legend(QWidget):
    """Shapes with their words."""

    def __init__(
        self, entries: Sequence[tuple[str, DrawKey]] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._entries: tuple[tuple[str, DrawKey], ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_entries(entries)
        theme().changed.connect(self._on_theme_changed)

    def set_entries(self, entries: Sequence[tuple[str, DrawKey]]) -> None:
        """Explain other shapes."""
        self._entries = tuple(entries)
        words = ", ".join(word for word, _ in self._entries)
        self.setAccessibleName(self.tr("Legend: {words}").format(words=words))
        self._on_theme_changed()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return round(places[-1].bottom()) + 1 if places else 0

    @override
    def sizeHint(self) -> QSize:
        width = self.width() or Space.XXL
        return QSize(width, self.heightForWidth(width))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font(TypeScale.SMALL))
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        for place, (word, draw) in zip(self._places(self.width()), self._entries, strict=True):
            left = self.width() - place.right() if is_mirrored else place.left()
            key_left = left + place.width() - _BOX if is_mirrored else left
            draw(painter, QRectF(key_left, place.center().y() - _HIGH / 2, _BOX, _HIGH))
            words = QRectF(left, place.top(), place.width(), place.height())
            shift = _BOX + Space.S - 2
            words.adjust(0 if is_mirrored else shift, 0, -shift if is_mirrored else 0, 0)
            painter.setPen(theme().colour("text_muted"))
            align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(words, int(align), word)
        painter.end()

    def _places(self, width: int) -> list[QRectF]:
        metrics = QFontMetricsF(theme().font(TypeScale.SMALL))
        height = metrics.height() + Space.HALF
        x, y, places = 0.0, 0.0, list[QRectF]()
        for word, _ in self._entries:
            wide = _BOX + Space.S + metrics.horizontalAdvance(word) + 2
            if x and x + wide > width:
                x, y = 0.0, y + height
            places.append(QRectF(x, y, wide, height))
            x += wide + Space.M
        return places

    @Slot()
    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()


def shape_key(tone: Tone) -> DrawKey:
    """Return what draws the shape of a state."""

    def draw(painter: QPainter, key: QRectF) -> None:
        middle = key.center()
        shape = QRectF(middle.x() - _SHAPE / 2, middle.y() - _SHAPE / 2, _SHAPE, _SHAPE)
        paint_state_shape(painter, shape, tone, theme().tone(tone))

    return draw
