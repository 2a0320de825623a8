"""How a schedule strip is laid out and painted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone, TypeScale
from mangrove.ui.widgets.charts.slots import Group, SlotKind, SlotRow
from mangrove.ui.widgets.timeline.axis import axis_marks
from mangrove.ui.widgets.timeline.axis_paint import DASH, AxisPainter
from mangrove.ui.widgets.timeline.scale import Scale

_SHAPE = 12
_ROW_ROOM = 10.0  # px above and below the words of a row, together
_LABEL_CHARS = 9
_LEAST_LATE = 6.0  # px; a shorter delay is not drawn as a way
_LEAST_TRACK = 0.45  # of the width; where names and notes leave less, the notes go


@dataclass(frozen=True, slots=True)
class SlotFrame:
    """One strip laid out.

    Attributes:
        track: Where time runs, over all rows.
        names, notes: The columns beside it.
        axis, context: The rows of time below it.
    """

    track: QRectF
    names: QRectF
    notes: QRectF
    axis: QRectF
    context: QRectF
    scale: Scale
    row_height: float

    @classmethod
    def of(
        cls,
        room: QRectF,
        beside: tuple[float, float],
        line: float,
        scale: Scale,
        *,
        is_mirrored: bool,
    ) -> "SlotFrame":
        """Lay out a strip: names so wide before the track, notes so wide behind it."""
        names, notes = beside
        if room.width() - names - notes < room.width() * _LEAST_TRACK:
            notes = 0.0
        wide = max(1.0, room.width() - names - notes)
        height = room.height() - 2 * line - DASH
        left = room.left() + (notes if is_mirrored else names)
        track = QRectF(left, room.top(), wide, height)
        names_left = track.right() if is_mirrored else room.left()
        notes_left = room.left() if is_mirrored else track.right()
        return cls(
            track=track,
            names=QRectF(names_left, room.top(), names, height),
            notes=QRectF(notes_left, room.top(), notes, height),
            axis=QRectF(left, track.bottom(), wide, line + DASH),
            context=QRectF(left, track.bottom() + line + DASH, wide, line),
            scale=scale.sized(wide, is_mirrored=is_mirrored),
            row_height=line + _ROW_ROOM,
        )

    @staticmethod
    def height_for(rows: int, line: float) -> float:
        """Return how high a strip of so many rows is."""
        return rows * (line + _ROW_ROOM) + 2 * line + DASH

    def middle(self, row: int) -> float:
        """Return the height at which a row's slots lie."""
        return self.track.top() + (row + 0.5) * self.row_height

    def row_at(self, y: float, rows: int) -> int | None:
        """Return the row at a height."""
        number = int((y - self.track.top()) // self.row_height)
        return number if 0 <= number < rows else None


def paint_slots(
    painter: QPainter,
    frame: SlotFrame,
    rows: Sequence[SlotRow],
    now_s: float,
    zone: tzinfo | None,
) -> None:
    """Draw everything but the cursor."""
    look = theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(look.font(TypeScale.SMALL))
    metrics = QFontMetricsF(painter.font())
    _future(painter, frame, now_s)
    for number, row in enumerate(rows):
        y = frame.middle(number)
        painter.setPen(QPen(look.colour("border"), 1))
        painter.drawLine(QPointF(frame.track.left(), y), QPointF(frame.track.right(), y))
        _beside(painter, frame.names, (y, frame.row_height), row.name, "text")
        if frame.notes.width():
            column = frame.notes.adjusted(Space.S, 0, 0, 0)
            _beside(painter, column, (y, frame.row_height), row.note, "text_muted")
        for group in row.groups(frame.scale):
            _group(painter, frame, group, y)
    most = max(1, int(frame.track.width() / (metrics.averageCharWidth() * _LABEL_CHARS)))
    painter.save()
    painter.translate(frame.track.left(), 0)
    marks = axis_marks(frame.scale.start_s, frame.scale.end_s, most, zone)
    AxisPainter(painter, frame.scale, frame.axis, frame.context, is_below=True).paint(marks)
    painter.restore()


def paint_kind(painter: QPainter, middle: QPointF, kind: SlotKind) -> None:
    """Draw one slot; also used for the legend."""
    look = theme()
    where = QRectF(middle.x() - _SHAPE / 2, middle.y() - _SHAPE / 2, _SHAPE, _SHAPE)
    if kind is SlotKind.COMING:
        painter.setPen(QPen(look.colour("text_faint"), 1.2, Qt.PenStyle.DotLine))
        painter.setBrush(look.colour("surface"))
        painter.drawEllipse(where.adjusted(1.5, 1.5, -1.5, -1.5))
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.colour("surface"))
    painter.drawEllipse(middle, _SHAPE * 0.65, _SHAPE * 0.65)
    if kind is SlotKind.MISSED:
        painter.setPen(QPen(look.colour("neutral"), 1, Qt.PenStyle.DotLine))
        painter.setBrush(look.colour("neutral_soft"))
        painter.drawRect(where.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QPen(look.tone(Tone.EXPOSED), 1.8))
        inner = where.adjusted(3, 3, -3, -3)
        painter.drawLine(QLineF(inner.topLeft(), inner.bottomRight()))
        painter.drawLine(QLineF(inner.topRight(), inner.bottomLeft()))
        return
    paint_state_shape(painter, where, kind.tone, look.tone(kind.tone))


def _future(painter: QPainter, frame: SlotFrame, now_s: float) -> None:
    """Draw the present, and what comes after it on a paler ground."""
    if not frame.scale.shows(now_s):
        return
    left, right = frame.scale.span(now_s, frame.scale.end_s)
    box = QRectF(frame.track.left() + left, frame.track.top(), right - left, frame.track.height())
    painter.fillRect(box.intersected(frame.track), theme().colour("raised"))
    x = frame.track.left() + frame.scale.x_of(now_s)
    painter.setPen(QPen(theme().colour("text_muted"), 1, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(x, frame.track.top()), QPointF(x, frame.track.bottom()))


def _group(painter: QPainter, frame: SlotFrame, group: Group, y: float) -> None:
    look, slots, left = theme(), group.slots, frame.track.left()
    if len(slots) > 1:
        ends = [left + frame.scale.x_of(slot.at_s) for slot in (slots[0], slots[-1])]
        pen = QPen(look.tone_soft(group.kind.tone), _SHAPE)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLine(QPointF(ends[0], y), QPointF(ends[1], y))
    middle = QPointF(left + group.x, y)
    begun = slots[0].begun_s
    if len(slots) == 1 and group.kind is SlotKind.LATE and begun is not None:
        middle = _late(painter, middle, left + frame.scale.x_of(begun))
    paint_kind(painter, middle, group.kind)


def _late(painter: QPainter, expected: QPointF, begun_x: float) -> QPointF:
    """Draw the way from where a run was expected to where it began; return the latter."""
    if abs(begun_x - expected.x()) < _LEAST_LATE:
        return expected
    paint_kind(painter, expected, SlotKind.COMING)
    begun = QPointF(begun_x, expected.y())
    painter.setPen(QPen(theme().tone(Tone.UNPROVEN), 1.5))
    painter.drawLine(expected, begun)
    return begun


def _beside(
    painter: QPainter, column: QRectF, row: tuple[float, float], words: str, colour: str
) -> None:
    middle, height = row
    place = QRectF(column.left(), middle - height / 2, column.width() - Space.S, height)
    shown = QFontMetricsF(painter.font()).elidedText(
        words, Qt.TextElideMode.ElideRight, place.width()
    )
    painter.setPen(theme().colour(colour))
    painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
