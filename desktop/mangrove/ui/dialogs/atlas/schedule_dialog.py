"""Edits a backup schedule, with Atlas' rules and the number of snapshots shown as one types."""

from itertools import pairwise

from PySide6.QtCore import Qt, QTime, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.atlas.link import Located
from mangrove.core.atlas.policy import CopySetting, PolicyItem, Retention, Unit, parse_copy
from mangrove.core.atlas.snapshot import Frequency
from mangrove.core.errors import InvalidAtlasPolicyError
from mangrove.services.atlas.schedules import AtlasSchedules, ScheduleChange, ScheduleView
from mangrove.ui import text
from mangrove.ui.dialogs.atlas.schedule_row import KINDS, ScheduleRow
from mangrove.ui.dialogs.atlas.take_dialog import days_field
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.lines_edit import LinesEdit
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.wording import counted

_WIDTH = 780
_USUAL = Retention(7, Unit.DAYS)


class ScheduleDialog(QuestionDialog):
    """Lines on top, what they come to below; nothing is sent before the button is pressed.

    Attributes:
        rows: One for each line.
    """

    def __init__(
        self,
        parent: QWidget | None,
        schedules: AtlasSchedules,
        place: Located,
        start: ScheduleView,
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Backup schedule of {cluster}").format(cluster=place.text))
        self.yes.setText(self.tr("Send to Atlas"))
        self._schedules, self._place, self._start = schedules, place, start
        self.rows: list[ScheduleRow] = []
        self._lines = QVBoxLayout()
        self._lines.setSpacing(Space.S)
        self.add = QPushButton(self.tr("&Add line"))
        self.time = QTimeEdit(QTime(start.schedule.hour, start.schedule.minute))
        self.window_days = days_field(start.schedule.restore_window_days or 1)
        self.copies = LinesEdit("AWS/EU_WEST_1=daily,weekly,oplog")
        written = dict.fromkeys(c.as_written for c in start.schedule.copies)
        self.copies.setPlainText("\n".join(written))
        self.also_existing = QCheckBox(
            self.tr("&Existing snapshots get the new times too, also if they are shorter")
        )
        self.broken = TextLabel("", "error").wrapping()
        for item in start.schedule.items:
            self._add_row(item)
        self._build()
        self.add.clicked.connect(self._on_add_clicked)
        self.time.timeChanged.connect(self._on_changed)
        self.window_days.valueChanged.connect(self._on_changed)
        self.copies.textChanged.connect(self._on_changed)
        self.also_existing.toggled.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        schedules: AtlasSchedules,
        place: Located,
        start: ScheduleView,
    ) -> ScheduleChange | None:
        """Ask; None when the person left."""
        dialog = cls(parent, schedules, place, start)
        return asked(dialog, dialog.change)

    def change(self) -> ScheduleChange:
        """Return what the fields say.

        Raises:
            InvalidAtlasPolicyError: If a line of the copies cannot be understood.
        """
        time = self.time.time()
        has_window = self._place.cluster.has_continuous
        return ScheduleChange(
            items=tuple(row.item() for row in self.rows),
            time=(time.hour(), time.minute()),
            restore_window_days=self.window_days.value() if has_window else None,
            copies=self._copies(),
            also_existing=self.also_existing.isChecked(),
        )

    def _copies(self) -> tuple[CopySetting, ...]:
        """Read the lines; one that is as it was keeps what has no word here."""
        old = self._start.schedule.copies
        zones = self._place.cluster.zone_ids
        found: list[CopySetting] = []
        for line in self.copies.entries:
            known = [c for c in old if c.as_written == line]
            found += known or parse_copy(line, zones)
        return tuple(found)

    def _add_row(self, item: PolicyItem) -> None:
        row = ScheduleRow(item)
        self.rows.append(row)
        self._lines.addWidget(row)
        row.changed.connect(self._on_changed)
        row.remove_wanted.connect(self._on_remove_wanted)

    @Slot()
    def _on_add_clicked(self) -> None:
        taken = {row.item().frequency for row in self.rows}
        kind = next((k for k in KINDS if k not in taken), Frequency.WEEKLY)
        longest = max((r.item().keep for r in self.rows), key=lambda k: k.length, default=_USUAL)
        self._add_row(PolicyItem(kind, 1, longest))
        before = [row.remove for row in self.rows[-2:-1]]
        for earlier, later in pairwise((*before, *self.rows[-1].chain(), self.add)):
            QWidget.setTabOrder(earlier, later)
        self._on_changed()

    @Slot(object)
    def _on_remove_wanted(self, row: ScheduleRow) -> None:
        self.rows.remove(row)
        self._lines.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        try:
            change = self.change()
        except InvalidAtlasPolicyError as error:
            self.yes.setEnabled(False)
            self.say(text.sentence(f"{error.message}; {error.hint}"), is_error=True)
            return
        wanted = change.applied_to(self._start.schedule)
        view = self._schedules.weigh(self._place, wanted, self._start.compliance)
        by_item = dict(zip(wanted.items, view.estimate.by_item, strict=True))
        for row in self.rows:
            number = by_item.get(row.item(), 0)
            row.count.setText(counted(number, self.tr("snapshot"), self.tr("snapshots")))
        self.broken.setText("\n".join(f"• {text.sentence(b.sentence)}" for b in view.broken))
        self.broken.setVisible(bool(view.broken))
        is_new = wanted != self._start.schedule or change.also_existing
        self.yes.setEnabled(is_new and not view.broken)
        if view.broken:
            self.say(self.tr("Atlas would refuse this schedule. Change the lines named above."))
            return
        words = self.tr("About {total} in the end; now it is about {now}.")
        total = counted(view.estimate.total, self.tr("snapshot"), self.tr("snapshots"))
        self.say(words.format(total=total, now=f"{self._start.estimate.total:,}"))

    def _build(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.M)
        self.time.setDisplayFormat("HH:mm")
        hint = self.tr("UTC; hourly ones count from it.")
        grid.addWidget(FormRow(self.tr("&Time of the day"), self.time, hint), 0, 0)
        window = FormRow(
            self.tr("Any &second of the last"),
            self.window_days,
            self.tr("At most as long as hourly ones are kept."),
        )
        window.setVisible(self._place.cluster.has_continuous)
        grid.addWidget(window, 0, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        note = self.tr(
            "A snapshot that two lines take is one, and stays as long as the longer of them says."
            " Snapshots of a line that goes stay until they expire."
        )
        self.add_section(self.tr("Snapshots"), self._lines)
        self.body.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(TextLabel(note, "small").wrapping())
        self.body.addLayout(grid)
        copies = FormRow(
            self.tr("Copied to &other regions"), self.copies, self.tr("One line for each region.")
        )
        copies.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.body.addWidget(copies)
        self.body.addWidget(self.also_existing)
        self.body.addWidget(self.broken)
        self.body.addStretch()
        self.take_room(_WIDTH, Size.DIALOG_HEIGHT + 200)
