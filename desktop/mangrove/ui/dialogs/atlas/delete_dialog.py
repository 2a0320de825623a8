"""Asks for a cluster's typed name before a snapshot is deleted for good."""

from PySide6.QtWidgets import QWidget

from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.typed_confirmation import TypedConfirmation
from mangrove.ui.widgets.labels import TextLabel


class DeleteSnapshotDialog(QuestionDialog):
    """Says what goes, and wants the name.

    Attributes:
        typed: Where the name is typed.
    """

    def __init__(self, parent: QWidget | None, cluster: str, which: str) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Delete a snapshot at Atlas"))
        self.yes.setText(self.tr("Delete snapshot"))
        self.yes.setDefault(False)
        self.yes.setEnabled(False)
        words = self.tr("Atlas deletes {which}. It cannot be had back, not even by Atlas.")
        self.body.addWidget(TextLabel(words.format(which=which)).wrapping())
        self.typed = TypedConfirmation(cluster)
        self.body.addWidget(self.typed)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)
        self.say(self.tr("The data of the cluster itself are not touched."))
        self.typed.confirmed_changed.connect(self.yes.setEnabled)

    @classmethod
    def ask(cls, parent: QWidget | None, cluster: str, which: str) -> str | None:
        """Ask; returns the typed name, None when the person left."""
        dialog = cls(parent, cluster, which)
        return asked(dialog, dialog.typed.field.text)
