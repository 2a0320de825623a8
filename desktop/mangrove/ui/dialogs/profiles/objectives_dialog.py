"""Asks what a deployment, or one of its databases, is held to."""

from collections.abc import Mapping
from datetime import timedelta

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.core.errors import InvalidObjectiveError
from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.objectives import FRESH_EVIDENCE, Objectives, parse_age
from mangrove.core.figures.profile_facts import WHOLE
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.figure_words import target_words
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import FormRow

_WIDTH, _HEIGHT = 520, 500
Chosen = Mapping[str, Objectives]
"""Objectives by database; those of "" are for all of them."""


class ObjectivesDialog(QuestionDialog):
    """Three lengths of time, for everything or for one database; empty means what follows.

    Attributes:
        scope: Which database.
        rpo, rto, evidence: What was typed for it.
    """

    def __init__(self, parent: QWidget | None, figures: ProfileFigures, held: Chosen) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Objectives of {profile}").format(profile=figures.profile_name))
        self.yes.setText(self.tr("&Save"))
        self._figures, self._held = figures, dict(held)
        self._drafts = dict(held)
        self.scope = ChoiceBox()
        self.scope.addItem(self.tr("All databases"), WHOLE)
        for name in sorted({d.name for d in figures.databases} | (held.keys() - {WHOLE})):
            self.scope.addItem(name, name)
        self.rpo, self.rto, self.evidence = QLineEdit(), QLineEdit(), QLineEdit()
        self._rows = {
            self.rpo: FormRow(self.tr("&Lose at most"), self.rpo, " "),
            self.rto: FormRow(self.tr("&Back within"), self.rto, " "),
            self.evidence: FormRow(self.tr("&Restored on trial within"), self.evidence, " "),
        }
        self.body.addWidget(FormRow(self.tr("&For"), self.scope))
        for field, row in self._rows.items():
            field.setPlaceholderText(self.tr("such as 26h, 15 min, 7 d"))
            field.textEdited.connect(self._on_edited)
            self.body.addWidget(row)
        self.body.addStretch()
        self.scope.currentIndexChanged.connect(self._on_scope_changed)
        self.take_room(_WIDTH, _HEIGHT)
        self._on_scope_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, figures: ProfileFigures, held: Chosen) -> Chosen | None:
        """Ask, and return what is different now; None when the person left."""
        dialog = cls(parent, figures, held)
        return asked(dialog, dialog.answer)

    def answer(self) -> Chosen:
        """Return the objectives that were changed."""
        nothing = Objectives()
        return {
            name: wanted
            for name, wanted in self._drafts.items()
            if wanted != self._held.get(name, nothing)
        }

    @property
    def _database(self) -> str:
        return str(self.scope.currentData())

    @Slot()
    def _on_scope_changed(self) -> None:
        held = self._drafts.get(self._database, Objectives())
        ages = (held.rpo, held.rto, held.evidence_age)
        for (field, row), age in zip(self._rows.items(), ages, strict=True):
            field.setText(text.duration(age) if age is not None else "")
            row.set_hint(self._hint(field))
            row.set_error("")
        self._on_changed()

    @Slot()
    def _on_edited(self) -> None:
        read = [self._read(field) for field in self._rows]
        if all(ok for ok, _ in read):
            self._drafts[self._database] = Objectives(*(age for _, age in read))
        self._on_changed()

    def _read(self, field: QLineEdit) -> tuple[bool, timedelta | None]:
        """Return whether a field can be read, and what it says; nothing is no objective."""
        try:
            age = parse_age(field.text()) if field.text().strip() else None
        except InvalidObjectiveError:
            self._rows[field].set_error(self.tr("Write a length of time, such as 26h or 7 d."))
            return False, None
        self._rows[field].set_error("")
        return True, age

    def _on_changed(self) -> None:
        is_good = not any(row.error for row in self._rows.values())
        self.yes.setEnabled(is_good and bool(self.answer()))
        self.say(
            self.tr(
                "Figures, colours and alerts go by these. What is empty follows from the schedule."
            )
        )

    def _hint(self, field: QLineEdit) -> str:
        """Say what holds while the field is empty."""
        is_whole = self._database == WHOLE
        general = Objectives() if is_whole else self._drafts.get(WHOLE, Objectives())
        if field is self.rpo:
            return self._rpo_hint(general)
        if field is self.rto:
            known = self._figures.restore.expected
            if known is None:
                return self.tr("How long a restore may take; none was measured yet.")
            words = self.tr("How long a restore may take; now about {takes}.")
            return words.format(takes=text.duration(known))
        age = general.evidence_age or FRESH_EVIDENCE
        words = self.tr("Empty means {age}.")
        return words.format(age=text.rough_duration(age))

    def _rpo_hint(self, general: Objectives) -> str:
        if general.rpo is not None:
            words = self.tr("Empty means as for all databases: {age}.")
            return words.format(age=text.duration(general.rpo))
        target = next(
            (d.target for d in self._figures.databases if d.name == self._database),
            self._figures.target,
        )
        age = text.duration(target.age)
        return self.tr("Now {age}. {why}").format(age=age, why=target_words(target))
