"""Asks when nobody is to be disturbed, and how else alerts are told."""

from PySide6.QtCore import QTime, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QTimeEdit, QWidget

from mangrove.core.alerts.policy import QUIET_POLICY, AlertPolicy, QuietHours, quiet_hours
from mangrove.core.errors import MangroveError
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.labels import TextLabel

_USUAL = QuietHours(22 * 60, 7 * 60, "UTC")
_SHOWN = "HH:mm"


class QuietDialog(QuestionDialog):
    """Quiet hours with their zone, reminders, and notifications on this desktop."""

    def __init__(self, parent: QWidget | None, policy: AlertPolicy, zone: str) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("When alerts are told"))
        self.yes.setText(self.tr("&Save"))
        quiet = policy.quiet or _USUAL
        self.is_quiet = QCheckBox(self.tr("&Quiet hours"))
        self.start, self.end = _clock(quiet.start), _clock(quiet.end)
        self.zone = QLineEdit(policy.quiet.zone if policy.quiet else zone)
        self.through = QCheckBox(self.tr("What is &critical breaks through"))
        self.reminds = QCheckBox(self.tr("Tell &again what lasts, after ever longer waits"))
        self.desktop = QCheckBox(self.tr("Notifications on this &desktop"))
        self.is_quiet.setChecked(policy.quiet is not None)
        self.through.setChecked(quiet.critical_breaks_through)
        self.reminds.setChecked(policy.reminds)
        self.desktop.setChecked(policy.uses_desktop)
        self._arrange()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT)
        for box in (self.is_quiet, self.through, self.reminds, self.desktop):
            box.toggled.connect(self._on_changed)
        for clock in (self.start, self.end):
            clock.timeChanged.connect(self._on_changed)
        self.zone.textChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, policy: AlertPolicy, zone: str) -> AlertPolicy | None:
        """Ask, and return what was chosen; None when the person left."""
        dialog = cls(parent, policy, zone)
        return asked(dialog, dialog.answer)

    def answer(self) -> AlertPolicy:
        """Return the policy as the fields stand.

        Raises:
            InvalidScheduleError: If the time zone is none, or they end when they begin.
        """
        quiet = self._hours() if self.is_quiet.isChecked() else None
        return AlertPolicy(quiet, self.reminds.isChecked(), self.desktop.isChecked())

    def _hours(self) -> QuietHours:
        return quiet_hours(
            self.start.time().toString(_SHOWN),
            self.end.time().toString(_SHOWN),
            self.zone.text().strip(),
            critical_waits=not self.through.isChecked(),
        )

    @Slot()
    def _on_changed(self) -> None:
        for part in (self.start, self.end, self.zone, self.through):
            part.setEnabled(self.is_quiet.isChecked())
        try:
            policy = self.answer()
        except MangroveError as error:
            self._say_wrong(error)
            self.yes.setEnabled(False)
            return
        self._zone_row.set_error("")
        self.yes.setEnabled(True)
        words = self.tr("Messages come at any hour.")
        self.say(text.sentence(policy.quiet.describe()) if policy.quiet else words)

    def _say_wrong(self, error: MangroveError) -> None:
        """Say what is wrong beside the part that it is wrong with."""
        if self.start.time() == self.end.time():
            self._zone_row.set_error("")
            self.say(self.tr("Choose an end that is not the beginning."), is_error=True)
        else:
            self._zone_row.set_error(text.sentence(error.message))
            self.say(self.tr("Name a time zone, such as Europe/Berlin."), is_error=True)

    def _arrange(self) -> None:
        form = Form()
        hours = QHBoxLayout()
        hours.setSpacing(Space.M)
        for label, clock in ((self.tr("&From"), self.start), (self.tr("&To"), self.end)):
            part = Form()
            part.add_row(label, clock)
            hours.addWidget(part, 1)
        self.body.addWidget(self.is_quiet)
        self.body.addLayout(hours)
        self._zone_row = form.add_row(self.tr("Time &zone"), self.zone)
        self.body.addWidget(form)
        self.body.addWidget(self.through)
        self.body.addWidget(TextLabel(self.tr(QUIET_POLICY), "small").wrapping())
        self.body.addSpacing(Space.S)
        self.body.addWidget(self.reminds)
        self.body.addWidget(self.desktop)
        self.body.addStretch()


def _clock(minutes: int) -> QTimeEdit:
    edit = QTimeEdit(QTime(minutes // 60, minutes % 60))
    edit.setDisplayFormat(_SHOWN)
    return edit
