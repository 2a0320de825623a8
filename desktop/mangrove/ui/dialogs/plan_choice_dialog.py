"""Asks for which deployment, into which vault, the recommended plan of jobs shall be made."""

from PySide6.QtWidgets import QWidget

from mangrove.core.jobs.job import RECOMMENDED
from mangrove.core.profile import Profile
from mangrove.services.bundle import Services
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vault_choice import VaultBox
from mangrove.ui.job_words import kind_word
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.wording import counted


class PlanChoiceDialog(QuestionDialog):
    """Two choices, and the jobs that will be made."""

    def __init__(self, parent: QWidget | None, services: Services) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Recommended plan"))
        self.yes.setText(self.tr("&Make these jobs"))
        offered = [one for one in RECOMMENDED if one.kind in services.jobs.kinds]
        self.profile = ChoiceBox()
        for profile in services.profiles.all():
            if isinstance(profile, Profile):
                self.profile.addItem(profile.name)
        self.vault = VaultBox(services.vaults.all())
        form = Form()
        form.add_row(self.tr("&Deployment"), self.profile)
        form.add_row(self.tr("&Vault"), self.vault)
        self.jobs = KeyValueGrid()
        self.jobs.set_rows((kind_word(one.kind), one.schedule) for one in offered)
        self.body.addWidget(form)
        self.add_section(self.tr("What will run"), self.jobs)
        self.body.addStretch()
        words = self.tr("Make {jobs}; those that exist already stay as they are.")
        self.say(words.format(jobs=counted(len(offered), self.tr("job"), self.tr("jobs"))))
        self.yes.setEnabled(bool(self.profile.count() and self.vault.count()))
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT * 3 // 4)

    @classmethod
    def ask(cls, parent: QWidget | None, services: Services) -> tuple[str, str] | None:
        """Ask, and return profile and vault; None when the person left."""
        dialog = cls(parent, services)
        return asked(dialog, dialog.answer)

    def answer(self) -> tuple[str, str]:
        """Return profile and vault."""
        return self.profile.currentText(), self.vault.currentText()
