"""What changed since last week."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.changes import Change
from mangrove.ui import text
from mangrove.ui.pages.overview.words import change_tone, change_words
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.card import Card, clear_layout
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.state_mark import StateMark

_SHOWN = 12


class ChangesCard(Card):
    """A line for each change, of all profiles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._changes: list[tuple[str, Change]] | None = None
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.S)
        self.body.addWidget(TextLabel(self.tr("Changed since last week"), "section"))
        self.body.addLayout(self._column)

    def show_profiles(self, profiles: Iterable[ProfileFigures]) -> None:
        """List the changes of these."""
        changes = [(p.profile_name, change) for p in profiles for change in p.changes]
        if changes == self._changes:
            return
        self._changes = changes
        clear_layout(self._column)
        for profile, change in changes[:_SHOWN]:
            self._column.addWidget(_row(profile, change))
        if (more := len(changes) - _SHOWN) > 0:
            words = self.tr("and {count} more").format(count=text.count(more))
            self._column.addWidget(TextLabel(words, "muted"))
        if not changes:
            words = self.tr("Nothing of note: the same databases and servers, about the same size.")
            self._column.addWidget(TextLabel(words, "muted").wrapping())


def _row(profile: str, change: Change) -> QWidget:
    ground = QWidget()
    grid = QGridLayout(ground)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(Space.S)
    grid.setColumnStretch(1, 1)
    grid.addWidget(StateMark(change_tone(change.kind)), 0, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(TextLabel(change_words(change, profile)).wrapping(), 0, 1)
    return ground
