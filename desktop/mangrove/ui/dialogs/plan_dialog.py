"""The frame of every dialog that loads data somewhere: a plan made meanwhile says what happens."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QWidget

from mangrove.core.backup import BackupId, IndexChoice, OnExisting
from mangrove.core.errors import MangroveError
from mangrove.core.profile import Profile
from mangrove.core.restores.forecast import Room
from mangrove.core.restores.plan import RestorePlan
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.accounts_part import AccountsPart
from mangrove.ui.dialogs.forecast_part import ForecastPart
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.dialogs.restore_choice import RestoreChoice, Where, replaced_databases, sources_of
from mangrove.ui.dialogs.restore_how import HowPart
from mangrove.ui.dialogs.restore_parts import ReplacePart, WherePart
from mangrove.ui.dialogs.what_part import WhatPart
from mangrove.ui.long_words import shortened
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.command_text import CommandText
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.wording import counted

R = TypeVar("R")


class PlanDialog(QuestionDialog, Generic[R]):
    """What, where and how on one page; the button is on only while the plan is the newest.

    A kind of dialog says where the data come from: it builds ``choice`` and ``answer`` of the
    parts, plans with its service, and calls ``begin`` when its own parts are in place.
    """

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        what: WhatPart,
        replace: ReplacePart,
    ) -> None:
        super().__init__(parent, "", "")
        self._services, self._calls = services, calls
        self._plan: RestorePlan | None = None
        self._is_current = False  # the plan is of the parts as they stand
        self._shows_refusal = False  # the banner says why there is no plan
        self._asked: R | None = None  # what the plan is made for; None while something is missing
        self._newest = NewestCall(calls, self)
        self.banner = Banner()
        self.what, self.how, self.replace = what, HowPart(), replace
        self.where = WherePart(services.clock.now())
        self.accounts = AccountsPart(self.whose_accounts())
        self.notes = TextLabel("", "small").wrapping().selectable()
        self.notes.hide()
        self.forecast = ForecastPart()
        title = self.tr("Show as mongodump and mongorestore commands")
        self.command = CommandText(title, calls, lambda: self._of_answer(self.official))
        title = self.tr("Show index commands")
        self.indexes = CommandText(title, calls, lambda: self._of_answer(self.index_commands))
        self.take_room(Size.DIALOG_WIDTH + Space.XXL, Size.DIALOG_HEIGHT + Space.XXL * 6)

    def begin(self, *first: QWidget) -> None:
        """Put the dialog's own parts above the others, and listen to all of them."""
        parts = (self.what, self.where, self.replace, self.accounts, self.how)
        below = (self.forecast, self.notes, self.command, self.indexes)
        for part in (self.banner, *first, *parts, *below):
            self.body.addWidget(part)
        self.body.addStretch()
        for part in parts:
            part.changed.connect(self._on_changed)
        self._on_changed()

    # --- what a kind of dialog says ------------------------------------------------------

    def choice(self) -> RestoreChoice:
        """Return the parts as they stand."""
        choice = RestoreChoice(
            backup=BackupId(""),
            profile=self.where.profile.currentText(),
            chosen=self.what.chosen,
            where=self.where.where.value,
            targets=self.where.targets,
            confirmed=self.replace.confirmed,
            safety=self.replace.safety_choice,
            users_and_roles=self.accounts.choice,
        )
        return self.how.applied(choice)

    def answer(self) -> R:
        """Return the request as the parts stand."""
        raise NotImplementedError

    def plan(self, request: R) -> RestorePlan:
        """Look at both sides; runs on a worker thread."""
        raise NotImplementedError

    def official(self, request: R) -> str:
        """Return the equivalent with MongoDB's own tools; runs on a worker thread."""
        raise NotImplementedError

    def index_commands(self, request: R) -> str:
        """Return the createIndexes commands, one a line; runs on a worker thread."""
        raise NotImplementedError

    def what_is_missing(self, choice: RestoreChoice) -> str:
        """Say what has to be chosen yet; "" when there is enough to plan with."""
        if not choice.profile:
            return self.tr("Add a deployment first: there is no place to restore to.")
        self.how.show_problem(choice.problem)
        if choice.problem:
            return text.sentence(choice.problem)
        if choice.chosen.is_empty:
            return self.tr("Tick at least one collection.")
        if not choice.is_complete:
            return self.tr("Give every database a name.")
        return self.how.rate.problem

    def whose_accounts(self) -> str:
        """Say which users and roles would go along, and what becomes of them."""
        return self.tr(
            "Missing ones are added and can sign in with their old passwords; existing ones"
            " stay as they are. Only for databases that keep their names."
        )

    def verb_into(self, targets: str) -> str:
        """Return the button's verb; no targets means copies beside what exists."""
        if targets and self.how.on_existing is OnExisting.ONLY_MISSING:
            return self.tr("Add what is missing to {what}").format(what=targets)
        if targets:
            return self.tr("Restore into {what}").format(what=targets)
        return self.tr("Restore into a copy")

    def show_details(self, plan: RestorePlan | None) -> None:
        """Show what the sentence leaves out; None when there is no plan."""
        notes = plan.notes if plan is not None else ()
        self.notes.setText("\n".join(text.sentence(note) for note in notes))
        self.notes.setVisible(bool(notes))
        self.accounts.show_plan(plan.accounts if plan is not None else None)
        self.how.show_plan(plan)
        self.forecast.show_forecast(plan.forecast if plan is not None else None)
        self.command.refresh()
        self.indexes.refresh()

    # --- for kinds of dialog -------------------------------------------------------------

    def fill_targets(self, is_preferred: Callable[[Profile], bool]) -> None:
        """Offer every readable profile; the last preferred one is chosen."""
        for profile in self._services.profiles.all():
            if isinstance(profile, Profile):
                self.where.profile.addItem(profile.name)
                if is_preferred(profile):
                    self.where.profile.setCurrentText(profile.name)

    # --- inside --------------------------------------------------------------------------

    def _of_answer(self, find: Callable[[R], str]) -> Callable[[], str] | None:
        """Return what finds the commands for the question as it stands; None without its plan."""
        if not self._is_current or self._asked is None:
            return None
        request = self._asked
        return lambda: find(request)

    @Slot()
    def _on_changed(self) -> None:
        self.replace.turn_to(self.where.profile.currentText())
        self._forget_refusal()
        self.where.show_sources(sources_of(self.what.chosen), self.what.model.all_rows())
        self.where.show_plan(None)
        self.yes.setEnabled(False)
        self._show_as_current(is_current=False)
        self._name_button()
        missing = self.what_is_missing(self.choice())
        self._asked = None if missing else self.answer()
        if self._asked is None:
            self._newest.forget()
            self.say(missing)
        else:
            self.say(self.tr("Looking at the target…"))
            request = self._asked
            self._newest.ask(lambda: self.plan(request), self._on_planned, self._on_plan_failed)

    def _on_planned(self, plan: RestorePlan) -> None:
        self._plan = plan
        self._show_as_current(is_current=True)
        self.banner.clear()
        self.where.show_plan(plan)
        was_hidden = self.replace.isHidden()
        self.show_details(plan)
        self.replace.show_plan(plan)
        if self.how.on_existing is OnExisting.ONLY_MISSING:
            self.replace.hide()  # nothing is dropped, so nothing is to be confirmed
        if was_hidden and not self.replace.isHidden():
            QTimer.singleShot(0, self, self._on_replace_shown)
        self._name_button()
        obstacle = self._obstacle(plan)
        self.say(obstacle or self._sentence(plan), is_error=bool(obstacle))
        self.yes.setEnabled(not obstacle)

    def _obstacle(self, plan: RestorePlan) -> str:
        if plan.unconfirmed:
            words = self.tr(
                "{names} on {profile} holds data. Type its name above to go on, or choose a copy."
            )
            return words.format(names=", ".join(plan.unconfirmed), profile=plan.profile)
        if plan.forecast is not None and plan.forecast.privileges.allowed is False:
            words = self.tr("The user on {profile} may not do this: the role {role} is missing.")
            return words.format(profile=plan.profile, role=plan.forecast.privileges.role)
        if plan.replaced and self.replace.lacks_vault:
            return self.tr(
                "There is no vault for the backup of what would be dropped. Add a vault, or go"
                " without that backup."
            )
        return ""

    @Slot()
    def _on_replace_shown(self) -> None:
        self.bring_into_view(self.replace)

    def _on_plan_failed(self, error: MangroveError) -> None:
        self._plan = None
        self.where.show_plan(None)
        self.show_details(None)
        self.replace.hide()
        self.banner.show_error(error)
        self._shows_refusal = True
        self.say(text.sentence(error.message), is_error=True)

    def _show_as_current(self, *, is_current: bool) -> None:
        """Grey what the last plan said while the next is made; commands go altogether."""
        self._is_current = is_current
        for part in (self.notes, self.forecast, self.how.preview, self.accounts.names):
            part.setEnabled(is_current)
        self.replace.note.setEnabled(is_current)
        if not is_current:
            self.command.refresh()
            self.indexes.refresh()

    def _forget_refusal(self) -> None:
        """Take the banner away that was about another question."""
        if self._shows_refusal:
            self.banner.clear()
        self._shows_refusal = False

    def _sentence(self, plan: RestorePlan) -> str:
        sentence = plan.sentence
        if plan.replaced and self.replace.safety.isChecked():
            sentence += " " + self.tr("They are backed up first.")
        if self.how.index_choice is IndexChoice.NEVER:
            sentence += " " + self.tr("Indexes are left out.")
        if plan.forecast is not None and plan.forecast.space.room is Room.LACKING:
            sentence += " " + self.tr("There is NOT enough room on the target's disk.")
        return sentence

    def _name_button(self) -> None:
        """Let the button say its verb; the destructive one never answers to Enter."""
        replaced = replaced_databases(self._plan) if self._plan is not None else ()
        is_copy = self.where.where.value is Where.COPY and not self.how.patterns.entries
        is_danger = not is_copy and bool(replaced)
        if is_danger and len(replaced) == 1:
            verb = self.tr("Replace database {name}").format(name=shortened(replaced[0]))
        elif is_danger:
            verb = self.tr("Replace {databases}").format(databases=self._databases(len(replaced)))
        else:
            verb = self.verb_into("" if is_copy else self._target_words())
        self.yes.setText(verb.replace("&", "&&"))
        self.yes.setProperty("kind", "danger" if is_danger else "primary")
        self.yes.style().unpolish(self.yes)
        self.yes.style().polish(self.yes)
        self.yes.setAutoDefault(not is_danger)
        self.yes.setDefault(not is_danger)

    def _target_words(self) -> str:
        targets = sorted({target for _, target in self.where.targets})
        if self._plan is not None and self.how.patterns.entries:
            targets = sorted({p.target.database for p in self._plan.namespaces})
        return shortened(targets[0]) if len(targets) == 1 else self._databases(len(targets))

    def _databases(self, number: int) -> str:
        return counted(number, self.tr("database"), self.tr("databases"))
