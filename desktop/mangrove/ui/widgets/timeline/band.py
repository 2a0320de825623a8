"""The last days of a timeline as one thin band: enough to see whether there is a gap."""

from datetime import timedelta, tzinfo

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.timeline.marks import StripMarks
from mangrove.ui.widgets.timeline.paint import LEAST_GAP, Rows, StripPainter
from mangrove.ui.widgets.timeline.scale import Scale
from mangrove.ui.widgets.timeline.words import exact_both
from mangrove.ui.wording import counted

_HEIGHT = Space.M


class TimelineBand(QWidget):
    """Draws bands and gaps without axis, backups or a chosen moment.

    Signals:
        moment_clicked: Unix seconds.
    """

    moment_clicked = Signal(float)

    def __init__(
        self, days: int, zone: tzinfo | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._marks, self._days, self._zone = StripMarks(), days, zone
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().changed.connect(self.update)

    def set_marks(self, marks: StripMarks) -> None:
        """Draw something else."""
        self._marks = marks
        self.setAccessibleName(self._summary())
        self.update()

    @property
    def scale(self) -> Scale:
        """The days that are shown."""
        length = timedelta(days=self._days).total_seconds()
        start = self._marks.now_s - length
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        whole = Scale(start, length, start, self._marks.now_s)
        return whole.sized(self.width(), is_mirrored=is_mirrored)

    def tip_at(self, x: float) -> str:
        """Return what a pointer resting there is told."""
        scale = self.scale
        moment = scale.moment_at(x)
        gap = self._marks.gaps.at(moment, LEAST_GAP / scale.second_width)
        if gap is not None:
            return self._marks.gaps.rows[gap].words
        band = self._marks.bands.at(moment)
        words = self._marks.bands.rows[band].words if band is not None else self.tr("Nothing kept")
        return f"{words}\n{exact_both(moment, self._zone)}"

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._days * Space.M, _HEIGHT)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line = QRectF(0, 0.5, self.width(), self.height() - 1)
        below = QRectF(0, self.height(), self.width(), 0)
        frame = StripPainter(painter, self.scale, Rows(line, line, line, line, below))
        frame.ground(self._marks)
        frame.bands(self._marks)
        frame.gaps(self._marks, None)
        painter.end()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.moment_clicked.emit(self.scale.moment_at(event.position().x()))

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            tip = self.tip_at(QPointF(event.pos()).x())
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def _summary(self) -> str:
        start = self._marks.now_s - timedelta(days=self._days).total_seconds()
        gaps = sum(1 for gap in self._marks.gaps.rows if gap.end_s > start)
        words = self.tr("Any second of the last {days} days, with {gaps}")
        return words.format(days=self._days, gaps=counted(gaps, self.tr("gap"), self.tr("gaps")))
