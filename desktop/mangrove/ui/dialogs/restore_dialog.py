"""Asks what of a backup goes where; a plan made meanwhile says exactly what would happen."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QDialog, QWidget

from mangrove.core.backup import RestoreRequest
from mangrove.core.errors import MangroveError
from mangrove.core.manifest import Manifest
from mangrove.core.profile import Profile
from mangrove.core.restore import RestorePlan
from mangrove.core.vault import BackupRecord
from mangrove.services.backups import BackupExplanation
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.dialogs.restore_choice import (
    RestoreChoice,
    Where,
    replaced_databases,
    sources_of,
)
from mangrove.ui.dialogs.restore_parts import HowPart, ReplacePart, WhatPart, WherePart
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.wording import counted

PLAN_PAUSE_MS = 250


class RestoreDialog(QuestionDialog):
    """What, where and how on one page; the button is on only while the plan is the newest."""

    def __init__(
        self, parent: QWidget | None, services: Services, calls: Calls, record: BackupRecord
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Restore a backup"))
        self._services, self._calls, self._record = services, calls, record
        self._plan: RestorePlan | None = None
        self._asked: RestoreRequest | None = None
        self.banner = Banner()
        self.what, self.how = WhatPart(), HowPart()
        self.where = WherePart(services.clock.now())
        self.replace = ReplacePart()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PLAN_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause_timeout)
        for part in (self.banner, self.what, self.where, self.replace, self.how):
            self.body.addWidget(part)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH + Space.XXL, Size.DIALOG_HEIGHT + Space.XXL * 3)
        self._fill_profiles()
        for part in (self.what, self.where, self.replace, self.how):
            part.changed.connect(self._on_changed)
        self._load_manifest()
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, services: Services, calls: Calls, record: BackupRecord
    ) -> RestoreRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls, record)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        answer = dialog.answer() if accepted else None
        dialog.deleteLater()
        return answer

    def answer(self) -> RestoreRequest:
        """Return the request as the parts stand."""
        return self._choice().request()

    def _choice(self) -> RestoreChoice:
        return RestoreChoice(
            backup=self._record.backup,
            profile=self.where.profile.currentText(),
            chosen=self.what.chosen,
            where=self.where.where.value,
            targets=self.where.targets,
            confirmed=self.replace.confirmed,
            indexes=self.how.index_choice,
            safety=self.replace.safety_choice,
        )

    def _fill_profiles(self) -> None:
        for profile in self._services.profiles.all():
            if isinstance(profile, Profile):
                self.where.profile.addItem(profile.name)
                if profile.slug == self._record.profile_slug:
                    self.where.profile.setCurrentText(profile.name)

    def _load_manifest(self) -> None:
        backup = self._record.backup
        self._calls.run(
            self,
            lambda: self._services.backups.explain(backup),
            self._on_explained,
            self._on_explain_failed,
        )

    def _on_explained(self, explanation: BackupExplanation) -> None:
        self._show_manifest(explanation.manifest)

    def _on_explain_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    def _show_manifest(self, manifest: Manifest) -> None:
        self.what.show_manifest(manifest)

    @Slot()
    def _on_changed(self) -> None:
        self._asked = None
        self.replace.turn_to(self.where.profile.currentText())
        self.where.show_sources(sources_of(self.what.chosen))
        self.yes.setEnabled(False)
        self._name_button()
        choice = self._choice()
        if choice.is_complete:
            self.say(self.tr("Looking at the target…"))
            self._pause.start()
        else:
            self._pause.stop()
            self.say(self._what_is_missing(choice))

    def _what_is_missing(self, choice: RestoreChoice) -> str:
        if not choice.profile:
            return self.tr("Add a deployment first: there is no place to restore to.")
        if not self.what.model.rowCount():
            return self.tr("The backup's contents are being read.")
        if choice.chosen.is_empty:
            return self.tr("Tick at least one collection.")
        return self.tr("Give every database a name.")

    @Slot()
    def _on_pause_timeout(self) -> None:
        request = self.answer()
        self._asked = request
        self._calls.run(
            self,
            lambda: self._services.restores.preview(request),
            lambda plan: self._on_planned(request, plan),
            lambda error: self._on_plan_failed(request, error),
        )

    def _on_planned(self, request: RestoreRequest, plan: RestorePlan) -> None:
        if request is not self._asked:
            return  # something changed meanwhile; a newer plan is on its way
        self._plan = plan
        self.banner.clear()
        self.where.model.show_plan(plan)
        was_hidden = self.replace.isHidden()
        self.replace.show_plan(plan)
        if was_hidden and plan.occupied:
            QTimer.singleShot(0, self, self._on_replace_shown)
        self._name_button()
        if plan.unconfirmed:
            names = ", ".join(plan.unconfirmed)
            words = self.tr(
                "{names} on {profile} holds data. Type its name above to go on, or"
                " restore into a copy."
            )
            self.say(words.format(names=names, profile=plan.profile), is_error=True)
        else:
            self.say(self._sentence(plan))
        self.yes.setEnabled(not plan.unconfirmed)

    @Slot()
    def _on_replace_shown(self) -> None:
        self.bring_into_view(self.replace)

    def _on_plan_failed(self, request: RestoreRequest, error: MangroveError) -> None:
        if request is not self._asked:
            return
        self._plan = None
        self.where.model.show_plan(None)
        self.replace.hide()
        self.banner.show_error(error)
        self.say(text.sentence(error.message), is_error=True)

    def _sentence(self, plan: RestorePlan) -> str:
        sentence = plan.sentence
        if plan.replaced and self.replace.safety.isChecked():
            sentence += " " + self.tr("They are backed up first.")
        if not self.how.indexes.isChecked():
            sentence += " " + self.tr("Indexes are left out.")
        return sentence

    def _name_button(self) -> None:
        """Let the button say its verb; the destructive one never answers to Enter."""
        replaced = replaced_databases(self._plan) if self._plan is not None else ()
        is_danger = self.where.where.value is Where.NAMED and bool(replaced)
        if is_danger and len(replaced) == 1:
            verb = self.tr("Replace database {name}").format(name=replaced[0])
        elif is_danger:
            verb = self.tr("Replace {databases}").format(databases=self._databases(len(replaced)))
        elif self.where.where.value is Where.COPY:
            verb = self.tr("Restore into a copy")
        else:
            verb = self.tr("Restore into {what}").format(what=self._target_words())
        self.yes.setText(verb.replace("&", "&&"))
        self.yes.setProperty("kind", "danger" if is_danger else "primary")
        self.yes.style().unpolish(self.yes)
        self.yes.style().polish(self.yes)
        self.yes.setAutoDefault(not is_danger)
        self.yes.setDefault(not is_danger)

    def _target_words(self) -> str:
        targets = sorted({target for _, target in self.where.targets})
        return targets[0] if len(targets) == 1 else self._databases(len(targets))

    def _databases(self, number: int) -> str:
        return counted(number, self.tr("database"), self.tr("databases"))
