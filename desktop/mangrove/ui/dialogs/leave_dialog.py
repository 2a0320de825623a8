"""Asks before quitting when jobs would stop with the program."""

from enum import Enum, auto

from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.labels import TextLabel


class Leaving(Enum):
    """What a person who quits wants of the jobs."""

    STAY = auto()
    QUIT = auto()
    INSTALL_AND_QUIT = auto()


class LeaveDialog(QDialog):
    """Staying is the default; Escape stays too."""

    def __init__(self, jobs: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Quit Mangrove"))
        self._answer = Leaving.STAY
        title = TextLabel(self.tr("Nothing will run by itself"), "section")
        what = TextLabel(
            self.tr(
                "Jobs on this computer: {count}. They run while Mangrove is open, and no agent runs"
                " in the background. What comes due meanwhile is made up for once, at the next"
                " start."
            ).format(count=jobs)
        ).wrapping()
        self.never_again = QCheckBox(self.tr("&Do not ask again"))
        self.stay = QPushButton(self.tr("&Stay"))
        self.install = QPushButton(self.tr("&Run jobs in the background"))
        self.leave = QPushButton(self.tr("&Quit"))
        self.stay.setDefault(True)
        self.stay.setProperty("kind", "primary")
        for button, answer in (
            (self.stay, Leaving.STAY),
            (self.install, Leaving.INSTALL_AND_QUIT),
            (self.leave, Leaving.QUIT),
        ):
            button.setAutoDefault(button is self.stay)
            button.clicked.connect(lambda _checked=False, a=answer: self._choose(a))
        row = QHBoxLayout()
        row.addWidget(self.leave)
        row.addStretch()
        row.addWidget(self.install)
        row.addWidget(self.stay)
        self.setMinimumWidth(Size.QUESTION_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.L, Space.L, Space.M)
        column.setSpacing(Space.M)
        for widget in (title, what, self.never_again):
            column.addWidget(widget)
        column.addLayout(row)
        self.stay.setFocus()

    def _choose(self, answer: Leaving) -> None:
        self._answer = answer
        self.accept()

    @classmethod
    def ask(cls, parent: QWidget | None, jobs: int) -> tuple[Leaving, bool]:
        """Return what is wanted, and whether to ask no more."""
        dialog = cls(jobs, parent)
        dialog.exec()
        answer, never = dialog._answer, dialog.never_again.isChecked()
        dialog.deleteLater()
        return answer, never
