"""How a chart is painted: grid, absences, areas with what breaches a limit, lines, dots."""

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from mangrove.ui.theme.hatching import hatch
from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone, TypeScale
from mangrove.ui.widgets.charts.amounts import AmountAxis
from mangrove.ui.widgets.charts.frame import Frame
from mangrove.ui.widgets.charts.plots import Limit, Look, Plot, Reading, Trace, thinned
from mangrove.ui.widgets.timeline.axis import AxisMark
from mangrove.ui.widgets.timeline.axis_paint import AxisPainter, paint_words

DOT = 10
_PALEST = 0.25  # of the accent, in the topmost of several areas
_LINE = 2.0
_VEIL = 0.85  # behind the name of a limit
_LOW = 0.72  # of the plot's height: words on an absence stand clear of most limits


class ChartPainter:
    """Paints one frame of one plot."""

    def __init__(self, painter: QPainter, frame: Frame, plot: Plot) -> None:
        self._painter, self._frame, self._plot = painter, frame, plot
        self._look = theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._look.font(TypeScale.SMALL))
        self._metrics = QFontMetricsF(painter.font())

    def paint(self, marks: list[AxisMark]) -> None:
        """Draw everything but the cursor."""
        self._grid()
        self._time(marks)
        for absence in self._plot.absences:
            self._absence(self._frame.span(absence.start_s, absence.end_s), absence.words)
        self._painter.save()
        self._painter.setClipRect(self._frame.body.adjusted(0, -_LINE, 0, _LINE))
        self._areas()
        for trace in self._plot.traces:
            if trace.look is Look.BARS:
                self._bars(trace)
        for trace in self._plot.traces:
            if trace.look in (Look.LINE, Look.PROJECTION):
                self._line(trace)
        self._painter.restore()
        self._limits()
        self._now()
        for trace in self._plot.traces:
            if trace.look is Look.DOTS:
                self._dots(trace.readings)

    def cursor(self, moment_s: float, *, has_focus: bool) -> None:
        """Draw where the cursor stands, with a point on each reading."""
        frame, x = self._frame, self._frame.x(moment_s)
        style = Qt.PenStyle.SolidLine if has_focus else Qt.PenStyle.DotLine
        self._painter.setPen(QPen(self._look.colour("text"), 1, style))
        self._painter.drawLine(QPointF(x, frame.body.top()), QPointF(x, frame.body.bottom()))
        self._painter.setPen(QPen(self._look.colour("surface"), 1.5))
        self._painter.setBrush(self._look.colour("text"))
        below = 0.0
        for trace, reading in self._plot.readings_at(moment_s):
            is_area = trace.look is Look.AREA
            amount = reading.amount + (below if is_area else 0.0)
            if len(self._plot.areas) > 1 and is_area:
                below = amount
            self._painter.drawEllipse(frame.at(moment_s, amount), 4, 4)

    # --- ground --------------------------------------------------------------------------

    def _grid(self) -> None:
        frame, painter = self._frame, self._painter
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if frame.scale.is_mirrored:
            align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        free_below = 1e9 if self._has_amounts else -1e9
        for mark, label in zip(frame.amounts.marks, frame.amounts.labels, strict=True):
            y = round(frame.y(mark)) + 0.5
            painter.setPen(QPen(self._look.colour("border_strong" if mark == 0 else "border"), 1))
            painter.drawLine(QPointF(frame.body.left(), y), QPointF(frame.body.right(), y))
            if y + self._line_height / 2 > free_below:
                continue
            free_below = y - self._line_height / 2
            painter.setPen(self._look.colour("text_muted"))
            place = QRectF(frame.gutter.left(), free_below, frame.gutter.width(), self._line_height)
            shift = Space.S if frame.scale.is_mirrored else -Space.S
            painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            painter.drawText(place.adjusted(max(0, shift), 0, min(0, shift), 0), int(align), label)

    def _time(self, marks: list[AxisMark]) -> None:
        frame = self._frame
        self._painter.save()
        self._painter.translate(frame.body.left(), 0)
        AxisPainter(self._painter, frame.scale, frame.axis, frame.context, is_below=True).paint(
            marks
        )
        self._painter.restore()

    def _absence(self, box: QRectF, words: str) -> None:
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(self._look.colour("neutral_soft"))
        self._painter.drawRect(box)
        path = QPainterPath()
        path.addRect(box)
        hatch(self._painter, path, QPen(self._look.colour("border"), 1), Space.S)
        wide = self._metrics.horizontalAdvance(words) + Space.S
        if wide <= box.width():
            place = QRectF(
                box.center().x() - wide / 2,
                box.top() + box.height() * _LOW - self._line_height / 2 - 2,
                wide,
                self._line_height + 4,
            )
            self._painter.fillRect(place, self._look.colour("neutral_soft"))
            self._painter.setPen(self._look.colour("text_muted"))
            paint_words(self._painter, place, words)

    # --- readings ------------------------------------------------------------------------

    def _areas(self) -> None:
        areas = self._plot.areas
        if len(areas) == 1:
            self._single_area(areas[0])
            return
        bottom = [self._frame.at(at, 0.0) for at, _ in self._plot.stack]
        for number in range(len(areas)):
            top = [self._frame.at(at, sum(levels[: number + 1])) for at, levels in self._plot.stack]
            if not top:
                continue
            path = QPainterPath()
            path.addPolygon(QPolygonF([*top, *reversed(bottom)]))
            self._painter.fillPath(path, layer_colour(number, len(areas)))
            if number % 2:
                hatch(self._painter, path, QPen(layer_colour(0, len(areas)), 1), Space.S)
            self._painter.setPen(QPen(self._look.colour("accent"), 1.2))
            self._painter.drawPolyline(top)
            bottom = top

    def _single_area(self, area: Trace) -> None:
        points = self._points(area.readings)
        if not points:
            return
        foot = self._frame.body.bottom()
        ends = [QPointF(points[-1].x(), foot), QPointF(points[0].x(), foot)]
        path = QPainterPath()
        path.addPolygon(QPolygonF([*points, *ends]))
        path.closeSubpath()
        self._painter.fillPath(path, self._look.colour("accent_soft"))
        self._stroke(points, self._look.colour("accent"))
        for limit in self._plot.limits:
            if limit.is_ceiling:
                self._breach(path, points, limit)

    def _bars(self, trace: Trace) -> None:
        """Draw each bar to its foot; what lies above a ceiling is drawn as exposed."""
        frame, half = self._frame, trace.width_s / 2
        ceiling = min((li.amount for li in self._plot.limits if li.is_ceiling), default=None)
        for reading in trace.readings:
            left, right = frame.scale.span(reading.at_s - half, reading.at_s + half)
            room = min(2.0, (right - left) / 4)
            top = frame.y(reading.amount)
            bar = QRectF(frame.body.left() + left, top, right - left, frame.body.bottom() - top)
            bar.adjust(room, 0, -room, 0)
            if ceiling is None or reading.amount <= ceiling:
                self._painter.fillRect(bar, self._look.colour("accent"))
                continue
            foot = QRectF(bar)
            foot.setTop(frame.y(ceiling))
            self._painter.fillRect(foot, self._look.colour("accent"))
            bar.setBottom(foot.top())
            path = QPainterPath()
            path.addRect(bar)
            self._painter.fillPath(path, self._look.tone_soft(Tone.EXPOSED))
            hatch(self._painter, path, QPen(self._look.tone(Tone.EXPOSED), 1.5))
            self._painter.setPen(QPen(self._look.tone(Tone.EXPOSED), 1))
            self._painter.setBrush(Qt.BrushStyle.NoBrush)
            self._painter.drawRect(bar)

    def _breach(self, path: QPainterPath, points: Sequence[QPointF], limit: Limit) -> None:
        """Draw again what lies above a limit, as exposed."""
        body = self._frame.body
        above = QRectF(
            body.left(), body.top(), body.width(), self._frame.y(limit.amount) - body.top()
        )
        self._painter.save()
        self._painter.setClipRect(above, Qt.ClipOperation.IntersectClip)
        self._painter.fillPath(path, self._look.tone_soft(Tone.EXPOSED))
        hatch(self._painter, path, QPen(self._look.tone(Tone.EXPOSED), 1))
        self._stroke(points, self._look.tone(Tone.EXPOSED))
        self._painter.restore()

    def _line(self, trace: Trace) -> None:
        is_dashed = trace.look is Look.PROJECTION
        style = Qt.PenStyle.DashLine if is_dashed else Qt.PenStyle.SolidLine
        self._stroke(self._points(trace.readings), self._look.colour("accent"), style)

    def _stroke(
        self,
        points: Sequence[QPointF],
        colour: QColor,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        pen = QPen(colour, _LINE, style)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self._painter.setPen(pen)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        if len(points) == 1:
            self._painter.drawPoint(points[0])
        self._painter.drawPolyline(points)

    def _points(self, readings: Sequence[Reading]) -> list[QPointF]:
        return [self._frame.at(r.at_s, r.amount) for r in thinned(readings, self._frame.scale)]

    def _dots(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            middle = self._frame.at(reading.at_s, reading.amount)
            self._painter.setPen(Qt.PenStyle.NoPen)
            self._painter.setBrush(self._look.colour("surface"))
            self._painter.drawEllipse(middle, DOT * 0.7, DOT * 0.7)
            where = QRectF(middle.x() - DOT / 2, middle.y() - DOT / 2, DOT, DOT)
            paint_state_shape(self._painter, where, reading.tone, self._look.tone(reading.tone))

    # --- lines across --------------------------------------------------------------------

    def _limits(self) -> None:
        """Draw the limits across, and their names beside the plot, none over another."""
        frame, free_above = self._frame, self._frame.body.bottom() + self._line_height
        for limit in sorted(self._plot.limits, key=lambda li: li.amount):
            y = frame.y(limit.amount)
            is_beyond = limit.amount > frame.amounts.top
            if not is_beyond:
                pen = QPen(self._look.colour("text_muted"), 1.2, Qt.PenStyle.DashLine)
                self._painter.setPen(pen)
                self._painter.drawLine(QLineF(frame.body.left(), y, frame.body.right(), y))
            label = limit_label(limit, frame.amounts)
            has_margin = frame.margin.width() > 0
            place = self._name_inside(y, label, is_beyond=is_beyond)
            if has_margin:
                place = self._name_beside(y, free_above, label)
            else:
                self._veil(place)
            free_above = place.top()
            self._painter.setPen(self._look.colour("text"))
            paint_words(self._painter, place, label)

    def _name_beside(self, y: float, free_above: float, label: str) -> QRectF:
        margin, wide = self._frame.margin, self._metrics.horizontalAdvance(label)
        is_mirrored = self._frame.scale.is_mirrored
        left = margin.right() - Space.S - wide if is_mirrored else margin.left() + Space.S
        top = min(y - self._line_height / 2, free_above - self._line_height)
        return QRectF(left, top, wide, self._line_height)

    def _veil(self, place: QRectF) -> None:
        """Let words be read over what is drawn behind them."""
        ground = self._look.colour("surface")
        ground.setAlphaF(_VEIL)
        self._painter.fillRect(place, ground)

    def _name_inside(self, y: float, label: str, *, is_beyond: bool) -> QRectF:
        body = self._frame.body
        wide = self._metrics.horizontalAdvance(label) + Space.S
        left = body.left() if self._frame.scale.is_mirrored else body.right() - wide
        is_high = is_beyond or y - self._line_height < 0
        top = y + 2 if is_high else y - self._line_height - 2
        return QRectF(left, top, wide, self._line_height)

    def _now(self) -> None:
        now, body = self._plot.now_s, self._frame.body
        if now is None or not self._frame.scale.shows(now):
            return
        x = self._frame.x(now)
        self._painter.setPen(QPen(self._look.colour("text_muted"), 1, Qt.PenStyle.DashLine))
        self._painter.drawLine(QPointF(x, body.top()), QPointF(x, body.bottom()))

    @property
    def _has_amounts(self) -> bool:
        """Whether labels of amounts mean anything."""
        return bool(self._plot.limits) or not self._plot.is_empty

    @property
    def _line_height(self) -> float:
        return self._metrics.height()


def limit_label(limit: Limit, amounts: AmountAxis) -> str:
    """Write the name of a limit, with an arrow where it lies above all that is drawn."""
    return f"\N{UPWARDS ARROW} {limit.name}" if limit.amount > amounts.top else limit.name


def layer_colour(number: int, of: int) -> QColor:
    """Return the colour of one of several stacked areas: the accent, paler towards the top."""
    look = theme()
    strong, pale = look.colour("accent"), look.colour("surface")
    share = 1.0 - (1.0 - _PALEST) * number / max(1, of - 1)
    return QColor.fromRgbF(
        _mixed(strong.redF(), pale.redF(), share),
        _mixed(strong.greenF(), pale.greenF(), share),
        _mixed(strong.blueF(), pale.blueF(), share),
    )


def _mixed(one: float, other: float, share: float) -> float:
    return one * share + other * (1 - share)
