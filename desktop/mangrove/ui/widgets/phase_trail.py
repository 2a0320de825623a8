"""The phases of a run in one line that wraps: done ones ticked, the current one marked."""

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.ui.run_words import phase_word, run_tone
from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone

_SHAPE = 10
_GAP = 6
_ARROW = 20


class PhaseTrail(QWidget):
    """Draws phases one after the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[tuple[str, Tone | None], ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_run(self, status: RunStatus) -> None:
        """Show how far a run is."""
        shown = (p for p in status.phases if p not in status.passed_by)
        steps = tuple((phase_word(p), _tone(status, p)) for p in shown)
        if steps != self._steps:
            self._steps = steps
            done = [word for word, tone in steps if tone is Tone.PROVEN]
            self.setAccessibleName(self.tr("Phases done: {names}").format(names=", ".join(done)))
            self.updateGeometry()
            self.update()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return round(places[-1].bottom()) + 1 if places else self.fontMetrics().height()

    @override
    def sizeHint(self) -> QSize:
        width = self.width() or Space.XXL
        return QSize(width, self.heightForWidth(width))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme()
        places = self._places(self.width())
        for place, (word, tone) in zip(places, self._steps, strict=True):
            shape = QRectF(place.x(), place.center().y() - _SHAPE / 2, _SHAPE, _SHAPE)
            if tone is None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.colour("border_strong"))
                painter.drawEllipse(shape.center(), 2.0, 2.0)
            else:
                paint_state_shape(painter, shape, tone, look.tone(tone))
            painter.setPen(look.colour("text_faint" if tone is None else "text"))
            words = place.adjusted(_SHAPE + _GAP, 0, 0, 0)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter.value), word)
        painter.setPen(QPen(look.colour("border_strong"), 1.5))
        for place, following in pairwise(places):
            if following.top() == place.top():
                tip = QPointF(place.right() + _ARROW / 2 + 2, place.center().y())
                painter.drawPolyline([tip + QPointF(-3, -4), tip, tip + QPointF(-3, 4)])

    def _places(self, width: int) -> list[QRectF]:
        metrics = self.fontMetrics()
        height = metrics.height() + Space.HALF
        x, y, places = 0.0, 0.0, list[QRectF]()
        for word, _ in self._steps:
            wide = _SHAPE + _GAP + metrics.horizontalAdvance(word)
            if x and x + wide > width:
                x, y = 0.0, y + height
            places.append(QRectF(x, y, wide, height))
            x += wide + _ARROW
        return places


def _tone(status: RunStatus, phase: Phase) -> Tone | None:
    """Return how a phase is drawn; None while it is still to come."""
    if status.state in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS):
        return Tone.PROVEN
    if status.phase is None or status.phase not in status.phases:
        return None
    if phase is status.phase:
        return run_tone(status.state)
    is_behind = status.phases.index(phase) < status.phases.index(status.phase)
    return Tone.PROVEN if is_behind else None
