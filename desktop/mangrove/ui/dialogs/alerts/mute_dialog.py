"""Asks what to note beside "I know", and for how long an alert shall be silent."""

from datetime import datetime, timedelta

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.core.alerts.alert import Alert
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.labels import TextLabel


class KnowDialog(QuestionDialog):
    """One line that whoever looks at the alert reads."""

    def __init__(self, parent: QWidget | None, alert: Alert) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("I know"))
        self.yes.setText(self.tr("&Say so"))
        self.note = QLineEdit()
        form = Form()
        form.add_row(self.tr("&Note"), self.note, self.tr("Who looks at the alert reads this."))
        self.body.addWidget(TextLabel(text.sentence(alert.trouble.sentence)).wrapping())
        self.body.addWidget(form)
        self.body.addStretch()
        self.say(self.tr("It is not told again unless it gets worse. Its end is told."))
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)

    @classmethod
    def ask(cls, parent: QWidget | None, alert: Alert) -> str | None:
        """Ask, and return the note; None when the person left."""
        dialog = cls(parent, alert)
        return asked(dialog, lambda: dialog.note.text().strip())


class MuteDialog(QuestionDialog):
    """A few spans to choose from."""

    def __init__(self, parent: QWidget | None, alert: Alert, now: datetime) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Mute an alert"))
        self.yes.setText(self.tr("&Mute"))
        self._now = now
        spans = (
            (timedelta(hours=1), self.tr("For an hour")),
            (timedelta(hours=8), self.tr("For eight hours")),
            (timedelta(days=1), self.tr("For a day")),
            (timedelta(days=7), self.tr("For a week")),
            (timedelta(days=30), self.tr("For a month")),
        )
        self.spans = ChoiceList(
            [Option(span, words, text.moment(now + span, now).text) for span, words in spans]
        )
        self.body.addWidget(TextLabel(text.sentence(alert.trouble.sentence)).wrapping())
        self.body.addWidget(self.spans)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT * 7 // 8)
        self.spans.chosen.connect(self._on_chosen)
        self._on_chosen()

    @classmethod
    def ask(cls, parent: QWidget | None, alert: Alert, now: datetime) -> datetime | None:
        """Ask, and return until when; None when the person left."""
        dialog = cls(parent, alert, now)
        return asked(dialog, dialog.answer)

    def answer(self) -> datetime:
        """Return until when."""
        return self._now + self.spans.value

    @Slot()
    def _on_chosen(self) -> None:
        until = text.moment(self.answer(), self._now).text
        words = self.tr(
            "Nothing is told of it until {moment}, not even that it gets worse or ends."
        )
        self.say(words.format(moment=until))
