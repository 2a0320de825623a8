"""Asks what shall be backed up, where to, and how consistent it has to be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import BackupRequest, Consistency, Selection
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.profile import Profile
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.accounts_part import AccountsPart
from mangrove.ui.dialogs.backup_filters import (
    FilterPart,
    PatternsFound,
    PatternsPart,
    patterns_found,
)
from mangrove.ui.dialogs.live_part import LivePart
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vault_choice import CompressionBox, PlainVaultWarning, VaultBox
from mangrove.ui.models.namespace_rows import Chosen, NamespaceRow
from mangrove.ui.models.namespace_tree_model import NAMESPACE_ROLE
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.command_text import CommandText
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.rate_field import RateField
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.wording import counted


@dataclass(frozen=True, slots=True)
class BackupPreset:
    """What the dialog starts with; empty fields leave the choice open."""

    profile: str = ""
    vault: str = ""
    selection: Selection = field(default_factory=Selection)


class BackupDialog(QuestionDialog):
    """What, where to and how, with a sentence that says what will happen."""

    def __init__(
        self, parent: QWidget | None, services: Services, calls: Calls, preset: BackupPreset
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Back up"))
        self.yes.setText(self.tr("&Back up now"))
        self._services, self._calls, self._preset = services, calls, preset
        self._vault_is_picked = bool(preset.vault)
        self.profile, self.vault = ChoiceBox(), VaultBox(services.vaults.all())
        self.compression = CompressionBox()
        self.compression.offer_vaults_own()
        self.banner, self.warning = Banner(), PlainVaultWarning()
        self.scope = ChoiceList(self._scopes())
        self.live = LivePart(services.profiles, calls, self.banner, is_titled=False)
        self.live.tick_at_first(preset.profile, preset.selection)
        self.model, self.tree = self.live.model, self.live.tree
        self.filter = FilterPart(calls, services.backups.count)
        self.patterns = PatternsPart()
        self.command = CommandText(self.tr("Show as mongodump command"), calls, self._official)
        self.consistency = ChoiceList(self._consistencies())
        self.how, self.rate = Fold(self.tr("How fast")), RateField()
        self.accounts = AccountsPart(
            self.tr(
                "Who may sign in and what they may do, with their password hashes: whoever opens"
                " the backup has those too."
            )
        )
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL * 4)
        self._fill()
        self._lay_out_parts()
        self._connect()
        self._on_profile_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        preset: BackupPreset | None = None,
    ) -> BackupRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls, preset or BackupPreset())
        return asked(dialog, dialog.answer)

    def answer(self) -> BackupRequest:
        """Return the request as the fields stand."""
        return BackupRequest(
            profile=self.profile.currentText(),
            vault=self.vault.currentText(),
            selection=self._selection(),
            consistency=self.consistency.value,
            compression=self.compression.currentData(),
            plain_credentials=self.accounts.plain_choice,
            limit_bytes_per_s=self.rate.bytes_per_s,
        )

    def _selection(self) -> Selection:
        """Return what is chosen.

        Raises:
            InvalidSelectionError: If a query is not understood.
        """
        selection = self._without_queries()
        if self.scope.value:
            return selection
        return replace(selection, queries=self.filter.queries(selection))

    def _without_queries(self) -> Selection:
        chosen = Chosen() if self.scope.value else self.model.chosen()
        users = self.accounts.choice
        chosen_all = Selection(chosen.databases, chosen.collections, users_and_roles=users)
        return self.patterns.applied(chosen_all)

    def _official(self) -> Callable[[], str] | None:
        if not self.yes.isEnabled():
            return None
        request = self.answer()
        return lambda: self._services.backups.official(request).text

    def _fill(self) -> None:
        for profile in self._services.profiles.all():
            if isinstance(profile, Profile):
                self.profile.addItem(profile.name)
        _select(self.profile, self._preset.profile)
        _select(self.vault, self._preset.vault)
        self.scope.choose(self._preset.selection.is_whole)

    def _scopes(self) -> Sequence[Option[bool]]:
        return (
            Option(
                value=True,
                title=self.tr("&Whole deployment"),
                sentence=self.tr(
                    "Every database but the server's own. Only this counts as full protection."
                ),
            ),
            Option(
                value=False,
                title=self.tr("&Chosen databases and collections"),
                sentence=self.tr("Only what is ticked below."),
            ),
        )

    def _consistencies(self) -> Sequence[Option[Consistency]]:
        return (
            Option(
                Consistency.AUTO,
                self.tr("Be&st available"),
                self.tr("Takes one moment where the deployment allows it, and says which it took."),
            ),
            Option(
                Consistency.SNAPSHOT,
                self.tr("&One moment"),
                self.tr(
                    "Every collection as it was at the same instant, or the backup fails."
                    " Needs a replica set."
                ),
            ),
            Option(
                Consistency.OPLOG,
                self.tr("With oplo&g"),
                self.tr(
                    "Collection by collection, however long it takes; what is written meanwhile"
                    " is kept and replayed on restore. Needs a replica set."
                ),
            ),
            Option(
                Consistency.NONE,
                self.tr("&Not consistent"),
                self.tr(
                    "Each collection as it is when it is read: what is written meanwhile may"
                    " be in one collection and missing in another."
                ),
            ),
        )

    def _lay_out_parts(self) -> None:
        where = QHBoxLayout()
        where.setSpacing(Space.M)
        where.addWidget(FormRow(self.tr("&Profile"), self.profile), 1)
        where.addWidget(FormRow(self.tr("Into &vault"), self.vault), 1)
        where.addWidget(FormRow(self.tr("Co&mpression"), self.compression), 1)
        self.body.addLayout(where)
        self.body.addWidget(self.banner)
        self.body.addWidget(self.warning)
        self.add_section(self.tr("What"), self.scope)
        self.tree.setMinimumHeight(Space.XXL * 4)
        self.body.addWidget(self.live, 1)
        self.body.addWidget(self.filter)
        self.body.addWidget(self.patterns)
        self.body.addWidget(self.accounts)
        self.add_section(self.tr("Consistency"), self.consistency)
        self.how.column.addWidget(self.rate)
        self.body.addWidget(self.how)
        self.body.addWidget(self.command)
        self.body.addStretch()

    def _connect(self) -> None:
        self.profile.currentIndexChanged.connect(self._on_profile_changed)
        self.vault.currentIndexChanged.connect(self._on_changed)
        self.vault.activated.connect(self._on_vault_picked)
        self.scope.chosen.connect(self._on_scope_chosen)
        self.consistency.chosen.connect(self._on_changed)
        self.live.changed.connect(self._on_ticked)
        self.tree.selectionModel().currentChanged.connect(self._on_ticked)
        for part in (self.filter, self.patterns, self.accounts, self.rate):
            part.changed.connect(self._on_changed)

    @Slot()
    def _on_profile_changed(self) -> None:
        name = self.profile.currentText()
        self.filter.turn_to(name)
        self.live.turn_to(name)
        if name:
            self._calls.run(
                self,
                lambda: self._services.backups.usual_vault(name),
                lambda vault: self._on_usual_vault(name, vault),
                lambda _error: None,  # the first vault stays chosen
            )
        self._on_changed()

    @Slot()
    def _on_scope_chosen(self) -> None:
        self._on_changed()
        if not self.scope.value:
            self.bring_into_view(self.live)

    @Slot()
    def _on_vault_picked(self) -> None:
        self._vault_is_picked = True

    def _on_usual_vault(self, name: str, vault: str) -> None:
        """Choose the vault that the profile's newest backup went to, until a person chooses."""
        if name == self.profile.currentText() and not self._vault_is_picked:
            _select(self.vault, vault)

    @Slot()
    def _on_ticked(self) -> None:
        """Let the query of the collection be edited that is picked and ticked."""
        row = self.tree.currentIndex().data(NAMESPACE_ROLE)
        is_one = isinstance(row, NamespaceRow) and bool(row.collection)
        self.filter.show_row(
            row if is_one and self._without_queries().matches(row.namespace) else None
        )
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self.live.setVisible(not self.scope.value)
        self.filter.setVisible(not self.scope.value and self.live.is_known)
        self.patterns.turn_to(whole=self.scope.value)
        found = self._found()
        self.patterns.show_found(found)
        spec = self.vault.spec
        self.accounts.turn_to(is_encrypted=spec is None or spec.is_encrypted)
        missing = self._missing(found)
        problem = missing or self._problem(found) or self._problem_of_accounts()
        self.yes.setEnabled(not problem)
        self.say(problem or self._sentence(found), is_error=bool(problem) and not missing)
        self.warning.show_for(self.vault.spec)
        self.command.refresh()

    def _found(self) -> PatternsFound | None:
        """Return what is taken of what the deployment lists; None while that is not known."""
        if not self.live.is_known:
            return None
        every = self.model.all_rows()
        ticked = every if self.scope.value else self.model.chosen_rows()
        return patterns_found(self._without_queries(), every, ticked)

    def _missing(self, found: PatternsFound | None) -> str:
        """Say what there has to be yet."""
        if not self.profile.currentText():
            return self.tr("Add a profile first: there is no deployment to back up.")
        if not self.vault.currentText():
            return self.tr("Add a vault first: there is no place to keep the backup.")
        if self.scope.value:
            return ""
        if found is None:
            return self.live.missing
        is_chosen = self._without_queries().is_chosen
        return "" if is_chosen else self.tr("Tick at least one collection.")

    def _problem(self, found: PatternsFound | None) -> str:
        if self.scope.value and self.live.is_partial:
            words = self.tr(
                "The user on {profile} is shown only some of its databases. Grant the role backup,"
                " or choose databases."
            )
            return words.format(profile=self.profile.currentText())
        if found is not None and found.idle:
            words = self.tr("The pattern '{pattern}' matches no collection.")
            return words.format(pattern=found.idle)
        if found is not None and found.all and not found.taken:
            return self.tr("The patterns leave out everything.")
        try:
            self._selection()
        except InvalidSelectionError as error:
            return text.sentence(error.message)
        return self.rate.problem

    def _problem_of_accounts(self) -> str:
        if self.accounts.lacks_word:
            return self.tr("Password hashes would lie open in this vault. Tick that you want it.")
        selection = self._without_queries()
        wanted = selection.users_and_roles is UsersAndRoles.INCLUDE
        if wanted and selection.is_chosen and not selection.databases:
            return self.tr("Users and roles belong to whole databases: tick one as a whole.")
        return ""

    def _sentence(self, found: PatternsFound | None) -> str:
        words = self.tr(
            "Back up {what} from {profile} into {vault}. Nothing on the deployment is changed."
        )
        said = [
            words.format(
                what=self._what(found),
                profile=self.profile.currentText(),
                vault=self.vault.currentText(),
            )
        ]
        if self.accounts.choice is UsersAndRoles.INCLUDE:
            said.append(self.tr("Users and roles go along."))
        selection = self._selection()
        if selection.is_filtered:
            said.append(self.tr("It is filtered, so it does not count as full protection."))
        elif self.scope.value and selection.exclude:
            said.append(self.tr("What is left out of it is not protected."))
        return " ".join(said)

    def _what(self, found: PatternsFound | None) -> str:
        selection = self._without_queries()
        if found is None:
            is_all = selection.is_whole
            rest = self.tr("everything but what the patterns leave out")
            return self.tr("the whole deployment") if is_all else rest
        is_filtered = self._selection().is_filtered
        words = (
            self.tr("{collections}, at most {size}")
            if is_filtered
            else self.tr("{collections}, {size}")
        )
        figures = words.format(
            collections=counted(len(found.taken), self.tr("collection"), self.tr("collections")),
            size=text.size(sum(row.plain_bytes for row in found.taken)),
        )
        if selection.is_whole:
            return self.tr("the whole deployment ({figures})").format(figures=figures)
        return figures


def _select(box: QComboBox, wanted: str) -> None:
    at = box.findText(wanted)
    if at >= 0:
        box.setCurrentIndex(at)
