"""The timeline strip: pointed at, zoomed and moved by wheel, mouse and keyboard."""

from datetime import tzinfo

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from typing_extensions import override

from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.timeline.keys import Deed, deed_of, stepped
from mangrove.ui.widgets.timeline.marks import Cluster
from mangrove.ui.widgets.timeline.paint import APART, LEAST_GAP
from mangrove.ui.widgets.timeline.scale import Scale, snapped
from mangrove.ui.widgets.timeline.view import StripView
from mangrove.ui.widgets.timeline.words import exact_both

_NOTCH = 120
_REACH = 6.0  # px within which a pointer means a thing
_PAGE = 0.8  # of what is shown
_SIDE = 0.1  # of what is shown, per notch of the wheel
_CLOSER = 6.0  # notches of a double click


class TimelineStrip(StripView):
    """Lets a person point at a moment.

    Wheel and +/- zoom, dragging pans, 0 shows all. Arrows step a second, with Shift a minute, with
    Ctrl an hour, with both a day; up and down go to the next backup, Home and End to the oldest
    and newest moment that can be had, Page Up and Page Down a screen back and forth.

    Signals:
        moment_chosen: Unix seconds, a whole number of them.
        tick_chosen: Which tick, by its place among the ticks.
        gap_chosen: Which gap, by its place among the gaps.
    """

    moment_chosen = Signal(float)
    tick_chosen = Signal(int)
    gap_chosen = Signal(int)

    def __init__(self, zone: tzinfo | None = None, parent: QWidget | None = None) -> None:
        super().__init__(zone, parent)
        self._pressed: QPointF | None = None
        self._drag_start: Scale | None = None
        self._moves_cursor = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    # --- keyboard ------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        wish = deed_of(event.key(), event.modifiers(), is_mirrored=self._scale.is_mirrored)
        if wish is None:
            super().keyPressEvent(event)
            return
        at = self._start_of_steps()
        match wish.deed:
            case Deed.STEP:
                self._pick(stepped(at, wish.unit, wish.direction, self._zone))
            case Deed.PAGE:
                self._pick(at + wish.direction * self._scale.length_s * _PAGE)
            case Deed.EDGE:
                self._pick(self._edge(wish.direction))
            case Deed.TICK:
                self._pick_tick(self._marks.ticks.next_to(at, wish.direction))
            case Deed.ZOOM:
                self.zoom(2.0 * wish.direction)
            case Deed.ALL:
                self.show_all()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def _start_of_steps(self) -> float:
        if self._chosen is not None:
            return self._chosen
        return self._edge(1)

    def _edge(self, direction: int) -> float:
        """Return the oldest or newest moment that can be had."""
        bands, ticks = self._marks.bands.rows, self._marks.ticks.rows
        if direction > 0:
            newest = (*(b.end_s for b in bands[-1:]), *(t.at_s for t in ticks[-1:]))
            return max(newest, default=self._marks.now_s)
        oldest = (*(b.start_s for b in bands[:1]), *(t.at_s for t in ticks[:1]))
        return min(oldest, default=self._marks.first_s)

    def _pick(self, moment_s: float | None) -> None:
        """Choose a moment as a person does: to the second, within what can be shown."""
        if moment_s is None:
            return
        held = min(max(moment_s, self._marks.first_s - 1), self._marks.now_s)
        self._chosen = float(round(held))
        self._gap = None
        self._show(self._scale.showing(self._chosen))
        self.tell(exact_both(self._chosen, self._zone))
        self.moment_chosen.emit(self._chosen)

    def _pick_tick(self, number: int | None) -> None:
        if number is None:
            return
        tick = self._marks.ticks.rows[number]
        self.choose_gap(None)
        self.choose(tick.at_s)
        self.tell(f"{tick.words}\n{exact_both(tick.at_s, self._zone)}")
        self.tick_chosen.emit(number)

    # --- mouse ---------------------------------------------------------------------------

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        is_sideways = abs(turned.x()) > abs(turned.y())
        if is_sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            notches = (turned.x() or turned.y()) / _NOTCH
            way = 1 if self._scale.is_mirrored else -1
            self._show(self._scale.panned(way * notches * self._scale.length_s * _SIDE))
        else:
            around = self._scale.moment_at(self._x(event.position()))
            self.zoom_around(around, turned.y() / _NOTCH)
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._pressed = event.position()
        self._drag_start = None
        self._moves_cursor = self._is_on_cursor(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            self._show_pointer(at)
            return
        if self._moves_cursor:
            self._pick(snapped(self._scale, self._x(at), self._marks.edges(self._scale), _REACH))
            return
        far = abs(at.x() - self._pressed.x())
        if self._drag_start is None and far >= QApplication.startDragDistance():
            self._drag_start = self._scale
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._drag_start is not None:
            way = 1 if self._scale.is_mirrored else -1
            moved = (at.x() - self._pressed.x()) / self._drag_start.second_width
            self._show(self._drag_start.panned(way * moved))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_click = self._pressed is not None and self._drag_start is None
        moved_cursor = self._moves_cursor
        self._pressed, self._drag_start, self._moves_cursor = None, None, False
        self._show_pointer(event.position())
        if event.button() is Qt.MouseButton.LeftButton and was_click and not moved_cursor:
            self._click(event.position())

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Come closer to where one clicks twice."""
        self.zoom_around(self._scale.moment_at(self._x(event.position())), _CLOSER)

    def _click(self, at: QPointF) -> None:
        cluster = self._cluster_at(at)
        if cluster is not None and cluster.number > 1:
            rows = self._marks.ticks.rows
            self._show(self._scale.fitted(rows[cluster.first].at_s, rows[cluster.last].at_s))
        elif cluster is not None:
            self._pick_tick(cluster.first)
        elif (gap := self._gap_at(at)) is not None:
            self._gap = gap
            self.tell(self._marks.gaps.rows[gap].words)
            self.update()
            self.gap_chosen.emit(gap)
        else:
            self._pick(snapped(self._scale, self._x(at), self._marks.edges(self._scale), _REACH))

    def _show_pointer(self, at: QPointF) -> None:
        if self._is_on_cursor(at):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._cluster_at(at) is not None or self._gap_at(at) is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.unsetCursor()

    def _x(self, at: QPointF) -> float:
        return at.x() - Space.HALF

    def _is_on_cursor(self, at: QPointF) -> bool:
        if self._chosen is None or not self._scale.shows(self._chosen):
            return False
        return abs(self._scale.x_of(self._chosen) - self._x(at)) <= _REACH

    def _cluster_at(self, at: QPointF) -> Cluster | None:
        if at.y() - Space.HALF < self._rows().ticks.top():
            return None
        found = self._marks.ticks.clusters(self._scale, APART)
        near = min(found, key=lambda c: abs(c.x - self._x(at)), default=None)
        return near if near is not None and abs(near.x - self._x(at)) <= APART / 2 else None

    def _gap_at(self, at: QPointF) -> int | None:
        band = self._rows().band
        if not band.top() <= at.y() - Space.HALF <= band.bottom():
            return None
        reach_s = LEAST_GAP / self._scale.second_width
        return self._marks.gaps.at(self._scale.moment_at(self._x(at)), reach_s)

    # --- tips ----------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, at: QPointF) -> str:
        """Return what a pointer resting there is told: what is there, in local time and UTC."""
        cluster = self._cluster_at(at)
        if cluster is not None:
            return self._cluster_words(cluster)
        gap = self._gap_at(at)
        if gap is not None:
            return self._marks.gaps.rows[gap].words
        moment = self._scale.moment_at(self._x(at))
        clock = exact_both(moment, self._zone)
        band = self._marks.bands.at(moment)
        words = self._marks.bands.rows[band].words if band is not None else ""
        return f"{words}\n{clock}" if words else clock

    def _cluster_words(self, cluster: Cluster) -> str:
        first = self._marks.ticks.rows[cluster.first]
        if cluster.number == 1:
            return f"{first.words}\n{exact_both(first.at_s, self._zone)}"
        words = self.tr("{count} backups; click to look closer")
        return words.format(count=cluster.number)
