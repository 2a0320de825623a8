"""The part of a dialog that asks until when: one of a few spans, or what a person writes."""

from datetime import datetime, timedelta

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from mangrove.core.errors import MangroveError
from mangrove.services.points import Points
from mangrove.ui import text
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow

ANOTHER = timedelta(0)  # what was written counts


class UntilPart(QWidget):
    """Spans with the moments they lead to, and a field for any other span or moment.

    Signals:
        changed(): It is another moment.

    Args:
        points: Reads what a person writes.
        now: What the spans count from.
        usual: The span chosen at first.
        until: A moment to begin with instead.
    """

    changed = Signal()

    def __init__(
        self,
        points: Points,
        now: datetime,
        usual: timedelta = timedelta(hours=1),
        until: datetime | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._points, self._now = points, now
        self.spans = ChoiceList(self._options())
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("2 h 30 min, 18:00 or 2026-12-24 08:00"))
        self.row = FormRow(self.tr("For how &long, or until when"), self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(self.spans)
        column.addWidget(self.row)
        if until is not None:
            self.field.setText(f"{until.astimezone(points.zone):%Y-%m-%d %H:%M}")
        self.spans.choose(usual if until is None else ANOTHER)
        self.spans.chosen.connect(self._on_changed)
        self.field.textChanged.connect(self._on_changed)
        self._show()

    @property
    def until(self) -> datetime | None:
        """The moment; None while what was written is none."""
        try:
            return self._read()
        except MangroveError:
            return None

    @property
    def problem(self) -> str:
        """Why there is no moment; "" when there is one."""
        try:
            self._read()
        except MangroveError as error:
            return text.sentence(error.message)
        return ""

    def _read(self) -> datetime:
        span = self.spans.value
        return self._now + span if span else self._points.rest(self.field.text(), self._now)

    def _options(self) -> list[Option[timedelta]]:
        spans = (
            (timedelta(hours=1), self.tr("For an &hour")),
            (timedelta(hours=8), self.tr("For &eight hours")),
            (timedelta(days=1), self.tr("For a &day")),
            (timedelta(days=7), self.tr("For a wee&k")),
            (timedelta(days=30), self.tr("For a &month")),
        )
        options = [
            Option(span, words, self.tr("until {moment}").format(moment=self._words(span)))
            for span, words in spans
        ]
        return [*options, Option(ANOTHER, self.tr("For &another time"), "")]

    def _words(self, span: timedelta) -> str:
        return text.moment(self._now + span, self._now).text

    def _show(self) -> None:
        is_free = self.spans.value == ANOTHER
        self.row.setVisible(is_free)
        is_wrong = is_free and bool(self.field.text().strip())
        self.row.set_error(self.problem if is_wrong else "")

    @Slot()
    def _on_changed(self) -> None:
        self._show()
        if self.spans.value == ANOTHER and not self.field.text():
            self.field.setFocus()
        self.changed.emit()
