"""The database tree of a deployment, with what is selected handed to a backup."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.deployment import CollectionSize
from mangrove.core.errors import MangroveError
from mangrove.core.restores.leftovers import Leftover, StrangeScratch
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.models.contents_model import rows_of_deployment
from mangrove.ui.models.namespace_rows import Chosen
from mangrove.ui.models.namespace_tree_model import NamespaceTreeModel
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner, BannerKind, LastingBanner
from mangrove.ui.widgets.fields.search_field import SearchField
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.tables.namespace_tree import NamespaceTree
from mangrove.ui.wording import counted

_Found = tuple[tuple[CollectionSize, ...], tuple[Leftover, ...], tuple[StrangeScratch, ...]]


class DatabasesTab(QWidget):
    """Lists databases and collections when it is looked at.

    Signals:
        backup_wanted, copy_wanted: The ``Chosen`` rows.
    """

    backup_wanted = Signal(object)
    copy_wanted = Signal(object)

    def __init__(self, services: Services, calls: Calls, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services, self._calls = services, calls
        self._profile = ""
        self._listed = ""
        self.banner, self.left, self.strange = Banner(), LastingBanner(), LastingBanner()
        self.leftovers: tuple[Leftover, ...] = ()
        self.model = NamespaceTreeModel(parent=self)
        self.tree = NamespaceTree(self.model)
        self.tree.setObjectName("databases")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.search = SearchField(self.tr("Find a collection"))
        self.total = TextLabel("", "muted")
        self.back_up = QPushButton(self.tr("Back up &selected…"))
        self.copy = QPushButton(self.tr("&Copy to…"))
        self._enable(is_enabled=False)
        top = QHBoxLayout()
        top.setSpacing(Space.S)
        top.addWidget(self.search)
        top.addWidget(self.total, 1)
        top.addWidget(self.copy)
        top.addWidget(self.back_up)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.M, 0, 0)
        column.setSpacing(Space.S + Space.HALF)
        column.addWidget(self.banner)
        column.addWidget(self.left)
        column.addWidget(self.strange)
        column.addLayout(top)
        column.addWidget(self.tree, 1)
        self.search.filter_changed.connect(self.tree.filter_by)
        self.back_up.clicked.connect(self._on_back_up_clicked)
        self.copy.clicked.connect(self._on_copy_clicked)
        self.banner.action_triggered.connect(self.reload)
        self.left.action_triggered.connect(self._on_remove_leftovers)
        self.tree.selectionModel().selectionChanged.connect(self._on_selection_changed)

    def show_profile(self, name: str) -> None:
        """Show another deployment; it is listed once the tab is looked at."""
        if name != self._profile:
            self._profile, self._listed = name, ""
            self.model.set_rows(())
            self.banner.clear()
            self._show_leftovers(())
            self._show_strange(())
            self.total.setText("")
            self._enable(is_enabled=False)

    def look(self) -> None:
        """List the databases if that was not done yet."""
        if self._profile and self._listed != self._profile:
            self.reload()

    @Slot()
    def reload(self) -> None:
        """List the databases anew."""
        name = self._profile
        self._listed = name
        self.banner.clear()
        self.total.setText(self.tr("Listing…"))
        self._calls.run(
            self,
            lambda: self._found(name),
            lambda found: self._on_listed(name, *found),
            lambda error: self._on_list_failed(name, error),
        )

    def _found(self, name: str) -> _Found:
        found, leftovers = self._services.profiles.collections(name), self._services.leftovers
        return found, leftovers.among(name, found), leftovers.strange_among(name, found)

    def _on_listed(
        self,
        name: str,
        found: tuple[CollectionSize, ...],
        left: tuple[Leftover, ...],
        strange: tuple[StrangeScratch, ...],
    ) -> None:
        if name != self._profile:
            return
        self._show_strange(strange)
        self.model.set_rows(rows_of_deployment(found))
        self._show_leftovers(left)
        words = self.tr("{databases}, {collections}, {size}")
        databases = len(self.model.databases)
        self.total.setText(
            words.format(
                databases=counted(databases, self.tr("database"), self.tr("databases")),
                collections=counted(len(found), self.tr("collection"), self.tr("collections")),
                size=text.size(sum(c.data_bytes for c in found)),
            )
        )

    def _on_list_failed(self, name: str, error: MangroveError) -> None:
        if name == self._profile:
            self._listed = ""
            self.total.setText("")
            self.banner.show_error(error, self.tr("Try again"))

    def _show_leftovers(self, found: tuple[Leftover, ...]) -> None:
        """Say what a restore left that did not end; those running have such collections too."""
        self.leftovers = found
        if not found:
            self.left.clear()
            return
        words = self.tr(
            "{collections} left by a restore that did not end, or being loaded by one that runs."
        )
        number = counted(len(found), self.tr("collection"), self.tr("collections"))
        self.left.show_message(
            BannerKind.WARNING, words.format(collections=number), self.tr("Remove…")
        )

    def _show_strange(self, found: tuple[StrangeScratch, ...]) -> None:
        """Say what proofs of others left or fill there; it is not removed from here."""
        if not found:
            self.strange.clear()
            return
        words = self.tr(
            "{databases} of unknown origin ({names}): proofs of another workstation or profile left"
            " them, or work there now. Drop them by hand once no proof runs."
        )
        shown = ", ".join(x.database for x in found[:3])
        number = counted(len(found), self.tr("database"), self.tr("databases"))
        self.strange.show_message(BannerKind.INFO, words.format(databases=number, names=shown))

    @Slot()
    def _on_remove_leftovers(self) -> None:
        name, found = self._profile, self.leftovers
        safe = [x for x in found if x.is_safe]
        kept = [x for x in found if not x.is_safe]
        if not safe:
            words = self.tr(
                "Each of them may be the only copy of what it was to become, or somebody else's, so"
                " none is removed here: {names}. Rename them, or use mangrove profile clean."
            )
            names = ", ".join(str(x.namespace) for x in kept)
            self.banner.show_message(BannerKind.INFO, words.format(names=names))
            return
        wanted = Confirmation(
            title=self.tr("Remove what restores left"),
            question=self.tr("These collections on {name} are dropped:").format(name=name),
            removed=[x.sentence for x in safe],
            kept=self._kept_words(len(kept)),
            verb=self.tr("Drop {collections}").format(
                collections=counted(len(safe), self.tr("collection"), self.tr("collections"))
            ),
        )
        if ConfirmDialog.ask(self, wanted):
            names_of = [x.namespace for x in safe]
            self._calls.run(
                self,
                lambda: self._services.leftovers.remove(name, names_of),
                lambda _removed: self.reload(),
                lambda error: self._on_list_failed(name, error),
            )

    def _kept_words(self, number: int) -> str:
        words = self.tr("Be sure that no restore into this deployment is running elsewhere.")
        if number:
            more = self.tr("{number} that may be the only copy or somebody else's stay.")
            return f"{words} {more.format(number=number)}"
        return words

    @Slot()
    def _on_selection_changed(self) -> None:
        self._enable(is_enabled=self.tree.selectionModel().hasSelection())

    def _enable(self, *, is_enabled: bool) -> None:
        for button in (self.back_up, self.copy):
            button.setEnabled(is_enabled)

    @Slot()
    def _on_back_up_clicked(self) -> None:
        chosen: Chosen = self.tree.selected()
        if not chosen.is_empty:
            self.backup_wanted.emit(chosen)

    @Slot()
    def _on_copy_clicked(self) -> None:
        chosen: Chosen = self.tree.selected()
        if not chosen.is_empty:
            self.copy_wanted.emit(chosen)
