"""Asks what to note beside "I know", and for how long an alert shall be silent."""

from datetime import datetime

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.core.alerts.alert import Alert
from mangrove.services.points import Points
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.until_part import UntilPart
from mangrove.ui.theme.tokens import Size
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
    """A few spans to choose from, or any other."""

    def __init__(self, parent: QWidget | None, alert: Alert, points: Points, now: datetime) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Mute an alert"))
        self.yes.setText(self.tr("M&ute"))
        self._now = now
        self.until = UntilPart(points, now)
        self.body.addWidget(TextLabel(text.sentence(alert.trouble.sentence)).wrapping())
        self.body.addWidget(self.until)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT)
        self.until.changed.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, alert: Alert, points: Points, now: datetime
    ) -> datetime | None:
        """Ask, and return until when; None when the person left."""
        dialog = cls(parent, alert, points, now)
        return asked(dialog, dialog.answer)

    def answer(self) -> datetime:
        """Return until when."""
        return self.until.until or self._now

    @Slot()
    def _on_changed(self) -> None:
        until = self.until.until
        self.yes.setEnabled(until is not None)
        if until is None:
            self.say(self.until.problem)
            return
        words = self.tr(
            "Nothing is told of it until {moment}, not even that it gets worse or ends."
        )
        self.say(words.format(moment=text.moment(until, self._now).text))
