"""What the shapes on a timeline strip mean, drawn as the strip draws them, in lines that wrap."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone, TypeScale
from mangrove.ui.widgets.timeline.paint import StripPainter

_BOX, _HIGH, _SHAPE = 24, 12, 12


class StripLegend(QWidget):
    """Bands, gaps, absence, and the states of backups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = (
            self.tr("any second, proven"),
            self.tr("any second, not proven"),
            self.tr("gap"),
            self.tr("nothing kept"),
            self.tr("backup restored on trial"),
            self.tr("not yet"),
            self.tr("check failed"),
        )
        self.setAccessibleName(self.tr("Legend: {words}").format(words=", ".join(self._words)))
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme().changed.connect(self._on_theme_changed)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        return round(self._places(width)[-1].bottom()) + 1

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
        for number, (place, word) in enumerate(
            zip(self._places(self.width()), self._words, strict=True)
        ):
            left = self.width() - place.right() if is_mirrored else place.left()
            key_left = left + place.width() - _BOX if is_mirrored else left
            key = QRectF(key_left, place.center().y() - _HIGH / 2, _BOX, _HIGH)
            _draw_key(painter, key, number)
            words = QRectF(left, place.top(), place.width(), place.height())
            shift = _BOX + Space.S - 2
            words.adjust(0 if is_mirrored else shift, 0, -shift if is_mirrored else 0, 0)
            painter.setPen(theme().colour("text_muted"))
            align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(words, int(align), word)

    def _places(self, width: int) -> list[QRectF]:
        metrics = QFontMetricsF(theme().font(TypeScale.SMALL))
        height = metrics.height() + Space.HALF
        x, y, places = 0.0, 0.0, list[QRectF]()
        for word in self._words:
            wide = _BOX + Space.S + metrics.horizontalAdvance(word) + 2
            if x and x + wide > width:
                x, y = 0.0, y + height
            places.append(QRectF(x, y, wide, height))
            x += wide + Space.M
        return places

    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()


def _draw_key(painter: QPainter, key: QRectF, number: int) -> None:
    bands = (Tone.PROVEN, Tone.UNPROVEN)
    if number < len(bands):
        StripPainter.band_box(painter, key, bands[number])
    elif number == len(bands):
        StripPainter.gap_box(painter, key)
    elif number == len(bands) + 1:
        painter.setPen(QPen(theme().colour("border_strong"), 1, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(key, 3, 3)
    else:
        tone = (Tone.PROVEN, Tone.UNPROVEN, Tone.EXPOSED)[number - len(bands) - 2]
        shape = QRectF(key.center().x() - _SHAPE / 2, key.center().y() - _SHAPE / 2, _SHAPE, _SHAPE)
        paint_state_shape(painter, shape, tone, theme().tone(tone))
