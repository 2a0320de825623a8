"""What stays in a vault, what goes when and why; pins, holds, deletions, and the policy."""

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.errors import MangroveError, VaultLockedError
from mangrove.core.retention.policy import RetentionPolicy
from mangrove.core.retention.rule import Judgement
from mangrove.services.bundle import Services
from mangrove.services.retention import Deletion, RetentionView
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.confirm_dialog import ConfirmDialog
from mangrove.ui.dialogs.note_dialog import NoteDialog
from mangrove.ui.dialogs.vaults.policy_dialog import PolicyDialog, PolicyStart
from mangrove.ui.models.fates_model import FatesModel
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.vaults.retention_questions import (
    deletion_question,
    loss_question,
    prune_question,
    stale_lock_question,
)
from mangrove.ui.pages.vaults.retention_table import FatesTable
from mangrove.ui.retention_words import ahead_words, calendar_days, what_words
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.days.retention_calendar import DayFate, RetentionCalendar
from mangrove.ui.widgets.days.swatch import DaySwatch
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.wording import counted


class RetentionPane(QWidget):
    """The retention of one vault, looked at in the background.

    Signals:
        left: The person wants back to the vaults.
    """

    left = Signal()

    def __init__(self, services: Services, calls: Calls, navigator: Navigator) -> None:
        super().__init__()
        self._services, self._calls, self._navigator = services, calls, navigator
        self.vault = ""
        self.view: RetentionView | None = None
        self._ahead: Judgement | None = None
        self.back = QPushButton(self.tr("&Back to vaults"))
        self.policy = TextLabel("", "muted").wrapping()
        self.title = TextLabel("", "section")
        self.change = QPushButton(self.tr("Change &policy…"))
        self.prune = QPushButton(self.tr("&Prune now…"))
        self.banner = Banner()
        self.summary = TextLabel("", "strong").wrapping()
        self.ahead = TextLabel("", "muted").wrapping()
        self.moment = ChoiceBox()
        self.calendar = RetentionCalendar()
        self.model = FatesModel(services.clock.now, self)
        self.table = FatesTable(self.model)
        self.pin = QPushButton(self.tr("P&in…"))
        self.hold = QPushButton(self.tr("Legal &hold…"))
        self.undo = QPushButton(self.tr("&Undo deletion"))
        self.delete = QPushButton(self.tr("&Delete…"))
        self._lay_out()
        self._connect()

    def open(self, vault: str) -> None:
        """Show a vault."""
        self.vault, self.view, self._ahead = vault, None, None
        self.title.setText(self.tr("What {vault} keeps").format(vault=vault))
        self.banner.clear()
        self.model.set_rows(())
        self.calendar.choose(None)
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Look at the vault anew."""
        self.summary.setText(self.tr("Looking at the vault…"))
        self._enable()
        vault, retention = self.vault, self._services.retention

        def look() -> tuple[RetentionView, Judgement]:
            view = retention.preview(vault)
            return view, retention.what_if(view.vault, view.facts)[1]

        self._calls.run(self, look, lambda found: self._on_seen(vault, *found), self._on_failed)

    def _on_seen(self, vault: str, view: RetentionView, ahead: Judgement) -> None:
        if vault != self.vault:
            return
        self.view, self._ahead = view, ahead
        self.policy.setText(text.sentence(view.policy.describe()))
        self.summary.setText(what_words(view))
        self.ahead.setText(ahead_words(ahead))
        self.model.set_rows(view.fates)
        self._draw_days()
        self._enable()
        if view.damaged:
            words = self.tr(
                "{statements} about what stays cannot be believed, and one may have been a pin:"
                " nothing is deleted. Look at the vault with “mangrove vault check”."
            )
            number = counted(len(view.damaged), self.tr("statement"), self.tr("statements"))
            self.banner.show_message(BannerKind.WARNING, words.format(statements=number))

    # --- what the person does ------------------------------------------------------------

    @Slot()
    def _on_change_clicked(self) -> None:
        if self.view is None:
            return
        policy = PolicyDialog.ask(self, self._services, self._calls, PolicyStart(self.view))
        if policy is not None:
            self._save(policy)

    def _save(self, policy: RetentionPolicy) -> None:
        vault = self.vault
        said = self.tr("The policy was saved. Nothing was deleted.")
        self._do(lambda: self._services.retention.set_policy(vault, policy), said)

    @Slot()
    def _on_prune_clicked(self) -> None:
        view = self.view
        if view is None or not ConfirmDialog.ask(self, prune_question(self.vault, view)):
            return
        lost = [window.sentence for window in view.plan.lost]
        if lost and not self._agreed(lost):
            return
        vault = self.vault
        self._calls.run(
            self,
            lambda: self._services.retention.start_prune(vault, accepts_lost_moments=bool(lost)),
            self._navigator.open_progress,
            self._on_failed,
        )

    def _agreed(self, lost: list[str]) -> bool:
        """Ask the second time."""
        return ConfirmDialog.ask(self, loss_question(lost))

    @Slot()
    def _on_pin_clicked(self) -> None:
        fate = self.table.chosen()
        if fate is None:
            return
        backup = fate.record.backup
        if fate.marks.pin is not None:
            said = self.tr("{backup} is no longer pinned.").format(backup=backup)
            self._do(lambda: self._services.retention.unpin(backup), said)
            return
        sentence = self.tr("{backup} stays until it is unpinned.").format(backup=backup)
        note = NoteDialog.ask(
            self, self.tr("Pin a backup"), self.tr("Pin backup"), sentence, is_needed=False
        )
        if note is not None:
            self._do(lambda: self._services.retention.pin(backup, note), sentence)

    @Slot()
    def _on_hold_clicked(self) -> None:
        fate = self.table.chosen()
        if fate is None:
            return
        backup = fate.record.backup
        if fate.marks.hold is not None:
            said = self.tr("The legal hold on {backup} was released.").format(backup=backup)
            self._do(lambda: self._services.retention.release(backup), said)
            return
        sentence = self.tr("Nothing deletes {backup} until the hold is released.")
        sentence = sentence.format(backup=backup)
        note = NoteDialog.ask(
            self, self.tr("Legal hold"), self.tr("Hold backup"), sentence, is_needed=True
        )
        if note is not None:
            self._do(lambda: self._services.retention.hold(backup, note), sentence)

    @Slot()
    def _on_undo_clicked(self) -> None:
        fate = self.table.chosen()
        if fate is not None:
            backup = fate.record.backup
            said = self.tr("{backup} stays; it is pinned now.").format(backup=backup)
            self._do(lambda: self._services.retention.undo(backup), said)

    @Slot()
    def _on_delete_clicked(self) -> None:
        fate = self.table.chosen()
        if fate is not None:
            backup = fate.record.backup
            self._calls.run(
                self,
                lambda: self._services.retention.deletion_of(backup),
                self._on_deletion_planned,
                self._on_failed,
            )

    def _on_deletion_planned(self, planned: Deletion) -> None:
        backup, due = planned.backups[0], f"{planned.due_at.astimezone():%Y-%m-%d}"
        lost = [window.sentence for window in planned.lost]
        wanted = deletion_question(planned)
        if not ConfirmDialog.ask(self, wanted) or (lost and not self._agreed(lost)):
            return
        said = self.tr("{backup} goes with the first prune after {day}.")
        self._do(
            lambda: self._services.retention.delete(backup, accepts_lost_moments=bool(lost)),
            said.format(backup=backup, day=due),
        )

    def _do(self, work: Callable[[], object], said: str) -> None:
        """Do something in the background, say so, and look again."""

        def done(_result: object) -> None:
            self.banner.show_message(BannerKind.GOOD, said)
            self._navigator.tell_data_changed()
            self.reload()

        self._calls.run(self, work, done, lambda error: self._on_refused(error, work, said))

    def _on_refused(self, error: MangroveError, work: Callable[[], object], said: str) -> None:
        """Ask whether a stale lock may be removed, then try again; tell everything else."""
        if not isinstance(error, VaultLockedError) or not error.details.get("stale"):
            self._on_failed(error)
            return
        if ConfirmDialog.ask(self, stale_lock_question(error)):
            vault = self.vault

            def again() -> object:
                self._services.vaults.break_stale_locks(vault)
                return work()

            self._do(again, said)

    def _on_failed(self, error: MangroveError) -> None:
        if self.view is None:
            self.summary.setText(self.tr("The vault could not be looked at."))
        self.banner.show_error(error)

    # --- drawing -------------------------------------------------------------------------

    @Slot()
    def _draw_days(self) -> None:
        if self.view is not None:
            is_later = self.moment.currentIndex() == 1
            self.calendar.set_days(*calendar_days(self.view, self._ahead if is_later else None))

    @Slot(object)
    def _on_day_chosen(self, day: object) -> None:
        del day
        self.model.set_day(self.calendar.chosen)

    @Slot()
    def _enable(self) -> None:
        fate, view = self.table.chosen(), self.view
        for button in (self.pin, self.hold, self.delete, self.undo):
            button.setEnabled(fate is not None)
        self.change.setEnabled(view is not None)
        plan = view.plan if view is not None else None
        self.prune.setEnabled(bool(plan and (plan.marks or plan.purges or plan.slices)))
        if fate is None:
            return
        self.pin.setText(self.tr("Unp&in") if fate.marks.pin else self.tr("P&in…"))
        self.hold.setText(self.tr("Release &hold") if fate.marks.hold else self.tr("Legal &hold…"))
        self.undo.setEnabled(fate.marks.deletion is not None)
        self.delete.setEnabled(fate.marks.deletion is None and not fate.verdict.guards)
        why = ", ".join(reason.text for reason in fate.verdict.guards)
        self.delete.setToolTip(self.tr("It has to stay: {why}").format(why=why) if why else "")

    def _lay_out(self) -> None:
        self.moment.addItems([self.tr("As it is now"), self.tr("In a month")])
        self.moment.setAccessibleName(self.tr("Which moment the calendar shows"))
        self.prune.setProperty("kind", "primary")
        set_icon(self.change, "settings")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addLayout(_row(self.back, self.title, None, self.change, self.prune))
        column.addWidget(self.banner)
        card = Card()
        card.body.addLayout(_row(self.summary, stretch=self.summary))
        card.body.addWidget(self.policy)
        card.body.addWidget(self.calendar)
        card.body.addLayout(_row(*self._legend(), None, self.moment))
        card.body.addWidget(self.ahead)
        column.addWidget(card)
        column.addWidget(self.table, 1)
        column.addLayout(_row(self.pin, self.hold, self.undo, None, self.delete))

    def _legend(self) -> list[QWidget]:
        return [
            DaySwatch(DayFate(stays=1), self.tr("stays")),
            DaySwatch(DayFate(goes=1), self.tr("goes")),
            DaySwatch(DayFate(stays=1, goes=1), self.tr("some stay, some go")),
            DaySwatch(DayFate(expected=1), self.tr("expected")),
        ]

    def _connect(self) -> None:
        self.back.clicked.connect(self.left)
        self.change.clicked.connect(self._on_change_clicked)
        self.prune.clicked.connect(self._on_prune_clicked)
        self.pin.clicked.connect(self._on_pin_clicked)
        self.hold.clicked.connect(self._on_hold_clicked)
        self.undo.clicked.connect(self._on_undo_clicked)
        self.delete.clicked.connect(self._on_delete_clicked)
        self.moment.currentIndexChanged.connect(self._draw_days)
        self.calendar.day_chosen.connect(self._on_day_chosen)
        self.table.selectionModel().selectionChanged.connect(self._enable)
        self.model.modelReset.connect(self._enable)
        self.table.doubleClicked.connect(self._on_row_opened)
        self._enable()

    @Slot(QModelIndex)
    def _on_row_opened(self, index: QModelIndex) -> None:
        fate = self.model.record_at(index.row())
        if fate is not None:
            self._navigator.open_page(PageName.BACKUPS, backup=fate.record.backup)


def _row(*parts: QWidget | None, stretch: QWidget | None = None) -> QHBoxLayout:
    """Lay parts in a row; None is where the room goes."""
    row = QHBoxLayout()
    row.setSpacing(Space.S)
    for part in parts:
        if part is None:
            row.addStretch()
        else:
            row.addWidget(part, 1 if part is stretch else 0)
    return row
