"""The part of a dialog that says what a restore needs: space, time, privileges, versions."""

from collections.abc import Iterator

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mangrove.core.restores.forecast import Forecast, Room
from mangrove.ui import text
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.labels import SectionTitle
from mangrove.ui.widgets.step_list import StepList

_ROOM = {
    Room.ENOUGH: Tone.PROVEN,
    Room.TIGHT: Tone.UNPROVEN,
    Room.LACKING: Tone.EXPOSED,
    Room.UNKNOWN: Tone.NEUTRAL,
}
_MAY = {True: Tone.PROVEN, False: Tone.EXPOSED, None: Tone.NEUTRAL}


class ForecastPart(QWidget):
    """A line with its shape for each thing that is known before the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = StepList()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(SectionTitle(self.tr("What it needs")))
        column.addWidget(self.lines)
        self.hide()

    def show_forecast(self, forecast: Forecast | None) -> None:
        """Say what is known; None while nothing is."""
        self.setVisible(forecast is not None)
        if forecast is None:
            return
        for name, words, tone in self._said(forecast):
            self.lines.show_state(name, text.sentence(words), tone)

    def _said(self, forecast: Forecast) -> Iterator[tuple[str, str, Tone]]:
        knows_time = forecast.time.likely is not None
        known_lost = Tone.UNPROVEN if forecast.conflicts else Tone.PROVEN
        yield self.tr("Work"), forecast.work, Tone.NEUTRAL
        yield self.tr("Space"), forecast.space.sentence, _ROOM[forecast.space.room]
        time = Tone.PROVEN if knows_time else Tone.NEUTRAL
        yield self.tr("Time"), forecast.time.sentence, time
        yield self.tr("Privileges"), forecast.allowance, _MAY[forecast.privileges.allowed]
        yield self.tr("Versions"), forecast.versions, known_lost
