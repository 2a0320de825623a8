"""Asks for a job: what it does, to which deployment and vault, and when."""

from datetime import datetime

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.jobs.job import DEFAULT_SHARE, JobKind
from mangrove.core.jobs.schedule import SUMMER_TIME, parse_schedule
from mangrove.core.profile import Profile
from mangrove.core.verification import EMBEDDED, Level
from mangrove.services.bundle import Services
from mangrove.services.jobs import JobDraft
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.scratch_choice import ScratchBox
from mangrove.ui.dialogs.vault_choice import VaultBox
from mangrove.ui.job_words import kind_word, level_word
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.labels import TextLabel

_SHOWN_TIMES = 10
_EXAMPLES = ("daily 02:00", "every 15 minutes", "Sundays 05:00", "monthly on 1 at 06:00")
_LEVELS = (Level.STORED, Level.DECODED, Level.RESTORED)


class JobDialog(QuestionDialog):
    """Kind, deployment, vault and schedule; the next times are shown as one types."""

    def __init__(self, parent: QWidget | None, services: Services) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Add a job"))
        self.yes.setText(self.tr("&Add job"))
        self._services = services
        self.kind, self.profile, self.level = ChoiceBox(), ChoiceBox(), ChoiceBox()
        self.vault = VaultBox(services.vaults.all())
        self.schedule, self.zone, self.name = ChoiceBox(), QLineEdit(), QLineEdit()
        self.prunes = QCheckBox(self.tr("Then prune &the vault"))
        self.scratch, self.share = ScratchBox(services), QSpinBox()
        self.share.setRange(0, 100)
        self.share.setSingleStep(5)
        self.share.setValue(DEFAULT_SHARE)
        self.share.setSuffix(self.tr(" % of all others"))
        self.times = TextLabel("", "small").wrapping()
        self._is_named = False
        self._fill()
        form = Form()
        form.add_row(self.tr("&What"), self.kind)
        self._profile_row = form.add_row(self.tr("&Deployment"), self.profile)
        form.add_row(self.tr("&Vault"), self.vault)
        self._level_row = form.add_row(self.tr("And &prove it"), self.level)
        self._share_row = form.add_row(
            self.tr("Besides the newest unproven backup"),
            self.share,
            self.tr("Each time so many of the others, those looked at longest ago first."),
        )
        self._scratch_row = form.add_row(
            self.tr("Restore &on trial to"),
            self.scratch,
            self.tr("Into databases of its own, which are dropped afterwards, also after a crash."),
        )
        form.column.addWidget(self.prunes)
        self._schedule_row = form.add_row(
            self.tr("Wh&en"), self.schedule, self.tr("In words, or as five cron fields.")
        )
        form.add_row(self.tr("Time &zone"), self.zone, self.tr(SUMMER_TIME))
        form.add_row(self.tr("&Name"), self.name)
        self.body.addWidget(form)
        self.body.addWidget(self.times)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.PROGRESS_HEIGHT + Space.XXL)
        self._connect()
        self._on_kind_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, services: Services) -> JobDraft | None:
        """Ask, and return what was typed; None when the person left."""
        dialog = cls(parent, services)
        return asked(dialog, dialog.answer)

    def answer(self) -> JobDraft:
        """Return the draft as the fields stand."""
        kind = self._kind
        return JobDraft(
            name=self.name.text().strip(),
            kind=kind,
            vault=self.vault.currentText(),
            schedule=self.schedule.currentText(),
            zone=self.zone.text().strip(),
            profile=self.profile.currentText() if kind is not JobKind.CHECK else "",
            level=self.level.currentData() if self._has_level else None,
            scratch=self.scratch.target if self._restores else EMBEDDED,
            prunes=self.prunes.isChecked() and kind is JobKind.BACKUP,
            share_percent=self.share.value(),
        )

    @property
    def _kind(self) -> JobKind:
        return JobKind(self.kind.currentData())

    @property
    def _has_level(self) -> bool:
        return self._kind in (JobKind.BACKUP, JobKind.VERIFY)

    @property
    def _restores(self) -> bool:
        """Whether something is restored on trial."""
        is_trial = self._has_level and self.level.currentData() == Level.RESTORED
        return is_trial or self._kind is JobKind.DRILL

    def _fill(self) -> None:
        for kind in self._services.jobs.kinds:
            self.kind.addItem(kind_word(kind), kind)
        for profile in self._services.profiles.all():
            if isinstance(profile, Profile):
                self.profile.addItem(profile.name)
        self.schedule.setEditable(True)
        self.schedule.addItems(_EXAMPLES)
        self.zone.setText(self._services.clock.zone_name())

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        self.profile.currentIndexChanged.connect(self._on_changed)
        self.level.currentIndexChanged.connect(self._on_changed)
        self.schedule.editTextChanged.connect(self._on_changed)
        self.zone.textChanged.connect(self._on_changed)
        self.name.textEdited.connect(self._on_name_edited)
        self.name.textChanged.connect(self._on_changed)

    @Slot()
    def _on_kind_changed(self) -> None:
        kind = self._kind
        self.level.clear()
        if kind is JobKind.BACKUP:
            self.level.addItem(self.tr("not right after it"), None)
        for level in _LEVELS:
            self.level.addItem(level_word(level), level)
        wanted = Level.DECODED if kind is JobKind.BACKUP else Level.RESTORED
        self.level.setCurrentIndex(self.level.findData(wanted))
        self._level_row.setVisible(self._has_level)
        self._profile_row.setVisible(kind is not JobKind.CHECK)
        self.prunes.setVisible(kind is JobKind.BACKUP)
        self._share_row.setVisible(kind is JobKind.VERIFY)
        self._on_changed()

    @Slot()
    def _on_name_edited(self) -> None:
        self._is_named = True

    @Slot()
    def _on_changed(self) -> None:
        self._scratch_row.setVisible(self._restores)
        if not self._is_named:
            subject = self.profile.currentText() or self.vault.currentText()
            self.name.setText(f"{subject} {self._kind.value}".strip())
        try:
            draft = self.answer()
            slots = self._services.jobs.preview(draft.schedule, draft.zone, _SHOWN_TIMES)
        except MangroveError as error:
            self._schedule_row.set_error(text.sentence(error.message))
            self.times.setText(text.sentence(error.hint))
            self.say(self.tr("Say when it shall run."), is_error=True)
            self.yes.setEnabled(False)
            return
        self._schedule_row.set_error("")
        self.times.setText(self._times_words(slots))
        self.say(self._sentence(draft))
        self.yes.setEnabled(bool(draft.name and draft.vault))

    def _times_words(self, slots: tuple[datetime, ...]) -> str:
        now = self._services.clock.now()
        moments = ", ".join(text.moment(slot, now).text for slot in slots)
        return self.tr("Next times: {moments}").format(moments=moments)

    def _sentence(self, draft: JobDraft) -> str:
        words = {
            JobKind.BACKUP: self.tr("Back up {profile} into {vault}: {when}."),
            JobKind.CAPTURE: self.tr("Capture the oplog of {profile} into {vault}: {when}."),
            JobKind.VERIFY: self.tr("Prove a backup of {profile} in {vault}: {when}."),
            JobKind.PRUNE: self.tr("Prune {vault} by its policy: {when}."),
            JobKind.CHECK: self.tr("Check the objects of {vault}: {when}."),
            JobKind.DRILL: self.tr("Drill a recovery of {profile} to a moment by lot: {when}."),
        }
        when = parse_schedule(draft.schedule, draft.zone).describe()
        when = when[:1].lower() + when[1:]
        return words[draft.kind].format(profile=draft.profile, vault=draft.vault, when=when)
