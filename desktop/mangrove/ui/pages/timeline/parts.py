"""The parts of the timeline page and their places: strip above, moment and list below."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mangrove.services.bundle import Services
from mangrove.ui.pages.timeline.answer_part import AnswerPart
from mangrove.ui.pages.timeline.moment_form import MomentForm
from mangrove.ui.pages.timeline.spans_table import SpansTable
from mangrove.ui.pages.timeline.strip_card import StripCard
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import LastingBanner
from mangrove.ui.widgets.card import Card, ScrolledColumn

_CHOICE_WIDTH, _CHOICE_CHARS = 400, 54


class TimelineParts(QWidget):
    """Holds the parts; the page lets them talk.

    Attributes:
        advice: What to do where nothing was ever captured.
        card: The strip with its sentence.
        form: Where a moment is written.
        answer: What is known of it.
        spans: The windows and gaps as a list.
    """

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        now, zone = services.clock.now, services.points.zone
        self.advice = LastingBanner()
        self.card = StripCard(now, zone)
        self.form, self.answer = MomentForm(zone), AnswerPart(now, zone)
        self.spans = SpansTable(services.clock)
        self._choice = Card(self.tr("Go back to"))
        self._lay_out()
        self._fit()
        theme().changed.connect(self._fit)

    def _lay_out(self) -> None:
        scroll = ScrolledColumn()
        scroll.column.addWidget(self.form)
        scroll.column.addWidget(self.answer)
        scroll.column.addStretch()
        self._choice.body.addWidget(scroll)
        self._choice.body.addWidget(self.answer.restore, 0, Qt.AlignmentFlag.AlignLeft)
        lower = QHBoxLayout()
        lower.setSpacing(Space.M)
        lower.addWidget(self._choice)
        lower.addWidget(self.spans, 1)
        lower.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.advice)
        column.addWidget(self.card)
        column.addLayout(lower, 1)

    @Slot()
    def _fit(self) -> None:
        """Give the chosen moment room for a line of usual length at any text size."""
        width = QFontMetrics(theme().font()).averageCharWidth() * _CHOICE_CHARS
        self._choice.setFixedWidth(max(_CHOICE_WIDTH, width))
