"""All profiles, the worst first: cards for those in most need, a line for each of the others."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from mangrove.core.figures.answer import ProfileFigures
from mangrove.ui import text
from mangrove.ui.navigation import Navigator
from mangrove.ui.pages.overview.profile_card import ProfileCard
from mangrove.ui.run_words import light_tone, light_word
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.widgets.timeline.marks import StripMarks

CARDS = 3
"""So many profiles are drawn in full unasked; one more is too, before a line stands alone."""


class ProfileList(QWidget):
    """Keeps what is there when figures come anew: nothing jumps while somebody reads.

    Signals:
        opened: The name of a profile that is drawn in full now.
    """

    opened = Signal(str)

    def __init__(
        self,
        navigator: Navigator,
        on_history: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._navigator, self._on_history = navigator, on_history
        self.cards: dict[str, ProfileCard] = {}
        self.lines: dict[str, ProfileLine] = {}
        self._wanted: set[str] = set()
        self._others = Card()
        self._others.body.setSpacing(0)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.M)
        self._column.addWidget(self._others)
        self._column.addStretch()
        self._shown: tuple[Sequence[ProfileFigures], datetime, Mapping[str, StripMarks]] | None
        self._shown = None

    def show_profiles(
        self,
        profiles: Sequence[ProfileFigures],
        now: datetime,
        marks: Mapping[str, StripMarks],
    ) -> None:
        """Draw these, in their order; marks say what the windows of some of them rest on."""
        self._shown = (profiles, now, marks)
        carded = self._carded(profiles)
        self._drop(set(carded), {p.profile_name for p in profiles})
        for place, item in enumerate(p for p in profiles if p.profile_name in carded):
            self._card(item.profile_name, place).show_figures(
                item, now, marks.get(item.profile_slug)
            )
        others = [p for p in profiles if p.profile_name not in carded]
        for place, item in enumerate(others):
            self._line(item.profile_name, place).show_figures(item, now)
        widest = max((line.name.sizeHint().width() for line in self.lines.values()), default=0)
        for line in self.lines.values():
            line.name.setMinimumWidth(min(widest, self.width() // 3))
        self._others.setVisible(bool(others))

    def open(self, profile: str) -> None:
        """Draw a profile in full."""
        self._wanted.add(profile)
        if self._shown is not None:
            self.show_profiles(*self._shown)
        if profile in self.cards:
            self.cards[profile].back_up.setFocus()
            self.opened.emit(profile)

    def _carded(self, profiles: Sequence[ProfileFigures]) -> list[str]:
        names = [p.profile_name for p in profiles]
        least = len(names) if len(names) <= CARDS + 1 else CARDS
        return [n for place, n in enumerate(names) if place < least or n in self._wanted]

    def _card(self, name: str, place: int) -> ProfileCard:
        if name not in self.cards:
            self.cards[name] = ProfileCard(name, self._navigator, self._on_history)
        card = self.cards[name]
        if self._column.indexOf(card) != place:
            self._column.insertWidget(place, card)
        return card

    def _line(self, name: str, place: int) -> "ProfileLine":
        if name not in self.lines:
            self.lines[name] = ProfileLine(name)
            self.lines[name].opened.connect(self._on_line_opened)
        line = self.lines[name]
        if self._others.body.indexOf(line) != place:
            self._others.body.insertWidget(place, line)
        return line

    def _drop(self, carded: set[str], all_names: set[str]) -> None:
        gone: list[QWidget] = [self.cards.pop(n) for n in list(self.cards) if n not in carded]
        lined = all_names - carded
        gone += [self.lines.pop(n) for n in list(self.lines) if n not in lined]
        for widget in gone:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()

    @Slot(str)
    def _on_line_opened(self, profile: str) -> None:
        self.open(profile)


class ProfileLine(QWidget):
    """One profile in a line: state, name, what would be lost, how long it takes, proof.

    Signals:
        opened: The profile's name: it shall be drawn in full.
    """

    opened = Signal(str)

    def __init__(self, profile: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.profile = profile
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.name = TextLabel(profile, "strong")
        self.words = [ElidedLabel("", "muted") for _ in range(3)]
        self.button = QPushButton()
        self.button.setProperty("kind", "flat")
        set_icon(self.button, "chevron-down")
        self.button.setAccessibleName(self.tr("Show {profile} in full").format(profile=profile))
        self.button.setToolTip(self.button.accessibleName())
        self.button.clicked.connect(self._on_clicked)
        self.name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.M)
        row.addWidget(self.name)
        for label in self.words:
            row.addWidget(label, 1)
        row.addWidget(self.badge)
        row.addWidget(self.button)

    def show_figures(self, figures: ProfileFigures, now: datetime) -> None:
        """Draw these instead."""
        self.badge.set_state(light_tone(figures.light), light_word(figures.light))
        lost, back, proof = figures.lose_at_most, figures.restore.expected, figures.proof
        parts = (
            self.tr("lose {length} of {goal}").format(
                length=text.brief_duration(lost) if lost is not None else self.tr("everything"),
                goal=text.brief_duration(figures.objective),
            ),
            self.tr("back in {length}").format(
                length=text.brief_duration(back) if back is not None else self.tr("unknown time")
            ),
            self.tr("proven {ago}").format(ago=text.ago(proof.finished_at, now))
            if proof
            else self.tr("never proven"),
        )
        for label, words in zip(self.words, parts, strict=True):
            label.setText(words)
        self.setAccessibleName(f"{self.profile}: {light_word(figures.light)}, {', '.join(parts)}")

    @Slot()
    def _on_clicked(self) -> None:
        self.opened.emit(self.profile)
