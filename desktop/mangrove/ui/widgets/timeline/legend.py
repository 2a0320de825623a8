"""What the shapes on a timeline strip mean, drawn as the strip draws them."""

from functools import partial

from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.legend import Legend, shape_key
from mangrove.ui.widgets.timeline.paint import StripPainter


class StripLegend(Legend):
    """Bands, gaps, absence, and the states of backups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        entries = (
            (_tr("any second, proven"), partial(StripPainter.band_box, tone=Tone.PROVEN)),
            (_tr("any second, not proven"), partial(StripPainter.band_box, tone=Tone.UNPROVEN)),
            (_tr("gap"), StripPainter.gap_box),
            (_tr("nothing kept"), _draw_nothing),
            (_tr("backup restored on trial"), shape_key(Tone.PROVEN)),
            (_tr("not yet"), shape_key(Tone.UNPROVEN)),
            (_tr("check failed"), shape_key(Tone.EXPOSED)),
        )
        super().__init__(entries, parent)


def _draw_nothing(painter: QPainter, key: QRectF) -> None:
    painter.setPen(QPen(theme().colour("border_strong"), 1, Qt.PenStyle.DotLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(key, 3, 3)


def _tr(text: str) -> str:
    return QCoreApplication.translate("StripLegend", text)
