"""Asks until when a job shall rest, and why."""

from datetime import datetime, timedelta

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.services.points import Points
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.until_part import UntilPart
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.form import Form

_USUAL = timedelta(days=1)


class PauseDialog(QuestionDialog):
    """A moment and a reason."""

    def __init__(
        self,
        parent: QWidget | None,
        job: str,
        points: Points,
        now: datetime,
        until: datetime | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Pause {job}").format(job=job))
        self.yes.setText(self.tr("&Pause"))
        self._job, self._now = job, now
        self.until, self.why = UntilPart(points, now, _USUAL, until), QLineEdit()
        self.why.setPlaceholderText(self.tr("such as: the server is being moved"))
        form = Form()
        form.add_row(self.tr("&Why"), self.why, self.tr("Who looks at the job reads this."))
        self.body.addWidget(self.until)
        self.body.addWidget(form)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT + Space.XL)
        self.until.changed.connect(self._on_changed)
        self.why.textChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        job: str,
        points: Points,
        now: datetime,
        until: datetime | None = None,
    ) -> tuple[datetime, str] | None:
        """Ask, and return moment and reason; None when the person left."""
        dialog = cls(parent, job, points, now, until)
        return asked(dialog, dialog.answer)

    def answer(self) -> tuple[datetime, str]:
        """Return the moment, aware, and the reason."""
        return self.until.until or self._now, self.why.text().strip()

    @Slot()
    def _on_changed(self) -> None:
        until, has_reason = self.until.until, bool(self.why.text().strip())
        self.yes.setEnabled(until is not None and has_reason)
        if until is None:
            self.say(self.until.problem)
        elif not has_reason:
            self.say(self.tr("Say why: whoever looks at the jobs later reads it."))
        else:
            words = self.tr("No run of {job} before {moment}; what comes due meanwhile is skipped.")
            self.say(words.format(job=self._job, moment=text.moment(until, self._now).text))
