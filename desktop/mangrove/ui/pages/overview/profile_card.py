"""One profile on the overview: what would be lost, how long until it is back, what proves it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.verification import EMBEDDED
from mangrove.ui import text
from mangrove.ui.figure_words import target_words
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.overview.databases import DatabaseGrid, DatabaseLine
from mangrove.ui.pages.overview.strips import day_words, window_marks
from mangrove.ui.pages.overview.words import evidence_words
from mangrove.ui.run_words import light_tone, light_word
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.days.strip import DayStrip
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.widgets.state_mark import StateMark
from mangrove.ui.widgets.timeline.band import TimelineBand
from mangrove.ui.widgets.timeline.marks import StripMarks
from mangrove.ui.wording import counted

STRIP_DAYS = 14
_ROOMY_CHAR = 10  # px; with wider letters four figures do not fit side by side
_FIGURES = 4
_DASH = "\N{EN DASH}"  # absence is drawn


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one figure says."""

    value: str
    note: str
    tip: str = ""
    is_bad: bool = False


class ProfileCard(Card):
    """Draws one ``ProfileFigures`` at a time."""

    def __init__(
        self,
        profile: str,
        navigator: Navigator,
        on_history: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self.profile = profile
        self._navigator, self._on_history = navigator, on_history
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.figures = [_Figure(name) for name in self._names()]
        self.days = DayStrip(STRIP_DAYS)
        self.band = TimelineBand(STRIP_DAYS)
        self.band.moment_clicked.connect(self._on_timeline_clicked)
        self._band_words = TextLabel(self.tr("any second"), "small")
        self.databases, self.grid = DatabaseLine(), DatabaseGrid()
        self.fold = Fold("")
        self.fold.heading.addWidget(self.databases, 1, Qt.AlignmentFlag.AlignVCenter)
        self.fold.column.addWidget(self.grid)
        self.reasons = TextLabel("", "small").wrapping()
        self._is_large = self.fontMetrics().averageCharWidth() > _ROOMY_CHAR
        self._lay_out()

    def show_figures(
        self, figures: ProfileFigures, now: datetime, marks: StripMarks | None = None
    ) -> None:
        """Draw these instead; ``marks`` say of the windows whether what is below them is proven."""
        self.band.set_marks(marks or window_marks(figures, now))
        self.set_tone(light_tone(figures.light))
        self.badge.set_state(light_tone(figures.light), light_word(figures.light))
        for figure, shown in zip(self.figures, self._shown(figures, now), strict=True):
            figure.show_value(shown)
        self.days.set_days(day_words(figures.days), now.astimezone().date())
        is_captured = bool(figures.windows)
        self.band.setVisible(is_captured)
        self._band_words.setVisible(is_captured)
        self.databases.show_databases(figures.databases)
        self.grid.show_databases(figures.databases, now)
        self.fold.setVisible(bool(figures.databases))
        self.fold.button.setText(
            self.tr("Databases ({count})").format(count=text.count(len(figures.databases)))
        )
        self.reasons.setText(self._reasons(figures))
        self.reasons.setVisible(bool(self.reasons.text()))

    # --- figures -------------------------------------------------------------------------

    def _names(self) -> tuple[str, ...]:
        return (
            self.tr("Lose at most"),
            self.tr("Back in"),
            self.tr("Restored on trial"),
            self.tr("Proven lately"),
        )

    def _shown(self, item: ProfileFigures, now: datetime) -> tuple[_Shown, ...]:
        proof, rto, size = item.proof, item.objectives.rto, text.size(item.stored_bytes)
        evidence = evidence_words(item.restore, now)
        within = self.tr("objective {length}, {evidence}")
        return (
            _Shown(
                _length(item.lose_at_most, self.tr("everything")),
                self.tr("objective {length}").format(length=text.brief_duration(item.objective)),
                "\n".join((_exact(item.exposure.data_at, now), target_words(item.target))).strip(),
                is_bad=not item.is_met,
            ),
            _Shown(
                _length(item.restore.expected, self.tr("unknown")),
                within.format(length=text.brief_duration(rto), evidence=evidence)
                if rto
                else evidence,
                self._percentiles(item),
                is_bad=item.restore.meets(rto) is False,
            ),
            _Shown(
                text.ago(proof.finished_at, now) if proof else self.tr("never"),
                self.tr("but the last proof failed") if item.is_disproven else self._where(item),
                _exact(proof.finished_at, now) if proof else "",
                is_bad=item.is_disproven,
            ),
            _Shown(
                f"{int(item.verified * 100)} %" if item.verified is not None else _DASH,
                self.tr("of {size} in 30 days").format(size=size),
                self.tr("The share of all that is kept that was decoded or restored lately."),
            ),
        )

    def _percentiles(self, item: ProfileFigures) -> str:
        estimate = item.restore
        if estimate.p50 is None or estimate.p90 is None:
            return text.sentence(estimate.why_unknown)
        words = self.tr("Half of such restores take up to {p50}, nine of ten up to {p90}.")
        return words.format(p50=text.duration(estimate.p50), p90=text.duration(estimate.p90))

    def _reasons(self, item: ProfileFigures) -> str:
        """Say why the light is not green, and what of it is held only in part."""
        sentences = [text.sentence("; ".join(item.reasons))] if item.reasons else []
        if item.partial:
            words = self.tr("Only a part of it is in {part} of {all}.")
            every = counted(item.backups, self.tr("backup"), self.tr("backups"))
            sentences.append(words.format(part=text.count(item.partial), all=every))
        for kept in item.elsewhere:
            words = self.tr("{keeper} keeps {number} of its {all} in {place}.")
            told = words.format(
                keeper=kept.keeper,
                number=text.count(len(kept.points)),
                all=counted(item.backups, self.tr("backup"), self.tr("backups")),
                place=kept.place,
            )
            sentences.append(told)
        return " ".join(sentences)

    def _where(self, item: ProfileFigures) -> str:
        if item.proof is None:
            return self.tr("no backup proves itself")
        if item.untried:
            return self.tr("never with {databases}").format(databases=", ".join(item.untried))
        if item.proof.target == EMBEDDED:
            return self.tr("on a throw-away server")
        return self.tr("on {profile}").format(profile=item.proof.target)

    # --- layout --------------------------------------------------------------------------

    def _lay_out(self) -> None:
        buttons = self._buttons()
        title = QHBoxLayout()
        title.setSpacing(Space.S)
        title.addWidget(ElidedLabel(self.profile, "section"), 1)
        title.addWidget(self.badge)
        if not self._is_large:
            title.addLayout(buttons)
        self.body.addLayout(title)
        if self._is_large:
            buttons.addStretch()
            self.body.addLayout(buttons)
        self.body.addLayout(self._figure_grid())
        self.body.addLayout(self._strips())
        self.body.addWidget(self.reasons)
        self.body.addWidget(self.fold)

    def _figure_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(0)
        side_by_side = _FIGURES // 2 if self._is_large else _FIGURES
        for number, figure in enumerate(self.figures):
            line, place = divmod(number, side_by_side)
            grid.addWidget(figure.name, line * 3, place)
            grid.addLayout(figure.value, line * 3 + 1, place)
            grid.addWidget(figure.note, line * 3 + 2, place, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(place, 1)
        return grid

    def _strips(self) -> QGridLayout:
        """Lay the backups of the last days, and below them the windows, over the same time."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.HALF)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.days, 0, 0)
        days = self.tr("last {days} days").format(days=STRIP_DAYS)
        grid.addWidget(TextLabel(days, "small"), 0, 1)
        grid.addWidget(self.band, 1, 0)
        grid.addWidget(self._band_words, 1, 1)
        return grid

    def _buttons(self) -> QHBoxLayout:
        self.back_up = QPushButton(self.tr("Back up now"))
        self.timeline = QPushButton(self.tr("Timeline"))
        self.history = QPushButton(self.tr("History"))
        self.back_up.clicked.connect(self._on_back_up_clicked)
        self.timeline.clicked.connect(self._on_timeline_clicked)
        self.history.clicked.connect(self._on_history_clicked)
        row = QHBoxLayout()
        row.setSpacing(0)
        for button in (self.back_up, self.timeline, self.history):
            button.setProperty("kind", "flat")
            button.setAccessibleDescription(self.profile)
            row.addWidget(button)
        return row

    @Slot()
    def _on_back_up_clicked(self) -> None:
        self._navigator.open_backup(self.profile)

    @Slot()
    def _on_timeline_clicked(self) -> None:
        self._navigator.open_page(PageName.TIMELINE, profile=self.profile)

    @Slot()
    def _on_history_clicked(self) -> None:
        self._on_history(self.profile)


class _Figure:
    """A name, a large value with a mark when it is bad, and a note below it."""

    def __init__(self, name: str) -> None:
        self.name, self.note = TextLabel(name, "small"), TextLabel("", "small").wrapping()
        self.label, self._mark = TextLabel("", "figure"), StateMark(Tone.EXPOSED)
        self.value = QHBoxLayout()
        self.value.setSpacing(Space.HALF)
        self.value.addWidget(self._mark)
        self.value.addWidget(self.label)
        self.value.addStretch()

    def show_value(self, shown: _Shown) -> None:
        self.label.setText(shown.value)
        self.label.setAccessibleName(f"{self.name.text()}: {shown.value}, {shown.note}")
        self.note.setText(shown.note)
        for label in (self.name, self.label):
            label.setToolTip(shown.tip)
        self._mark.setVisible(shown.is_bad)


def _exact(moment: datetime | None, now: datetime) -> str:
    return text.moment(moment, now).tooltip if moment is not None else ""


def _length(length: timedelta | None, otherwise: str) -> str:
    return text.brief_duration(length) if length is not None else otherwise
