"""One profile on the overview: what would be lost, how long it takes to be back, what proves it."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.ports import Clock
from mangrove.core.vault import BackupRecord
from mangrove.core.verification import EMBEDDED
from mangrove.ui import text
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.timeline.picture import Picture
from mangrove.ui.run_words import light_tone, light_word
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.day_strip import DayStrip
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.widgets.timeline.band import TimelineBand

_DAYS = 14
_ROOMY_CHAR = 10  # px; with wider letters four figures do not fit side by side
_DASH = "\N{EN DASH}"  # absence is drawn


class ExposureCard(Card):
    """Draws one ``ProfileFigures``."""

    def __init__(
        self,
        exposure: ProfileFigures,
        records: Sequence[BackupRecord],
        clock: Clock,
        navigator: Navigator,
        picture: Picture | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self._exposure, self._navigator, self._now = exposure, navigator, clock.now()
        self.band: TimelineBand | None = None
        self.set_tone(light_tone(exposure.light))
        self.body.addLayout(self._title())
        self.body.addLayout(self._figures())
        strip = DayStrip(_DAYS)
        strip.set_records(records, self._now.astimezone().date())
        self.body.addSpacing(Space.HALF)
        self.body.addLayout(self._days(strip, picture))
        if exposure.reasons:
            words = "; ".join(exposure.reasons)
            self.body.addWidget(TextLabel(text.sentence(words), "small").wrapping())
        self.body.addSpacing(Space.HALF)
        self.body.addLayout(self._buttons())

    def _days(self, strip: DayStrip, picture: Picture | None) -> QGridLayout:
        """Show the backups of the last days, and below them the windows if there are any."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.HALF)
        grid.setColumnStretch(0, 1)
        grid.addWidget(strip, 0, 0)
        grid.addWidget(TextLabel(self.tr("last {days} days").format(days=_DAYS), "small"), 0, 1)
        if picture is not None and picture.timeline.slices:
            self.band = TimelineBand(picture.marks, _DAYS)
            self.band.moment_clicked.connect(self._on_open_timeline_clicked)
            grid.addWidget(self.band, 1, 0)
            grid.addWidget(TextLabel(self.tr("any second"), "small"), 1, 1)
        return grid

    def _title(self) -> QHBoxLayout:
        light = self._exposure.light
        row = QHBoxLayout()
        row.addWidget(ElidedLabel(self._exposure.profile_name, "section"), 1)
        self.badge = StateBadge(light_tone(light), light_word(light))
        row.addWidget(self.badge)
        return row

    def _figures(self) -> QGridLayout:
        item = self._exposure
        lose = text.rough_duration(item.lose_at_most) if item.lose_at_most is not None else _DASH
        back = text.rough_duration(item.restore_takes) if item.restore_takes else _DASH
        proof = text.ago(item.proof.finished_at, self._now) if item.proof else self.tr("never")
        newest = item.newest
        at = text.moment(newest.data_at, self._now) if newest else None
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(0)
        columns: tuple[tuple[str, str, str, str], ...] = (
            (
                self.tr("Lose at most"),
                lose if item.lose_at_most is not None else self.tr("everything"),
                self.tr("objective {duration}").format(
                    duration=text.rough_duration(item.objective)
                ),
                "",
            ),
            (self.tr("Back in"), back, self._how_known(), ""),
            (
                self.tr("Newest backup"),
                at.text if at else self.tr("none"),
                self.tr("{count} in all").format(count=text.count(item.backups)),
                at.tooltip if at else "",
            ),
            (self.tr("Restored on trial"), proof, self._where_proven(), ""),
        )
        is_large = self.fontMetrics().averageCharWidth() > _ROOMY_CHAR
        side_by_side = len(columns) // 2 if is_large else len(columns)
        for column, (name, value, note, tip) in enumerate(columns):
            figure = TextLabel(value, "figure")
            figure.setToolTip(tip)
            figure.setAccessibleName(f"{name}: {value}")
            cells: tuple[QLabel, ...] = (TextLabel(name, "small"), figure, TextLabel(note, "small"))
            line, place = divmod(column, side_by_side)
            for row, cell in enumerate(cells):
                grid.addWidget(cell, line * len(cells) + row, place)
            grid.setColumnStretch(place, 1)
        return grid

    def _how_known(self) -> str:
        newest = self._exposure.restore.newest
        if newest is None:
            return self.tr("never measured")
        return self.tr("measured {ago}").format(ago=text.ago(newest.ended_at, self._now))

    def _where_proven(self) -> str:
        target = self._exposure.proof.target if self._exposure.proof else ""
        return self.tr("on a throw-away server") if target == EMBEDDED else target

    def _buttons(self) -> QHBoxLayout:
        self.back_up = QPushButton(self.tr("Back up now"))
        self.show_backups = QPushButton(self.tr("Show backups"))
        self.timeline = QPushButton(self.tr("Open timeline"))
        self.timeline.clicked.connect(self._on_open_timeline_clicked)
        self.back_up.clicked.connect(self._on_back_up_clicked)
        self.show_backups.clicked.connect(self._on_show_backups_clicked)
        for button in (self.back_up, self.timeline, self.show_backups):
            button.setAccessibleDescription(self._exposure.profile_name)
        row = QHBoxLayout()
        row.setSpacing(Space.S)
        row.addWidget(self.back_up)
        row.addWidget(self.timeline)
        row.addWidget(self.show_backups)
        row.addStretch()
        return row

    @Slot()
    def _on_back_up_clicked(self) -> None:
        self._navigator.open_backup(self._exposure.profile_name)

    @Slot()
    def _on_open_timeline_clicked(self) -> None:
        self._navigator.open_page(PageName.TIMELINE, profile=self._exposure.profile_name)

    @Slot()
    def _on_show_backups_clicked(self) -> None:
        self._navigator.open_page(PageName.BACKUPS, profile=self._exposure.profile_name)


