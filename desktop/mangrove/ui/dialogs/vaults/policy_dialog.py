"""What a vault shall keep, with a preview of what that means for the backups in it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from PySide6.QtCore import QTimeZone, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QSpinBox, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.retention.rule import Judgement
from mangrove.services.bundle import Services
from mangrove.services.retention import RetentionView
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.retention_words import ahead_words, calendar_days, what_words
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.days.retention_calendar import RetentionCalendar
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.labels import SectionTitle, TextLabel

_MOST = 9_999
_MOST_DAYS = 36_500
_COLUMNS = 3
_HEIGHT = 780
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PolicyStart:
    """What the dialog begins with: the vault as it was just looked at."""

    view: RetentionView


class PolicyDialog(QuestionDialog):
    """Numbers on top, what they do below; nothing is deleted by it.

    Attributes:
        counts: A field for each period; 0 means that there is no such rule.
        preview: The sentence about the backups of now.
    """

    def __init__(
        self, parent: QWidget | None, services: Services, calls: Calls, start: PolicyStart
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("What {vault} keeps").format(vault=start.view.vault.name))
        self.yes.setText(self.tr("Save policy"))
        self._services, self._start = services, start
        self._newest = NewestCall(calls, self)
        held = self._held = _begun(start.view, services)
        self.counts = {period: _spin(_count(held, period)) for period in Period}
        self.within = SpanBox(_span(held), _MOST_DAYS)
        self.window_days = SpanBox(held.recovery_window, _MOST_DAYS)
        self.least = _spin(held.minimum_redundancy, least=1)
        self.undo = SpanBox(held.undo, 365)
        self.zone = ChoiceBox()
        self.preview = TextLabel().wrapping()
        self.ahead = TextLabel("", "muted").wrapping()
        self.calendar = RetentionCalendar()
        self._fill(held)
        self._connect()
        self._on_changed()

    def policy(self) -> RetentionPolicy:
        """Return what the fields say; rules that have no field here stay."""
        held = self._held
        rules = [KeepRule(p, box.value()) for p, box in self.counts.items() if box.value()]
        if self.within.value():
            rules.append(KeepRule(Period.LAST, within=self.within.span()))
        rules += [r for r in held.rules if r.within is not None and r.period is not Period.LAST]
        return RetentionPolicy(
            rules=tuple(rules),
            recovery_window=self.window_days.span() or None,
            minimum_redundancy=self.least.value(),
            time_zone=self.zone.currentText(),
            undo=self.undo.span(),
            points_of_last=held.points_of_last,
        )

    @classmethod
    def ask(
        cls, parent: QWidget | None, services: Services, calls: Calls, start: PolicyStart
    ) -> RetentionPolicy | None:
        """Ask; None when the person cancelled."""
        dialog = cls(parent, services, calls, start)
        return asked(dialog, dialog.policy)

    def _fill(self, held: RetentionPolicy) -> None:
        known = sorted(bytes(i.data()).decode() for i in QTimeZone.availableTimeZoneIds())
        zones = known if held.time_zone in known else [held.time_zone, *known]
        self.zone.addItems(zones)
        self.zone.setCurrentText(held.time_zone)
        self.zone.setMaxVisibleItems(20)
        self.zone.setMinimumContentsLength(12)
        self.zone.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for box in (*self.counts.values(), self.within, self.window_days):
            box.setSpecialValueText(self.tr("no rule"))
        for box in (self.within, self.window_days, self.undo):
            box.setSuffix(self.tr(" days") if box.unit == _DAY else self.tr(" hours"))
        self.add_section(self.tr("Keep the newest backup of each"), self._grid(self._count_rows()))
        self.add_section(self.tr("And"), self._grid(self._other_rows()))
        self.body.addWidget(SectionTitle(self.tr("What that means")))
        self.preview.setAccessibleName(self.tr("Preview"))
        for part in (self.preview, self.ahead, self.calendar):
            self.body.addWidget(part)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, _HEIGHT)

    def _count_rows(self) -> list[FormRow]:
        words = {
            Period.LAST: self.tr("&Last backups"),
            Period.HOURLY: self.tr("&Hours"),
            Period.DAILY: self.tr("&Days"),
            Period.WEEKLY: self.tr("&Weeks"),
            Period.MONTHLY: self.tr("&Months"),
            Period.YEARLY: self.tr("&Years"),
        }
        return [FormRow(words[period], box) for period, box in self.counts.items()]

    def _other_rows(self) -> list[FormRow]:
        return [
            FormRow(self.tr("&Everything within"), self.within),
            FormRow(self.tr("&Recovery window"), self.window_days),
            FormRow(self.tr("&At least"), self.least),
            FormRow(self.tr("&Undo for"), self.undo),
            FormRow(self.tr("Days and weeks &of"), self.zone),
        ]

    def _grid(self, rows: list[FormRow]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S)
        for number, row in enumerate(rows):
            grid.addWidget(row, number // _COLUMNS, number % _COLUMNS)
        for column in range(_COLUMNS):
            grid.setColumnStretch(column, 1)
        return grid

    def _connect(self) -> None:
        boxes = (*self.counts.values(), self.within, self.window_days, self.least, self.undo)
        for box in boxes:
            box.valueChanged.connect(self._on_changed)
        self.zone.currentTextChanged.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        policy, view = self.policy(), self._start.view
        self.yes.setEnabled(policy != self._held)
        self.say(self._sentence(policy))
        self._newest.ask(
            lambda: self._services.retention.what_if(view.vault, view.facts, policy),
            self._on_judged,
            self._on_failed,
        )

    def _on_judged(self, found: tuple[RetentionView, Judgement]) -> None:
        view, ahead = found
        self.preview.setText(what_words(view))
        self.ahead.setText(ahead_words(ahead))
        self.calendar.set_days(*calendar_days(view, None))

    def _on_failed(self, error: MangroveError) -> None:
        self.yes.setEnabled(False)
        self.say(text.sentence(error.message), is_error=True)

    def _sentence(self, policy: RetentionPolicy) -> str:
        if policy.is_empty:
            return self.tr("Everything is kept. Nothing is deleted by saving this.")
        words = self.tr(
            "Nothing is deleted by saving this: a prune does that, what goes can be taken back for"
            " {span}, and a stricter policy waits as long."
        )
        return words.format(span=self.undo.text())


class SpanBox(QSpinBox):
    """A span in days, or in hours where it is no whole number of days: nothing is rounded."""

    def __init__(self, span: timedelta | None, most_days: int) -> None:
        super().__init__()
        self.unit = _DAY if not (span or _DAY) % _DAY else _HOUR
        _prepare(self, (span or timedelta(0)) // self.unit, most_days * (_DAY // self.unit))

    def span(self) -> timedelta:
        """Return what the field says."""
        return self.value() * self.unit


def _spin(value: int, most: int = _MOST, least: int = 0) -> QSpinBox:
    box = QSpinBox()
    _prepare(box, value, most, least)
    return box


def _prepare(box: QSpinBox, value: int, most: int, least: int = 0) -> None:
    box.setRange(least, most)
    box.setValue(value)
    box.setGroupSeparatorShown(True)


def _count(policy: RetentionPolicy, period: Period) -> int:
    rule = policy.rule(period)
    return rule.count if rule else 0


def _span(policy: RetentionPolicy) -> timedelta | None:
    rule = policy.rule(Period.LAST, within=True)
    return rule.within if rule else None


def _begun(view: RetentionView, services: Services) -> RetentionPolicy:
    """Return the policy to begin with; before there was any, its days are those of here."""
    if view.facts.journal.policies():
        return view.policy
    return replace(view.policy, time_zone=services.clock.zone_name())
