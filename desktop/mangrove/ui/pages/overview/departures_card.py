"""What will be deleted next, and why; looked up once in a while, for it asks the storages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.ports.clock import Clock
from mangrove.core.vaults.vault import VaultSpec
from mangrove.services.retention import Fate, Retention
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.problems import explain
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.card import Card, clear_layout
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.wording import counted

LASTS = timedelta(minutes=15)
"""So long an answer is good enough; pruning and deleting ask anew."""
MOST_BACKUPS = 20_000
"""A vault with more is judged on its own page, where somebody waits for it."""
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class _Judged:
    """What goes from one vault, or why that cannot be said."""

    vault: str
    going: tuple[Fate, ...] = ()
    freed_bytes: int = 0
    problem: MangroveError | None = None


class DeparturesCard(Card):
    """The next backups to go, of all vaults."""

    def __init__(
        self,
        retention: Retention,
        calls: Calls,
        clock: Clock,
        navigator: Navigator,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self._retention, self._calls = retention, calls
        self._clock, self._navigator = clock, navigator
        self._asked_at: datetime | None = None
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.S)
        self.body.addWidget(TextLabel(self.tr("Deleted next"), "section"))
        self.body.addLayout(self._column)
        self._say([self.tr("Looking at the vaults")])

    def forget(self) -> None:
        """Look anew the next time."""
        self._asked_at = None

    def look(self, vaults: Sequence[tuple[VaultSpec, int]]) -> None:
        """Judge vaults with so many backups, unless that was done a short while ago."""
        now = self._clock.now()
        if self._asked_at is not None and now - self._asked_at < LASTS:
            return
        self._asked_at = now
        names = [spec.name for spec, count in vaults if 0 < count <= MOST_BACKUPS]
        large = [spec.name for spec, count in vaults if count > MOST_BACKUPS]
        self._calls.run(
            self,
            lambda: [self._judged(name) for name in names],
            lambda judged: self._on_judged(judged, large),
            lambda error: self._say([explain(error).sentence]),
        )

    def _judged(self, vault: str) -> _Judged:
        """Judge one vault; called off the GUI thread."""
        try:
            view = self._retention.preview(vault)
        except MangroveError as error:
            return _Judged(vault, problem=error)
        return _Judged(vault, view.going, view.freed_bytes)

    def _on_judged(self, judged: list[_Judged], large: list[str]) -> None:
        going = [(j.vault, fate) for j in judged for fate in j.going if fate.goes_at is not None]
        going.sort(key=lambda pair: (pair[1].goes_at, pair[1].record.data_at))
        clear_layout(self._column)
        total = sum(len(j.going) for j in judged)
        if total:
            freed = text.size(sum(j.freed_bytes for j in judged))
            many = counted(total, self.tr("backup"), self.tr("backups"))
            words = self.tr("{backups} will go and free {size}.")
            self._column.addWidget(TextLabel(words.format(backups=many, size=freed), "strong"))
        elif not large and not any(j.problem for j in judged):
            self._add(self.tr("Nothing: all backups stay."))
        for vault, fate in going[:_SHOWN]:
            self._add(self._fate_words(vault, fate))
        for item in judged:
            if item.problem is not None:
                why = explain(item.problem).sentence
                self._add(self.tr("{vault}: not known. {why}").format(vault=item.vault, why=why))
            if item.going:
                self._link(item.vault)
        for name in large:
            self._add(self.tr("{vault} holds too much to be judged here.").format(vault=name))
            self._link(name)

    def _fate_words(self, vault: str, fate: Fate) -> str:
        at = text.moment(fate.record.data_at, self._clock.now()).text
        words = self.tr("{profile}, {moment} in {vault} goes on {day}: {why}.")
        return words.format(
            profile=fate.record.profile_name,
            moment=at,
            vault=vault,
            day=f"{fate.goes_at:%Y-%m-%d}",
            why=fate.verdict.because,
        )

    def _say(self, sentences: Sequence[str]) -> None:
        clear_layout(self._column)
        for sentence in sentences:
            self._add(sentence)

    def _add(self, words: str) -> None:
        self._column.addWidget(TextLabel(words, "muted").wrapping())

    def _link(self, vault: str) -> None:
        button = QPushButton(self.tr("Retention of {vault}").format(vault=vault))
        button.setProperty("kind", "link")
        button.clicked.connect(self._opener(vault))
        self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _opener(self, vault: str) -> Callable[[], None]:
        @Slot()
        def open_it() -> None:
            self._navigator.open_page(PageName.VAULTS, retention=vault)

        return open_it
