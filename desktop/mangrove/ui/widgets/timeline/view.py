"""What a timeline strip shows and how it shows another stretch; pointing at it is in ``strip``."""

import math
from datetime import tzinfo

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, TypeScale
from mangrove.ui.widgets.telling import tell
from mangrove.ui.widgets.timeline.axis import AxisMark, axis_marks
from mangrove.ui.widgets.timeline.marks import StripMarks
from mangrove.ui.widgets.timeline.paint import Rows, StripPainter
from mangrove.ui.widgets.timeline.scale import Scale
from mangrove.ui.widgets.timeline.words import exact_local

_ZOOM = 0.8  # per notch of the wheel
_LABEL_ROOM = 96  # px for one label of the axis
_LABEL_CHARS = 11
_LEAST_S = 3600  # what is shown at first, however young everything is


class StripView(QWidget):
    """Draws ``StripMarks`` and a chosen moment.

    Signals:
        view_changed: Another stretch of time is shown.
    """

    view_changed = Signal()

    def __init__(self, zone: tzinfo | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zone = zone
        self._marks = StripMarks()
        self._scale = Scale.over(0.0, 1.0)
        self._chosen: float | None = None
        self._gap: int | None = None
        self._axis: list[AxisMark] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Timeline"))
        theme().changed.connect(self._on_theme_changed)

    # --- what it shows -------------------------------------------------------------------

    @property
    def scale(self) -> Scale:
        """The stretch that is shown."""
        return self._scale

    @property
    def marks(self) -> StripMarks:
        """What is drawn."""
        return self._marks

    @property
    def chosen_s(self) -> float | None:
        """The chosen moment."""
        return self._chosen

    def set_marks(self, marks: StripMarks, *, keep_view: bool = False) -> None:
        """Draw something else; show all of it, or the stretch that is shown already."""
        self._marks = marks
        self._gap = None
        whole = Scale.over(min(marks.first_s, marks.now_s - _LEAST_S), marks.now_s)
        if keep_view:
            self._show(self._scale.within(whole.low_s, whole.high_s))
        else:
            self._show(whole)

    def choose(self, moment_s: float | None) -> None:
        """Mark a moment and bring it into view; nothing is signalled."""
        self._chosen = moment_s
        if moment_s is not None:
            held = min(max(moment_s, self._scale.low_s), self._scale.high_s)
            self._show(self._scale.showing(held))
        self.update()

    def choose_gap(self, number: int | None) -> None:
        """Frame a gap and bring it into view; nothing is signalled."""
        self._gap = number
        if number is not None:
            self._show(self._scale.showing(self._marks.gaps.rows[number].start_s))
        self.update()

    def tell(self, words: str) -> None:
        """Say what the chosen moment means to whoever listens instead of looking."""
        tell(self, words)

    def show_all(self) -> None:
        """Show everything there is."""
        self._show(self._scale.zoomed(self._scale.start_s, 1e12))

    def show_last(self, length_s: float) -> None:
        """Show so much time up to the present."""
        self._show(self._scale.ending(self._marks.now_s, length_s))

    def show_stretch(self, start_s: float, end_s: float) -> None:
        """Show an interval with some room around it."""
        self._show(self._scale.fitted(start_s, end_s))

    def zoom(self, notches: float) -> None:
        """Come closer (or go further away), around the chosen moment if it is in view."""
        around = self._scale.start_s + self._scale.length_s / 2
        if self._chosen is not None and self._scale.shows(self._chosen):
            around = self._chosen
        self.zoom_around(around, notches)

    def zoom_around(self, moment_s: float, notches: float) -> None:
        """Come closer (or go further away), with one moment kept where it is."""
        self._show(self._scale.zoomed(moment_s, _ZOOM**notches))

    # --- size and painting ---------------------------------------------------------------

    @override
    def sizeHint(self) -> QSize:
        return QSize(Space.XXL * 12, math.ceil(self._rows().height) + 2 * Space.HALF)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Space.XXL * 4, self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show(self._scale)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.LayoutDirectionChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self._show(self._scale)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme().colour("accent_text"), 1.5))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        painter.translate(Space.HALF, Space.HALF)
        frame = StripPainter(painter, self._scale, self._rows())
        frame.ground(self._marks)
        frame.axis(self._axis)
        frame.bands(self._marks)
        frame.gaps(self._marks, self._gap)
        frame.ticks(self._marks)
        frame.now(self._marks.now_s, self.tr("now"))
        if self._chosen is not None:
            frame.chosen(self._chosen, exact_local(self._chosen, self._zone))
        painter.end()

    def _rows(self) -> Rows:
        line = QFontMetricsF(theme().font(TypeScale.SMALL)).height()
        return Rows.of(self._room(), line)

    def _room(self) -> float:
        return max(1.0, self.width() - 2.0 * Space.HALF)

    def _show(self, scale: Scale) -> None:
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        self._scale = scale.sized(self._room(), is_mirrored=is_mirrored)
        label = QFontMetricsF(theme().font(TypeScale.SMALL)).averageCharWidth() * _LABEL_CHARS
        most = int(self._room() / max(_LABEL_ROOM, label))
        self._axis = axis_marks(self._scale.start_s, self._scale.end_s, most, self._zone)
        self.view_changed.emit()
        self.update()

    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self._show(self._scale)
