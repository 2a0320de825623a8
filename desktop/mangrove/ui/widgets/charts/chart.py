"""A chart over time: read with the pointer, or with the keyboard, or by ear."""

import math
from bisect import bisect_left, bisect_right
from datetime import tzinfo

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, TypeScale
from mangrove.ui.widgets.charts.amounts import Measure, amount_axis
from mangrove.ui.widgets.charts.frame import Frame
from mangrove.ui.widgets.charts.paint import ChartPainter, limit_label
from mangrove.ui.widgets.charts.plots import Plot, nearest_stop
from mangrove.ui.widgets.charts.words import moment_words, stop_words, table_text
from mangrove.ui.widgets.telling import tell
from mangrove.ui.widgets.timeline.axis import axis_marks
from mangrove.ui.widgets.timeline.scale import Scale

_REACH = 24.0  # px within which a pointer means a reading
_LINES, _MOST_LINES = 12, 20  # of text: how high a chart is
_MARK_LINES = 1.9  # of text between two labels of amounts
_MARK_CHARS = 7  # between two labels of time
_PAGE = 10  # of so many parts of what is shown, for Page Up and Page Down
_NOTHING = Plot("", "", Measure.COUNT, 0.0, 1.0)


class Chart(QWidget):
    """Draws a ``Plot``. Arrows, Home, End and the pointer go from reading to reading.

    Enter or a click tells what the reading stands for; Ctrl+C copies all as a table.

    Signals:
        reading_activated: The ``key`` of a reading.
    """

    reading_activated = Signal(str)

    def __init__(self, zone: tzinfo | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zone = zone
        self._plot = _NOTHING
        self.cursor_s: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        theme().changed.connect(self._on_theme_changed)
        self._limit_height()

    @property
    def plot(self) -> Plot:
        """What is drawn."""
        return self._plot

    def set_plot(self, plot: Plot) -> None:
        """Draw something else; the cursor stays if its moment still has a reading."""
        self._plot = plot
        if self.cursor_s not in plot.stops:
            self.cursor_s = None
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription(plot.summary)
        self.update()

    def words_at(self, at: QPoint) -> str:
        """Return what a pointer resting there is told."""
        frame = self._frame()
        if not frame.body.adjusted(-Space.S, -Space.S, Space.S, Space.S).contains(at):
            return ""
        moment = frame.moment_at(at.x())
        stop = nearest_stop(self._plot.stops, moment)
        if stop is not None and abs(frame.x(stop) - at.x()) <= _REACH:
            return stop_words(self._plot, stop, self._zone)
        absence = self._plot.absence_at(moment)
        if absence is None:
            return ""
        return f"{absence.words}\n{moment_words(self._plot, moment, self._zone)}"

    # --- size and painting ---------------------------------------------------------------

    @override
    def sizeHint(self) -> QSize:
        return QSize(Space.XXL * 8, math.ceil(_LINES * self._metrics().height()))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Space.XXL * 4, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame = self._frame()
        most = max(1, int(frame.body.width() / (self._metrics().averageCharWidth() * _MARK_CHARS)))
        scale = frame.scale
        frame_painter = ChartPainter(painter, frame, self._plot)
        frame_painter.paint(axis_marks(scale.start_s, scale.end_s, most, self._zone))
        if self.cursor_s is not None:
            frame_painter.cursor(self.cursor_s, has_focus=self.hasFocus())
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("accent_text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _frame(self) -> Frame:
        metrics, plot = self._metrics(), self._plot
        line = metrics.height()
        most = max(2, int((self.height() - 4 * line) / (line * _MARK_LINES)))
        amounts = amount_axis(plot.highest, plot.measure, most)
        gutter = max(metrics.horizontalAdvance(label) for label in amounts.labels) + Space.S
        names = [metrics.horizontalAdvance(limit_label(li, amounts)) for li in plot.limits]
        margin = max(names) + Space.M if names else 0.0
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        length = max(1.0, plot.end_s - plot.start_s)
        scale = Scale(plot.start_s, length, plot.start_s, plot.start_s + length)
        room = QRectF(self.rect()).adjusted(Space.HALF, 0, -Space.HALF, -Space.HALF)
        sized = scale.sized(1, is_mirrored=is_mirrored)
        return Frame.of(room, line, (gutter, margin), sized, amounts)

    def _limit_height(self) -> None:
        self.setMaximumHeight(math.ceil(_MOST_LINES * self._metrics().height()))

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(theme().font(TypeScale.SMALL))

    # --- pointer and keyboard ------------------------------------------------------------

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self._stand_at(self._stop_near(at))
        words = self.words_at(at)
        QToolTip.showText(event.globalPosition().toPoint(), words, self)
        self.setCursor(
            Qt.CursorShape.PointingHandCursor if self._key() else Qt.CursorShape.ArrowCursor
        )

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._stand_at(self._stop_near(event.position().toPoint()))
            self._activate()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._stand_at(None)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._stand_at(None)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(table_text(self._plot, self._zone))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._activate()
        elif (stop := self._stop_for(Qt.Key(event.key()))) is not None:
            self._stand_at(stop)
            self._show_words()
        else:
            super().keyPressEvent(event)

    def _stop_for(self, key: Qt.Key) -> float | None:
        stops = self._plot.stops
        if not stops:
            return None
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        later, earlier = Qt.Key.Key_Right, Qt.Key.Key_Left
        if is_mirrored:
            later, earlier = earlier, later
        at = self.cursor_s if self.cursor_s is not None else math.inf
        page = (self._plot.end_s - self._plot.start_s) / _PAGE
        last = len(stops) - 1
        if key == later:
            return stops[min(last, bisect_right(stops, at))]
        if key == earlier:
            return stops[max(0, bisect_left(stops, at) - 1)]
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            return stops[0 if key == Qt.Key.Key_Home else last]
        if key == Qt.Key.Key_PageUp:
            return nearest_stop(stops, min(at, stops[last]) - page)
        return nearest_stop(stops, at + page) if key == Qt.Key.Key_PageDown else None

    def _stop_near(self, at: QPoint) -> float | None:
        frame = self._frame()
        if not frame.body.adjusted(-Space.S, -Space.S, Space.S, Space.S).contains(at):
            return None
        stop = nearest_stop(self._plot.stops, frame.moment_at(at.x()))
        near = stop is not None and abs(frame.x(stop) - at.x()) <= _REACH
        return stop if near else None

    def _stand_at(self, stop: float | None) -> None:
        if stop != self.cursor_s:
            self.cursor_s = stop
            self.update()

    def _show_words(self) -> None:
        """Say where the cursor stands to whoever looks and to whoever listens."""
        if self.cursor_s is None:
            return
        words = stop_words(self._plot, self.cursor_s, self._zone)
        frame = self._frame()
        tell(self, words, QPoint(round(frame.x(self.cursor_s)) + Space.S, round(frame.body.top())))

    def _key(self) -> str:
        if self.cursor_s is None:
            return ""
        found = self._plot.readings_at(self.cursor_s)
        return next((reading.key for _, reading in found if reading.key), "")

    def _activate(self) -> None:
        if key := self._key():
            self.reading_activated.emit(key)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._limit_height()
        self.updateGeometry()
        self.update()