class FirstSteps(Card):
    """The three steps of a brand-new install; a step that was done is ticked."""

    def __init__(self, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.M)
        self.body.addWidget(TextLabel(self.tr("Three steps to the first proven backup"), "title"))
        self.body.addWidget(
            TextLabel(
                self.tr(
                    "Mangrove reads your deployment, encrypts what it reads on this computer, and"
                    " counts a backup only after it was read back."
                ),
                "muted",
            ).wrapping()
        )
        self.body.addSpacing(Space.S)
        self.body.addLayout(self._column)
        self.buttons: list[QPushButton] = []
        self._badges: list[StateBadge] = []
        steps = (
            (
                self.tr("Add a deployment"),
                self.tr("Paste its connection string; the password goes to the keyring."),
                self.tr("Add deployment"),
                navigator.open_add_profile,
            ),
            (
                self.tr("Add a vault"),
                self.tr("A folder or an S3 bucket; what is kept there is encrypted."),
                self.tr("Add vault"),
                navigator.open_add_vault,
            ),
            (
                self.tr("Back up"),
                self.tr("Everything, or the databases you choose."),
                self.tr("Back up now"),
                navigator.open_backup,
            ),
        )
        for number, (title, hint, caption, action) in enumerate(steps, start=1):
            button = QPushButton(caption)
            button.clicked.connect(lambda _=False, action=action: action())
            self._add_step(number, (title, hint), button)

    def set_done(self, done: Sequence[bool]) -> None:
        """Tick what is done; the first step left gets the primary button."""
        following = next((i for i, is_done in enumerate(done) if not is_done), len(done))
        for index, (button, badge) in enumerate(zip(self.buttons, self._badges, strict=True)):
            is_done = done[index]
            badge.set_state(
                Tone.PROVEN if is_done else Tone.NEUTRAL,
                self.tr("done") if is_done else self.tr("step {number}").format(number=index + 1),
            )
            button.setEnabled(index <= following)
            button.setVisible(not is_done)
            button.setProperty("kind", "primary" if index == following else "")
            button.style().unpolish(button)
            button.style().polish(button)

    def _add_step(self, number: int, words: tuple[str, str], button: QPushButton) -> None:
        badge = StateBadge(Tone.NEUTRAL, self.tr("step {number}").format(number=number))
        text_column = QVBoxLayout()
        text_column.setSpacing(2)
        text_column.addWidget(TextLabel(words[0], "section"))
        text_column.addWidget(TextLabel(words[1], "muted").wrapping())
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        row.addWidget(badge)
        row.addLayout(text_column, 1)
        row.addWidget(button)
        self._column.addLayout(row)
        self.buttons.append(button)
        self._badges.append(badge)
