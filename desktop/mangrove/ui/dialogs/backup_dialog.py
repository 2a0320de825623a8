"""Asks what shall be backed up, where to, and how consistent it has to be."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QWidget

from mangrove.core.backup import BackupRequest, Compression, Consistency, Selection
from mangrove.core.deployment import CollectionSize
from mangrove.core.errors import MangroveError
from mangrove.core.profile import Profile
from mangrove.core.vault import VaultSpec
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.models.contents_model import rows_of_deployment
from mangrove.ui.models.namespace_tree_model import NamespaceTreeModel
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.choice_list import ChoiceList, Option
from mangrove.ui.widgets.form import FormRow
from mangrove.ui.widgets.labels import SectionTitle
from mangrove.ui.widgets.namespace_tree import NamespaceTree
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
        self._vaults: dict[str, VaultSpec] = {v.name: v for v in services.vaults.all()}
        self._listed_for = ""
        self.profile, self.vault, self.compression = QComboBox(), QComboBox(), QComboBox()
        self.banner, self.warning = Banner(), Banner()
        self.scope = ChoiceList(self._scopes())
        self.model = NamespaceTreeModel(checkable=True, parent=self)
        self.tree = NamespaceTree(self.model)
        self.consistency = ChoiceList(self._consistencies())
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
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        answer = dialog.answer() if accepted else None
        dialog.deleteLater()
        return answer

    def answer(self) -> BackupRequest:
        """Return the request as the fields stand."""
        return BackupRequest(
            profile=self.profile.currentText(),
            vault=self.vault.currentText(),
            selection=self._selection(),
            consistency=self.consistency.value,
            compression=self.compression.currentData(),
        )

    def _selection(self) -> Selection:
        if self.scope.value:
            return Selection()
        chosen = self.model.chosen()
        return Selection(chosen.databases, chosen.collections)

    def _fill(self) -> None:
        for profile in self._services.profiles.all():
            if isinstance(profile, Profile):
                self.profile.addItem(profile.name)
        self.vault.addItems(list(self._vaults))
        _select(self.profile, self._preset.profile)
        _select(self.vault, self._preset.vault)
        self.compression.addItem(self.tr("As the vault says"), None)
        self.compression.addItem(self.tr("zstd: small and quick"), Compression.ZSTD)
        self.compression.addItem(self.tr("gzip: opens everywhere"), Compression.GZIP)
        self.compression.addItem(self.tr("none: quickest, largest"), Compression.NONE)
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
                self.tr("&Best available"),
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
                Consistency.NONE,
                self.tr("&Not consistent"),
                self.tr(
                    "Each collection as it is when it is read: what is written meanwhile may"
                    " be in one collection and missing in another."
                ),
            ),
        )

    def _lay_out_parts(self) -> None:
        self.warning.keep_open()
        where = QHBoxLayout()
        where.setSpacing(Space.M)
        where.addWidget(FormRow(self.tr("&Profile"), self.profile), 1)
        where.addWidget(FormRow(self.tr("Into &vault"), self.vault), 1)
        where.addWidget(FormRow(self.tr("Co&mpression"), self.compression), 1)
        self.body.addLayout(where)
        self.body.addWidget(self.banner)
        self.body.addWidget(self.warning)
        self.body.addWidget(SectionTitle(self.tr("What")))
        self.body.addWidget(self.scope)
        self.tree.setMinimumHeight(Space.XXL * 4)
        self.body.addWidget(self.tree, 1)
        self.body.addWidget(SectionTitle(self.tr("Consistency")))
        self.body.addWidget(self.consistency)
        self.body.addStretch()

    def _connect(self) -> None:
        self.profile.currentIndexChanged.connect(self._on_profile_changed)
        self.vault.currentIndexChanged.connect(self._on_changed)
        self.scope.chosen.connect(self._on_changed)
        self.consistency.chosen.connect(self._on_changed)
        self.model.choice_changed.connect(self._on_changed)

    @Slot()
    def _on_profile_changed(self) -> None:
        name = self.profile.currentText()
        self._listed_for = ""
        self.model.set_rows(())
        self.banner.clear()
        if name:
            self._calls.run(
                self,
                lambda: self._services.profiles.collections(name),
                lambda found: self._on_listed(name, found),
                lambda error: self._on_list_failed(name, error),
            )
        self._on_changed()

    def _on_listed(self, name: str, found: tuple[CollectionSize, ...]) -> None:
        if name != self.profile.currentText():
            return
        self._listed_for = name
        self.model.set_rows(rows_of_deployment(found))
        wanted = self._preset.selection
        if not wanted.is_whole and name == self._preset.profile:
            self.model.choose(wanted.databases, wanted.collections)
        self._on_changed()

    def _on_list_failed(self, name: str, error: MangroveError) -> None:
        if name == self.profile.currentText():
            self.banner.show_error(error)
            self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self.tree.setVisible(not self.scope.value)
        problem = self._problem()
        self.yes.setEnabled(not problem)
        self.say(problem or self._sentence(), is_error=bool(problem))
        self._warn_of_plain_vault()

    def _warn_of_plain_vault(self) -> None:
        spec = self._vaults.get(self.vault.currentText())
        if spec is None or spec.is_encrypted:
            self.warning.clear()
            return
        words = self.tr(
            "The vault {name} is not encrypted: whoever can read its storage can read the data."
        )
        self.warning.show_message(BannerKind.WARNING, words.format(name=spec.name))

    def _problem(self) -> str:
        if not self.profile.currentText():
            return self.tr("Add a profile first: there is no deployment to back up.")
        if not self.vault.currentText():
            return self.tr("Add a vault first: there is no place to keep the backup.")
        if self.scope.value:
            return ""
        if self._listed_for != self.profile.currentText():
            return self.tr("The databases are not known yet.")
        if self.model.chosen().is_empty:
            return self.tr("Tick at least one collection.")
        return ""

    def _sentence(self) -> str:
        words = self.tr(
            "Back up {what} from {profile} into {vault}. Nothing on the deployment is changed."
        )
        return words.format(
            what=self._what(), profile=self.profile.currentText(), vault=self.vault.currentText()
        )

    def _what(self) -> str:
        if self.scope.value and self._listed_for != self.profile.currentText():
            return self.tr("the whole deployment")
        rows = self.model.all_rows() if self.scope.value else self.model.chosen_rows()
        figures = self.tr("{collections}, {size}").format(
            collections=counted(len(rows), self.tr("collection"), self.tr("collections")),
            size=text.size(sum(row.plain_bytes for row in rows)),
        )
        if self.scope.value:
            return self.tr("the whole deployment ({figures})").format(figures=figures)
        return figures


def _select(box: QComboBox, wanted: str) -> None:
    at = box.findText(wanted)
    if at >= 0:
        box.setCurrentIndex(at)
