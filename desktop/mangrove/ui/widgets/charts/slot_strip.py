"""The schedule strip: for each job, when it was expected to run and what came of it."""

import math
from collections.abc import Sequence
from datetime import tzinfo

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, TypeScale
from mangrove.ui.widgets.charts.slot_paint import SlotFrame, paint_slots
from mangrove.ui.widgets.charts.slots import APART, Group, SlotKind, SlotRow, counts
from mangrove.ui.widgets.telling import tell
from mangrove.ui.widgets.timeline.scale import Scale
from mangrove.ui.widgets.timeline.words import exact_both
from mangrove.ui.wording import counted

_NAMES = 0.3  # of the width at most, for names beside the tracks


class SlotStrip(QWidget):
    """Draws ``SlotRow``s under each other over one stretch of time.

    Up and Down go from job to job, Left and Right from slot to slot; Enter or a click tells which
    job is meant.

    Signals:
        row_activated: The ``key`` of a row.
    """

    row_activated = Signal(str)

    def __init__(self, zone: tzinfo | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zone = zone
        self._rows: tuple[SlotRow, ...] = ()
        self._scale = Scale(0.0, 1.0, 0.0, 1.0)
        self._now_s = 0.0
        self.place: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Schedule: expected and actual runs"))
        theme().changed.connect(self._on_theme_changed)

    def set_rows(self, rows: Sequence[SlotRow], start_s: float, end_s: float, now_s: float) -> None:
        """Show these jobs over a stretch of time."""
        self._rows, self._now_s = tuple(rows), now_s
        length = max(1.0, end_s - start_s)
        self._scale = Scale(start_s, length, start_s, start_s + length)
        self.place = None
        past = [slot for row in rows for slot in row.slots if slot.kind is not SlotKind.COMING]
        self.setAccessibleDescription(self._counted(counts(past)))
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> tuple[SlotRow, ...]:
        """The jobs that are shown."""
        return self._rows

    def words_at(self, at: QPoint) -> str:
        """Return what a pointer resting there is told."""
        found = self._place_at(at)
        if found is not None:
            return self._words(*found)
        row = self.frame().row_at(at.y(), len(self._rows))
        return self._row_words(row) if row is not None else ""

    def frame(self) -> SlotFrame:
        """Return where everything lies now."""
        metrics = QFontMetricsF(theme().font(TypeScale.SMALL))
        widest = max((metrics.horizontalAdvance(row.name) for row in self._rows), default=0.0)
        notes = max((metrics.horizontalAdvance(row.note) for row in self._rows), default=0.0)
        names = min(widest, self.width() * _NAMES) + Space.M
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        room = QRectF(self.rect()).adjusted(Space.HALF, 2, -Space.HALF, -2)
        return SlotFrame.of(
            room,
            (names, notes + Space.M if notes else 0.0),
            metrics.height(),
            self._scale,
            is_mirrored=is_mirrored,
        )

    # --- size and painting ---------------------------------------------------------------

    @override
    def sizeHint(self) -> QSize:
        line = QFontMetricsF(theme().font(TypeScale.SMALL)).height()
        return QSize(Space.XXL * 8, math.ceil(SlotFrame.height_for(len(self._rows), line)) + 4)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Space.XXL * 5, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_slots(painter, self.frame(), self._rows, self._now_s, self._zone)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("accent_text"), 1.5))
        if self.hasFocus() and self.place is not None:
            row, number = self.place
            group = self._groups(row)[number]
            middle = QPointF(self.frame().track.left() + group.x, self.frame().middle(row))
            painter.drawEllipse(middle, APART / 2, APART / 2)
        elif self.hasFocus():
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    # --- pointer and keyboard ------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words_at(event.pos()), self)
            return True
        return super().event(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        row = self.frame().row_at(at.y(), len(self._rows))
        leads = row is not None and self._rows[row].key
        self.setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self.frame().row_at(round(event.position().y()), len(self._rows))
        if event.button() is Qt.MouseButton.LeftButton and row is not None:
            self._activate(row)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.place = None
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._activate(self.place[0] if self.place else 0)
            return
        place = self._place_for(key)
        if place is None:
            super().keyPressEvent(event)
            return
        self.place = place
        frame, group = self.frame(), self._groups(place[0])[place[1]]
        at = QPoint(round(frame.track.left() + group.x), round(frame.middle(place[0])))
        tell(self, self._words(*place), at)
        self.update()

    def _place_for(self, key: Qt.Key) -> tuple[int, int] | None:
        filled = [n for n, row in enumerate(self._rows) if row.slots]
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        if not filled or key not in arrows:
            return None
        if self.place is None:
            return filled[0], self._newest_past(filled[0])
        row, number = self.place
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if key == Qt.Key.Key_Down else -1
            other = filled[min(len(filled) - 1, max(0, filled.index(row) + step))]
            x = self._groups(row)[number].x
            groups = self._groups(other)
            return other, min(range(len(groups)), key=lambda n: abs(groups[n].x - x))
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        step = 1 if (key == Qt.Key.Key_Right) is not is_mirrored else -1
        return row, min(len(self._groups(row)) - 1, max(0, number + step))

    def _newest_past(self, row: int) -> int:
        groups = self._groups(row)
        past = [n for n, group in enumerate(groups) if group.slots[0].at_s <= self._now_s]
        return past[-1] if past else 0

    def _groups(self, row: int) -> list[Group]:
        return self._rows[row].groups(self.frame().scale)

    def _place_at(self, at: QPoint) -> tuple[int, int] | None:
        frame = self.frame()
        row = frame.row_at(at.y(), len(self._rows))
        if row is None:
            return None
        x = at.x() - frame.track.left()
        groups = self._groups(row)
        near = min(range(len(groups)), key=lambda n: abs(groups[n].x - x), default=None)
        if near is None or abs(groups[near].x - x) > APART / 2 + 2:
            return None
        return row, near

    def _activate(self, row: int) -> None:
        if 0 <= row < len(self._rows) and self._rows[row].key:
            self.row_activated.emit(self._rows[row].key)

    # --- words ---------------------------------------------------------------------------

    def _words(self, row: int, number: int) -> str:
        group = self._groups(row)[number]
        name = self._rows[row].name
        if len(group.slots) > 1:
            first, last = group.slots[0].at_s, group.slots[-1].at_s
            span = f"{exact_both(first, self._zone)}\n{exact_both(last, self._zone)}"
            return f"{name}: {self._counted(counts(group.slots))}\n{span}"
        slot = group.slots[0]
        lines = [f"{name}: {self._kind_words(slot.kind)}"]
        lines += [slot.words] if slot.words else []
        lines.append(self.tr("Expected: {moment}").format(moment=exact_both(slot.at_s, self._zone)))
        if slot.begun_s is not None:
            begun = exact_both(slot.begun_s, self._zone)
            lines.append(self.tr("Begun: {moment}").format(moment=begun))
        return "\n".join(lines)

    def _row_words(self, row: int) -> str:
        found = self._rows[row]
        return "\n".join(filter(None, (found.name, found.note)))

    def _counted(self, found: list[tuple[SlotKind, int]]) -> str:
        total = sum(number for _, number in found)
        parts = ", ".join(f"{number} {self._kind_words(kind)}" for kind, number in found)
        times = counted(total, self.tr("time"), self.tr("times"))
        return f"{times}: {parts}" if found else times

    def _kind_words(self, kind: SlotKind) -> str:
        return {
            SlotKind.FAILED: self.tr("failed"),
            SlotKind.MISSED: self.tr("missed"),
            SlotKind.LATE: self.tr("late"),
            SlotKind.RUNNING: self.tr("running"),
            SlotKind.PAUSED: self.tr("paused"),
            SlotKind.ON_TIME: self.tr("on time"),
            SlotKind.COMING: self.tr("to come"),
        }[kind]

    @Slot()
    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()
