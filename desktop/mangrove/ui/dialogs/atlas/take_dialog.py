"""Asks what a snapshot is for and how long Atlas shall keep it, or keep one longer."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.wording import counted

_MOST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class TakeAnswer:
    """What was typed."""

    description: str
    days: int


class TakeSnapshotDialog(QuestionDialog):
    """A description and a number of days."""

    def __init__(self, parent: QWidget | None, cluster: str) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Take a snapshot of {cluster}").format(cluster=cluster))
        self.yes.setText(self.tr("Take snapshot"))
        self._cluster = cluster
        self.description, self.days = QLineEdit(), days_field(7)
        self.description.setText(self.tr("by Mangrove"))
        form = Form()
        form.add_row(self.tr("&What it is for"), self.description)
        form.add_row(self.tr("&Keep it for"), self.days, self.tr("Atlas deletes it after that."))
        self.body.addWidget(form)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)
        self.days.valueChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, cluster: str) -> TakeAnswer | None:
        """Ask; None when the person left."""
        dialog = cls(parent, cluster)
        return asked(dialog, dialog.answer)

    def answer(self) -> TakeAnswer:
        """Return what the fields say."""
        return TakeAnswer(self.description.text().strip(), self.days.value())

    @Slot()
    def _on_changed(self) -> None:
        words = self.tr("Atlas takes a snapshot of {cluster} and keeps it for {days}.")
        self.say(words.format(cluster=self._cluster, days=_days(self.days.value())))


class KeepSnapshotDialog(QuestionDialog):
    """A number of days, counted from now."""

    def __init__(self, parent: QWidget | None, which: str) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Keep a snapshot"))
        self.yes.setText(self.tr("Keep it"))
        self._which, self.days = which, days_field(30)
        form = Form()
        form.add_row(self.tr("&From now on for"), self.days)
        self.body.addWidget(form)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)
        self.days.valueChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, which: str) -> int | None:
        """Ask for a number of days; None when the person left."""
        dialog = cls(parent, which)
        return asked(dialog, dialog.days.value)

    @Slot()
    def _on_changed(self) -> None:
        words = self.tr("Atlas keeps {which} for {days} and deletes it then.")
        self.say(words.format(which=self._which, days=_days(self.days.value())))


def _days(number: int) -> str:
    """Write a number of days with its noun."""
    return counted(number, _tr("day"), _tr("days"))


def _tr(words: str) -> str:
    return QCoreApplication.translate("TakeSnapshotDialog", words)


def days_field(value: int) -> QSpinBox:
    """Return a field for a number of days."""
    field = QSpinBox()
    field.setRange(1, _MOST_DAYS)
    field.setValue(value)
    field.setSuffix(field.tr(" days"))
    return field
