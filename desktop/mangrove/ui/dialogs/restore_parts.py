"""The parts of the restore dialog: what, where, and what it replaces."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.backup import SafetyBackup
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import database_room, kept_name
from mangrove.core.restores.naming import MAX_DATABASE_BYTES, copy_name
from mangrove.core.restores.plan import RestorePlan
from mangrove.ui.dialogs.restore_choice import Where
from mangrove.ui.models.namespace_rows import NamespaceRow
from mangrove.ui.models.rename_model import EFFECT, RenameModel, RenameRow
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.typed_confirmation import TypedConfirmation
from mangrove.ui.widgets.labels import SectionTitle, TextLabel

_MOST_ROWS = 6
_LEAST_EFFECT = 180  # px; what stands at a target is said in a few words


class WherePart(QWidget):
    """The deployment, and the name of each database there.

    Signals:
        changed(): Deployment or a name is another.
    """

    changed = Signal()

    def __init__(self, at: datetime, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._at = at
        self._sources: tuple[str, ...] = ()
        self._rooms: Mapping[str, int] = {}
        self._named: dict[str, str] = {}
        self.profile = ChoiceBox()
        self.where = ChoiceList(
            (
                Option(
                    Where.COPY,
                    self.tr("Into a &copy"),
                    self.tr("New databases beside the existing ones. Nothing is overwritten."),
                ),
                Option(
                    Where.NAMED,
                    self.tr("Into databases that I &name"),
                    self.tr("What stands there already is shown, and must be confirmed by name."),
                ),
            )
        )
        self.model = RenameModel(self)
        self.table = QTableView()
        self._lay_out()
        self.profile.currentIndexChanged.connect(self.changed)
        self.where.chosen.connect(self._on_where_chosen)
        self.model.targets_changed.connect(self._on_targets_changed)

    def show_sources(self, sources: tuple[str, ...], rows: Sequence[NamespaceRow] = ()) -> None:
        """Show a line for each of these databases; names given before are kept.

        Args:
            sources: The databases that anything is restored of.
            rows: All collections known of them: long names leave less room for a copy's.
        """
        self._sources = sources
        names: dict[str, list[str]] = {}
        for row in rows:
            names.setdefault(row.database, []).append(kept_name(row.collection, row.kind))
        self._rooms = {database: database_room(kept) for database, kept in names.items()}
        self._show_rows()

    def show_plan(self, plan: RestorePlan | None) -> None:
        """Say what stands at each target; None while that is not known."""
        self.model.show_plan(plan)
        if plan is not None:
            wanted = max(
                self.table.sizeHintForColumn(EFFECT),
                self.table.horizontalHeader().sectionSizeHint(EFFECT),
            )
            room = self.table.viewport().width() * 2 // 5
            self.table.setColumnWidth(EFFECT, min(wanted, max(room, _LEAST_EFFECT)))

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """Source and target of each database."""
        return tuple((row.source, row.target) for row in self.model.rows)

    def _lay_out(self) -> None:
        self.table.setModel(self.model)
        self.table.verticalHeader().hide()
        row = max(Size.TABLE_ROW, self.table.fontMetrics().height() + Space.M)
        self.table.verticalHeader().setDefaultSectionSize(row)
        self.table.setShowGrid(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setAccessibleName(self.tr("Names of the restored databases"))
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(EFFECT, QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)
        column = _column(self)
        column.addWidget(SectionTitle(self.tr("Where")))
        column.addWidget(FormRow(self.tr("&Deployment"), self.profile))
        column.addWidget(self.where)
        column.addWidget(self.table)
        self.table.hide()  # until there is something to name

    def _show_rows(self) -> None:
        names = self._copies() if self.where.value is Where.COPY else self._named
        rows = [RenameRow(s, names.get(s, s)) for s in self._sources]
        self.model.set_rows(rows, editable=self.where.value is Where.NAMED)
        self.table.setVisible(bool(rows))
        shown = min(max(1, len(rows)), _MOST_ROWS)
        height = self.table.verticalHeader().defaultSectionSize() * shown
        frame = 2 * self.table.frameWidth() + Space.HALF
        self.table.setFixedHeight(
            self.table.horizontalHeader().sizeHint().height() + height + frame
        )

    def _copies(self) -> Mapping[str, str]:
        return {source: self._copy_of(source) for source in self._sources}

    def _copy_of(self, source: str) -> str:
        """Name the copy as the command line does; without any room the plan will say so."""
        try:
            return copy_name(source, self._at, self._rooms.get(source, MAX_DATABASE_BYTES))
        except InvalidSelectionError:
            return copy_name(source, self._at)

    @Slot()
    def _on_where_chosen(self) -> None:
        self._show_rows()
        self.changed.emit()

    @Slot()
    def _on_targets_changed(self) -> None:
        self._named.update(dict(self.targets))
        self.changed.emit()


class ReplacePart(QWidget):
    """What stands at the target already: each database's name must be typed.

    Signals:
        changed(): A name was typed or taken back, or the safety backup or its vault is another.
    """

    changed = Signal()

    def __init__(self, vaults: Sequence[str] | None = None, parent: QWidget | None = None) -> None:
        """Lay out the part.

        Args:
            vaults: Where a safety backup may go; None when it goes to the backup's own vault.
            parent: As ever.
        """
        super().__init__(parent)
        self._has_own_vault = vaults is None
        self.fields: dict[str, TypedConfirmation] = {}
        self._profile = ""
        self.note = TextLabel("", "strong").wrapping()
        self.safety = QCheckBox(self.tr("Back up first what &would be dropped"))
        self.safety.setChecked(True)
        self.vault = ChoiceBox()
        self.vault.addItems(list(vaults or ()))
        self._into = TextLabel(self.tr("into the vault"))
        self.vault.setAccessibleName(self.tr("Vault of the safety backup"))
        if self._has_own_vault:
            self.safety.setToolTip(self.tr("Into the same vault as this backup."))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(Space.S)
        column = _column(self)
        column.addWidget(SectionTitle(self.tr("Existing data")))
        column.addWidget(self.note)
        column.addLayout(self._rows)
        self._safety_row = QWidget()
        below = QHBoxLayout()
        below.setContentsMargins(Space.L, 0, 0, 0)
        below.setSpacing(Space.S)
        below.addWidget(self._into)
        below.addWidget(self.vault)
        below.addStretch()
        rows = _column(self._safety_row)
        rows.addWidget(self.safety)
        rows.addLayout(below)
        column.addWidget(self._safety_row)
        self._show_vault()
        self.safety.toggled.connect(self._on_safety_toggled)
        self.vault.currentIndexChanged.connect(self.changed)
        self.hide()

    def turn_to(self, profile: str) -> None:
        """Forget at once what was typed for another deployment: it was no yes to this one."""
        if profile != self._profile:
            self._profile = profile
            self._forget(tuple(self.fields))
            self.hide()

    def show_plan(self, plan: RestorePlan | None) -> None:
        """Ask for the names of the databases that the plan found occupied."""
        if plan is None:
            return
        self._forget(tuple(name for name in self.fields if name not in plan.occupied))
        for name in plan.occupied:
            if name not in self.fields:
                self._add(name, plan.profile)
        self.note.setText(self._described(plan))
        self._safety_row.setVisible(bool(plan.replaced))
        self.setVisible(bool(plan.occupied))

    @property
    def confirmed(self) -> tuple[str, ...]:
        """The databases whose names were typed."""
        return tuple(name for name, field in self.fields.items() if field.is_confirmed)

    @property
    def safety_choice(self) -> SafetyBackup:
        """Whether to back up first what would be dropped."""
        return SafetyBackup.TAKE if self.safety.isChecked() else SafetyBackup.SKIP

    @property
    def vault_name(self) -> str:
        """The vault that a safety backup goes to; "" when there is none to choose, or no backup."""
        return self.vault.currentText() if self.safety.isChecked() else ""

    @property
    def lacks_vault(self) -> bool:
        """Whether a safety backup is wanted and has no place."""
        return self.safety.isChecked() and not (self._has_own_vault or self.vault.count())

    def _show_vault(self) -> None:
        is_asked = self.safety.isChecked() and self.vault.count() > 0
        self._into.setVisible(is_asked)
        self.vault.setVisible(is_asked)

    @Slot()
    def _on_safety_toggled(self) -> None:
        self._show_vault()
        self.changed.emit()

    def _described(self, plan: RestorePlan) -> str:
        if not plan.replaced:
            words = self.tr(
                "{names} on {profile} holds data. Its collections have other names and"
                " stay as they are."
            )
            return words.format(names=", ".join(plan.occupied), profile=plan.profile)
        names = ", ".join(map(str, plan.replaced))
        words = self.tr("These collections on {profile} are dropped and replaced: {names}")
        return words.format(profile=plan.profile, names=names)

    def _add(self, name: str, profile: str) -> None:
        prompt = self.tr("Type {database} to allow changes to this database on {profile}")
        field = TypedConfirmation(name, prompt.format(database=name, profile=profile))
        field.confirmed_changed.connect(self._on_confirmed_changed)
        self.fields[name] = field
        self._rows.addWidget(field)

    def _forget(self, names: tuple[str, ...]) -> None:
        for name in names:
            field = self.fields.pop(name)
            field.setParent(None)
            field.deleteLater()

    @Slot(bool)
    def _on_confirmed_changed(self, _confirmed: bool) -> None:  # noqa: FBT001 - Qt's signal
        self.changed.emit()


def _column(part: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(Space.S)
    return column
