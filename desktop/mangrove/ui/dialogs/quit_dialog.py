"""Asks what becomes of running work when the window is closed."""

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.run import RunStatus
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.labels import TextLabel


class QuitDialog(QDialog):
    """Staying is the default; Escape stays too."""

    def __init__(self, runs: Sequence[RunStatus], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Work is going on"))
        title = TextLabel(self.tr("Work is going on"), "section")
        names = TextLabel("\n".join(f"•  {run.title}" for run in runs)).wrapping()
        what = TextLabel(
            self.tr(
                "Runs end with the window. A cancelled run removes what it had begun; finished"
                " backups are not touched."
            ),
            "muted",
        ).wrapping()
        self.stay = QPushButton(self.tr("&Stay"))
        self.stay.setDefault(True)
        self.stay.setProperty("kind", "primary")
        self.leave = QPushButton(self.tr("&Cancel runs and quit"))
        self.leave.setAutoDefault(False)
        self.leave.setProperty("kind", "danger")
        self.stay.clicked.connect(self.reject)
        self.leave.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addWidget(self.leave)
        row.addStretch()
        row.addWidget(self.stay)
        self.setMinimumWidth(Size.QUESTION_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.L, Space.L, Space.M)
        column.setSpacing(Space.M)
        for widget in (title, names, what):
            column.addWidget(widget)
        column.addLayout(row)

    @classmethod
    def ask(cls, parent: QWidget | None, runs: Sequence[RunStatus]) -> bool:
        """Return whether the runs shall be cancelled and the window closed."""
        dialog = cls(runs, parent)
        answer = dialog.exec() == QDialog.DialogCode.Accepted
        dialog.deleteLater()
        return answer
