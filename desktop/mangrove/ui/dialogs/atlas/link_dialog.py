"""Asks which profile is an Atlas cluster."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import Form


class LinkDialog(QuestionDialog):
    """One profile, or none.

    Attributes:
        profile: The choice; its data is "" for none.
    """

    def __init__(
        self, parent: QWidget | None, cluster: str, profiles: Sequence[str], now: str
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Link {cluster} with a profile").format(cluster=cluster))
        self.yes.setText(self.tr("Save"))
        self._cluster, self._now = cluster, now
        self.profile = ChoiceBox()
        self.profile.addItem(self.tr("none"), "")
        for name in profiles:
            self.profile.addItem(name, name)
        self.profile.setCurrentIndex(max(0, self.profile.findData(now)))
        form = Form()
        form.add_row(self.tr("&Profile"), self.profile)
        self.body.addWidget(form)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)
        self.profile.currentIndexChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, cluster: str, profiles: Sequence[str], now: str
    ) -> str | None:
        """Ask; returns a profile's name or "" for none, None when the person left."""
        dialog = cls(parent, cluster, profiles, now)
        return asked(dialog, lambda: str(dialog.profile.currentData()))

    @Slot()
    def _on_changed(self) -> None:
        chosen = str(self.profile.currentData())
        self.yes.setEnabled(chosen != self._now)
        words = self.tr(
            "What Atlas keeps of {cluster} counts for {profile} like your own backups: in the"
            " overview, the timeline and alerts."
        )
        nothing = self.tr("What Atlas keeps of {cluster} counts for no profile.")
        self.say((words if chosen else nothing).format(cluster=self._cluster, profile=chosen))
