"""Asks where a drill shall go: to a moment by lot, to a named one, or against a younger backup."""

import secrets
from enum import StrEnum

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from mangrove.core.backup import BackupId, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.drill import DrillPlan, DrillRequest
from mangrove.core.errors import MangroveError
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.scratch_choice import ScratchBox
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.labels import TextLabel

_SEED_BYTES = 4


class Way(StrEnum):
    """How the moment is chosen."""

    LOT = "lot"
    NAMED = "named"
    AGAINST = "against"


class DrillDialog(QuestionDialog):
    """The moment and the place; what will happen is said as the choices stand."""

    def __init__(
        self, parent: QWidget | None, services: Services, calls: Calls, profile: str
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Drill a recovery of {profile}").format(profile=profile))
        self.yes.setText(self.tr("&Drill"))
        self._services, self._profile = services, profile
        self._newest = NewestCall(calls, self)
        self._seed = secrets.token_hex(_SEED_BYTES)
        self.way = ChoiceList(self._ways())
        self.again = QPushButton(self.tr("Draw &another moment"))
        self.moment, self.against = QLineEdit(), ChoiceBox()
        self.moment.setPlaceholderText("2026-11-25 14:29:59")
        for record in services.backups.all(profile=profile):
            if _can_be_compared(record):
                when = text.moment(record.data_at, services.clock.now()).text
                self.against.addItem(f"{when}  {record.backup}", record.backup)
        self.scratch = ScratchBox(services)
        self._moment_row = FormRow(
            self.tr("&Moment"), self.moment, self.tr("A local time, or TS:INC; before it.")
        )
        self._against_row = FormRow(
            self.tr("Bac&kup"), self.against, self.tr("An older one is replayed up to this one.")
        )
        self.plan = TextLabel("", "small").wrapping().selectable()
        self._lay_out_parts()
        self._connect()
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, services: Services, calls: Calls, profile: str
    ) -> DrillRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls, profile)
        return asked(dialog, dialog.answer)

    def answer(self) -> DrillRequest:
        """Return the request as the choices stand.

        Raises:
            InvalidSelectionError: If what was typed is no moment.
        """
        way, target = self.way.value, self.scratch.target
        if way is Way.AGAINST:
            backup = BackupId(str(self.against.currentData() or ""))
            return DrillRequest(self._profile, against=backup, target=target)
        if way is Way.NAMED:
            limit = self._services.points.moment(self.moment.text()).limit
            return DrillRequest(self._profile, at=limit, target=target)
        return DrillRequest(self._profile, seed=self._seed, target=target)

    def _ways(self) -> tuple[Option[Way], ...]:
        return (
            Option(
                Way.LOT,
                self.tr("To a moment by &lot"),
                self.tr("Any second that can be restored, as an accident would choose it."),
            ),
            Option(
                Way.NAMED, self.tr("To a moment I &name"), self.tr("Such as just before a mistake.")
            ),
            Option(
                Way.AGAINST,
                self.tr("To where a younger &backup stands"),
                self.tr("Everything replayed is compared with it: the strongest proof there is."),
            ),
        )

    def _lay_out_parts(self) -> None:
        scratch_row = FormRow(
            self.tr("Recover &to"),
            self.scratch,
            self.tr("The drill goes into databases of its own, which are dropped afterwards."),
        )
        self.add_section(self.tr("Where to"), self.way)
        self.body.addWidget(self._moment_row)
        self.body.addWidget(self._against_row)
        self.body.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(scratch_row)
        self.body.addWidget(self.plan)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT)

    def _connect(self) -> None:
        self.way.chosen.connect(self._on_changed)
        self.moment.textChanged.connect(self._on_changed)
        self.against.currentIndexChanged.connect(self._on_changed)
        self.scratch.currentIndexChanged.connect(self._on_changed)
        self.again.clicked.connect(self._on_again_clicked)

    @Slot()
    def _on_again_clicked(self) -> None:
        self._seed = secrets.token_hex(_SEED_BYTES)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        way = self.way.value
        self._moment_row.setVisible(way is Way.NAMED)
        self._against_row.setVisible(way is Way.AGAINST)
        self.again.setVisible(way is Way.LOT)
        self._moment_row.set_error("")
        self.yes.setEnabled(False)
        self._newest.forget()
        if way is Way.NAMED and not self.moment.text().strip():
            self.plan.setText("")
            self.say(self.tr("Name the moment."))
            return
        try:
            request = self.answer()
        except MangroveError as error:
            self._on_refused(error)
            return
        self._newest.ask(
            lambda: self._services.drills.plan(request), self._on_planned, self._on_refused
        )

    def _on_planned(self, plan: DrillPlan) -> None:
        self.plan.setText(text.sentence(plan.sentence))
        at = text.moment(plan.stands_at, self._services.clock.now()).text
        words = self.tr(
            "Recover {profile} as it was at {moment} to {target}, time each step, compare, and"
            " keep that as evidence. Nothing existing is touched."
        )
        self.say(words.format(profile=self._profile, moment=at, target=self.scratch.target_words))
        self.yes.setEnabled(True)

    def _on_refused(self, error: MangroveError) -> None:
        self.plan.setText(text.sentence(error.hint))
        if self.way.value is Way.NAMED:
            self._moment_row.set_error(text.sentence(error.message))
            self.say(self.tr("Choose another moment."), is_error=True)
        else:
            self.say(text.sentence(error.message), is_error=True)


def _can_be_compared(record: BackupRecord) -> bool:
    is_whole = record.is_whole and not record.is_filtered
    is_exact = record.achieved is Consistency.SNAPSHOT
    return record.state is BackupState.COMPLETE and is_whole and is_exact
