"""Asks until when a job shall rest, and why."""

from datetime import datetime, timedelta

from PySide6.QtCore import QDateTime, Slot
from PySide6.QtWidgets import QDateTimeEdit, QLineEdit, QWidget

from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.form import Form

_USUAL = timedelta(days=1)


class PauseDialog(QuestionDialog):
    """A moment and a reason; the moment is in this machine's own time zone."""

    def __init__(
        self,
        parent: QWidget | None,
        job: str,
        now: datetime,
        until: datetime | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Pause {job}").format(job=job))
        self.yes.setText(self.tr("&Pause"))
        self._job = job
        self.until, self.why = QDateTimeEdit(), QLineEdit()
        self.until.setCalendarPopup(True)
        self.until.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.until.setMinimumDateTime(_local(now))
        self.until.setDateTime(_local(until or now + _USUAL))
        self.why.setPlaceholderText(self.tr("such as: the server is being moved"))
        form = Form()
        form.add_row(self.tr("&Until"), self.until)
        form.add_row(self.tr("&Why"), self.why, self.tr("Who looks at the job reads this."))
        self.body.addWidget(form)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)
        self.until.dateTimeChanged.connect(self._on_changed)
        self.why.textChanged.connect(self._on_changed)
        self.why.setFocus()
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        job: str,
        now: datetime,
        until: datetime | None = None,
    ) -> tuple[datetime, str] | None:
        """Ask, and return moment and reason; None when the person left."""
        dialog = cls(parent, job, now, until)
        return asked(dialog, dialog.answer)

    def answer(self) -> tuple[datetime, str]:
        """Return the moment, aware, and the reason."""
        seconds = self.until.dateTime().toSecsSinceEpoch()
        return datetime.fromtimestamp(seconds).astimezone(), self.why.text().strip()

    @Slot()
    def _on_changed(self) -> None:
        shown = self.until.dateTime().toString("yyyy-MM-dd HH:mm")
        has_reason = bool(self.why.text().strip())
        words = (
            self.tr("No run of {job} before {moment}; what comes due meanwhile is skipped.")
            if has_reason
            else self.tr("Say why: whoever looks at the jobs later reads it.")
        )
        self.say(words.format(job=self._job, moment=shown))
        self.yes.setEnabled(has_reason)


def _local(moment: datetime) -> QDateTime:
    return QDateTime.fromSecsSinceEpoch(int(moment.timestamp()))
