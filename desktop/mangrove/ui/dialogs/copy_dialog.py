"""Asks what of one deployment is copied straight into another, and under which names."""

from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import OnExisting, Selection
from mangrove.core.copy import CopyRequest
from mangrove.core.profile import Profile
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.shell_command import shell_command
from mangrove.services.bundle import Services
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.live_part import LivePart
from mangrove.ui.dialogs.plan_dialog import PlanDialog
from mangrove.ui.dialogs.question_dialog import asked
from mangrove.ui.dialogs.restore_choice import RestoreChoice
from mangrove.ui.dialogs.restore_parts import ReplacePart
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import FormRow


class CopyDialog(PlanDialog[CopyRequest]):
    """A deployment as the source; it may be the target too, with other names."""

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        profile: str = "",
        selection: Selection | None = None,
    ) -> None:
        vaults = [spec.name for spec in services.vaults.all()]
        self.live = LivePart(services.profiles, calls, Banner())
        super().__init__(parent, services, calls, self.live, ReplacePart(vaults))
        self.setWindowTitle(self.tr("Copy to another deployment"))
        self.live.tick_at_first(profile, selection or Selection())
        self._profiles = {p.name: p for p in services.profiles.all() if isinstance(p, Profile)}
        self.source = ChoiceBox()
        self.source.addItems(list(self._profiles))
        self.source.setCurrentText(profile)
        source = self.source.currentText()
        others = [name for name in self._profiles if name != source]
        self.fill_targets(lambda candidate: candidate.name in others[:1])
        self.begin(FormRow(self.tr("&From"), self.source), self.live.banner)
        self.source.currentIndexChanged.connect(self._on_source_changed)
        self._on_source_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        profile: str = "",
        selection: Selection | None = None,
    ) -> CopyRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls, profile, selection)
        return asked(dialog, dialog.answer)

    @override
    def answer(self) -> CopyRequest:
        choice = self.choice()
        return CopyRequest(
            source=self.source.currentText(),
            selection=Selection(choice.chosen.databases, choice.chosen.collections),
            restore=replace(choice.request(), include=(), exclude=()),
            safety_vault=self.replace.vault_name,
        )

    @override
    def plan(self, request: CopyRequest) -> RestorePlan:
        return self._services.copies.preview(request)

    @override
    def official(self, request: CopyRequest) -> str:
        return self._services.copies.official(request).text

    @override
    def index_commands(self, request: CopyRequest) -> str:
        return "\n".join(map(shell_command, self._services.copies.index_commands(request)))

    @override
    def what_is_missing(self, choice: RestoreChoice) -> str:
        if choice.profile and self.live.missing:
            return self.live.missing
        missing = super().what_is_missing(choice) or self._own_names(choice)
        wants_users = choice.users_and_roles is UsersAndRoles.INCLUDE
        if not missing and wants_users and not choice.chosen.databases:
            return self.tr("Users and roles belong to whole databases: tick one as a whole.")
        return missing

    @override
    def whose_accounts(self) -> str:
        return self.tr(
            "Those of the whole databases ticked above. Missing ones are added and can sign in"
            " with their old passwords; existing ones stay as they are. Only for databases"
            " that keep their names."
        )

    @override
    def verb_into(self, targets: str) -> str:
        if targets and self.how.on_existing is OnExisting.ONLY_MISSING:
            return super().verb_into(targets)
        if targets:
            return self.tr("Copy into {what}").format(what=targets)
        return self.tr("Copy into new databases")

    def _own_names(self, choice: RestoreChoice) -> str:
        """Say which databases would be copied onto themselves."""
        same = [name for name, target in choice.targets if name == target]
        source, target = (
            self._profiles.get(n) for n in (self.source.currentText(), choice.profile)
        )
        if not (same and source and target and _is_same_deployment(source, target)):
            return ""
        words = self.tr("{profile} is where the data come from. Give {names} another name there.")
        return words.format(profile=choice.profile, names=", ".join(same))

    @Slot()
    def _on_source_changed(self) -> None:
        self.live.turn_to(self.source.currentText())


def _is_same_deployment(one: Profile, other: Profile) -> bool:
    """Whether two profiles lead to the same place: they share a host, seen from the same tunnel."""
    if one.profile_id == other.profile_id:
        return True
    hosts = (frozenset(map(str.casefold, p.uri.hosts)) for p in (one, other))
    return one.tunnel == other.tunnel and bool(frozenset.intersection(*hosts))
