"""The folded part of the restore dialog: patterns, indexes, speed, and what may go wrong."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QToolButton, QVBoxLayout, QWidget

from mangrove.core.backup import IndexChoice, OnExisting, OnRefusal
from mangrove.core.restores.plan import RestorePlan
from mangrove.ui import text
from mangrove.ui.dialogs.restore_choice import RestoreChoice
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.lines_edit import LinesEdit
from mangrove.ui.widgets.fields.rate_field import RateField
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.widgets.labels import TextLabel

_SHOWN_MOVES = 4


class HowPart(QWidget):
    """Folded settings with good defaults.

    Signals:
        changed(): One of them is another.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fold = Fold(self.tr("How"))
        self.indexes = ChoiceBox()
        self.indexes.addItem(self.tr("Build after the documents are in"), IndexChoice.AFTER)
        self.indexes.addItem(self.tr("Build before the documents"), IndexChoice.BEFORE)
        self.indexes.addItem(self.tr("Build none"), IndexChoice.NEVER)
        self.only_missing = QCheckBox(
            self.tr("Only add what is &missing; existing documents stay as they are")
        )
        self.stop = QCheckBox(self.tr("&Stop at the first refused document or failed index"))
        self.rate = RateField()
        self.patterns = LinesEdit("prod.*=dev.*")
        hint = self.tr("One FROM=TO per line; of those that fit, the last one wins.")
        self.pattern_row = FormRow(self.tr("&Rename by patterns"), self.patterns, hint)
        self.preview = TextLabel("", "small").wrapping()
        self.preview.hide()
        self._lay_out()
        self.indexes.currentIndexChanged.connect(self.changed)
        self.only_missing.toggled.connect(self.changed)
        self.stop.toggled.connect(self.changed)
        self.patterns.textChanged.connect(self.changed)
        self.rate.changed.connect(self.changed)

    @property
    def fold(self) -> QToolButton:
        """The button that unfolds the settings."""
        return self._fold.button

    @property
    def index_choice(self) -> IndexChoice:
        """When indexes are built."""
        return IndexChoice(self.indexes.currentData())

    @property
    def on_refusal(self) -> OnRefusal:
        """What happens when something is refused."""
        return OnRefusal.STOP if self.stop.isChecked() else OnRefusal.GO_ON

    @property
    def on_existing(self) -> OnExisting:
        """What happens to existing collections."""
        only_missing = self.only_missing.isChecked()
        return OnExisting.ONLY_MISSING if only_missing else OnExisting.REPLACE

    def applied(self, choice: RestoreChoice) -> RestoreChoice:
        """Return a choice with these settings."""
        return replace(
            choice,
            indexes=self.index_choice,
            patterns=self.patterns.entries,
            on_refusal=self.on_refusal,
            on_existing=self.on_existing,
            limit_bytes_per_s=self.rate.bytes_per_s,
        )

    def show_problem(self, problem: str) -> None:
        """Say what is wrong with the patterns; "" when nothing is."""
        self.pattern_row.set_error(text.sentence(problem) if problem else "")

    def show_plan(self, plan: RestorePlan | None) -> None:
        """Show where the patterns send the first few collections."""
        moved = (
            [f"{p.entry.namespace} \N{RIGHTWARDS ARROW} {p.target}" for p in plan.namespaces]
            if plan is not None and self.patterns.entries
            else []
        )
        lines = moved[:_SHOWN_MOVES]
        if more := len(moved) - len(lines):
            lines.append(self.tr("and {number} more").format(number=f"{more:,}"))
        self.preview.setText("\n".join(lines))
        self.preview.setVisible(bool(lines))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._fold)
        inside = self._fold.column
        inside.addWidget(FormRow(self.tr("&Indexes"), self.indexes))
        inside.addWidget(self.only_missing)
        inside.addWidget(self.stop)
        inside.addWidget(self.pattern_row)
        inside.addWidget(self.preview)
        inside.addWidget(self.rate)
