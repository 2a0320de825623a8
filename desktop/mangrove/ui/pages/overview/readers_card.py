"""Who can read what is kept: the keys of each vault, and whether they are kept elsewhere too."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.figures.answer import ProfileFigures, VaultReaders
from mangrove.ui.navigation import Navigator
from mangrove.ui.pages.overview.words import kit_state
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card, Line, clear_layout
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge

_HEAD, _TAIL = 10, 6


class ReadersCard(Card):
    """One part for each vault that holds anything."""

    def __init__(self, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._navigator = navigator
        self._readers: tuple[VaultReaders, ...] | None = None
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.S + Space.HALF)
        self.body.addWidget(TextLabel(self.tr("Who can read it"), "section"))
        self.body.addLayout(self._column)

    def show_profiles(self, profiles: Iterable[ProfileFigures]) -> None:
        """List the readers of all vaults that these profiles are kept in."""
        found = {r.vault: r for p in profiles for r in p.readers}
        readers = tuple(found[name] for name in sorted(found, key=str.casefold))
        if readers == self._readers:
            return
        self._readers = readers
        clear_layout(self._column)
        for number, item in enumerate(readers):
            if number:
                self._column.addWidget(Line())
            self._column.addWidget(self._part(item))
        if not readers:
            self._column.addWidget(TextLabel(self.tr("Nothing is kept yet."), "muted"))

    def _part(self, item: VaultReaders) -> QWidget:
        ground = QWidget()
        grid = QGridLayout(ground)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.S)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(ElidedLabel(item.vault, "strong"), 0, 0)
        tone, word = kit_state(item.kit)
        if not item.is_encrypted:
            tone, word = Tone.EXPOSED, self.tr("not encrypted")
        grid.addWidget(StateBadge(tone, word), 0, 1, Qt.AlignmentFlag.AlignRight)
        for row, words in enumerate(self._sentences(item), start=1):
            grid.addWidget(TextLabel(words, "small").wrapping(), row, 0, 1, 2)
        keys = QPushButton(self.tr("Keys…"))
        keys.setProperty("kind", "link")
        keys.setAccessibleDescription(item.vault)
        keys.clicked.connect(lambda _=False: self._navigator.open_keys(item.vault))
        grid.addWidget(keys, len(item.readers) + 2, 0, Qt.AlignmentFlag.AlignLeft)
        return ground

    def _sentences(self, item: VaultReaders) -> list[str]:
        if not item.is_encrypted:
            return [self.tr("Whoever reads the storage reads the data.")]
        found = [f"{name or self.tr('not named')}: {_short(key)}" for key, name in item.readers]
        if item.is_write_only:
            found.append(self.tr("This computer can write there, but not read."))
        return found


def _short(key: str) -> str:
    """Write both ends of a key: enough to tell one from another."""
    if len(key) <= _HEAD + _TAIL + 1:
        return key
    return f"{key[:_HEAD]}\N{HORIZONTAL ELLIPSIS}{key[-_TAIL:]}"
