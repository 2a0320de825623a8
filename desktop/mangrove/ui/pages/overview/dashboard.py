"""Everything on the overview once there is a backup: answers on top, how it came to that below."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.figures.answer import Overview
from mangrove.core.run import RunStatus
from mangrove.core.vaults.vault import VaultSpec
from mangrove.services.bundle import Services
from mangrove.ui.bridge import Calls
from mangrove.ui.navigation import Navigator
from mangrove.ui.pages.overview.changes_card import ChangesCard
from mangrove.ui.pages.overview.departures_card import DeparturesCard
from mangrove.ui.pages.overview.history_card import HistoryCard
from mangrove.ui.pages.overview.needs_card import NeedsCard
from mangrove.ui.pages.overview.operations_card import OperationsCard
from mangrove.ui.pages.overview.profile_list import ProfileList
from mangrove.ui.pages.overview.readers_card import ReadersCard
from mangrove.ui.pages.overview.remedies import Remedies
from mangrove.ui.pages.overview.schedule_card import ScheduleCard
from mangrove.ui.pages.overview.storage_card import StorageCard
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.card import ScrolledColumn
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.side_by_side import SideBySide
from mangrove.ui.widgets.timeline.marks import StripMarks

_UNIT = re.compile(r"(?<=\d) (?=(?:d|h|min|s)\b)")


class Dashboard(QWidget):
    """Holds the cards and hands each what it draws.

    Signals:
        drawn(): Every card shows the newest figures.
    """

    drawn = Signal()

    def __init__(
        self,
        services: Services,
        calls: Calls,
        navigator: Navigator,
        failed: Callable[[MangroveError], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._overview: Overview | None = None
        self._waiting: list[Callable[[], None]] = []
        self._turn = QTimer(self)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._on_turn)
        clock = services.clock
        remedies = Remedies(navigator, services.jobs, calls, failed, self)
        self.headline = TextLabel(self.tr("Working out the figures…"), "headline").wrapping()
        self.profiles = ProfileList(navigator, self._show_history)
        self.needs = NeedsCard(remedies)
        self.operations = OperationsCard(clock, navigator)
        self.schedule = ScheduleCard(navigator)
        self.history = HistoryCard()
        self.storage = StorageCard(navigator)
        self.departures = DeparturesCard(services.retention, calls, clock, navigator)
        self.readers = ReadersCard(navigator)
        self.changes = ChangesCard()
        self.shelf = ScrolledColumn()
        self._lay_out()
        self.shelf.hide()  # until every card has something to show

    def show_overview(
        self,
        overview: Overview,
        running: Iterable[RunStatus],
        marks: Mapping[str, StripMarks],
    ) -> None:
        """Draw these figures, a card at a time: the window answers in between."""
        self._overview = overview
        profiles, now = overview.profiles, overview.at
        self.headline.setText(_unbroken(overview.headline))
        self.operations.set_runs(running)
        self._place_needs(is_lone=len(profiles) == 1)
        self._waiting = [
            lambda: self.needs.show_needs(overview.needs),
            lambda: self.profiles.show_profiles(profiles, now, marks),
            lambda: self.schedule.show_jobs(overview.jobs, now),
            lambda: self.history.show_profiles(profiles, now),
            lambda: self.storage.show_overview(overview),
            lambda: self.readers.show_profiles(profiles),
            lambda: self.changes.show_profiles(profiles),
        ]
        self._turn.start()

    @property
    def is_drawn(self) -> bool:
        """Whether every card shows the newest figures."""
        return not self._waiting

    def show_marks(self, marks: Mapping[str, StripMarks]) -> None:
        """Say of windows whether what they rest on is proven."""
        if self._overview is not None:
            self.profiles.show_profiles(self._overview.profiles, self._overview.at, marks)

    def look_at_vaults(self, vaults: Sequence[VaultSpec]) -> None:
        """Find out what will be deleted next, if that was not done a short while ago."""
        held = self._overview.vaults if self._overview else ()
        counts = {item.vault_id: item.backups for item in held}
        self.departures.look([(spec, counts.get(spec.vault_id, 0)) for spec in vaults])

    def forget_vaults(self) -> None:
        """Look at the vaults anew the next time."""
        self.departures.forget()

    @Slot()
    def _on_turn(self) -> None:
        if self._waiting:
            self._waiting.pop(0)()
        if not self._waiting:
            self._turn.stop()
            self.shelf.show()
            self.drawn.emit()

    def _place_needs(self, *, is_lone: bool) -> None:
        """Beside one profile a tall list would leave a hole: it takes the whole width then."""
        self.needs.set_wide(is_wide=is_lone)
        column = self.shelf.column if is_lone else self._side.layout()
        if isinstance(column, QVBoxLayout) and column.indexOf(self.needs) < 0:
            column.insertWidget(0, self.needs)

    def _show_history(self, profile: str) -> None:
        self.history.choose(profile)
        # The layout knows only after this event where the card will be.
        QTimer.singleShot(0, self, lambda: self.shelf.ensureWidgetVisible(self.history))
        self.history.exposure.setFocus()

    def _lay_out(self) -> None:
        self._side = _column(self.needs, self.operations)
        top = SideBySide(
            self.profiles,
            self._side,
            shares=(5, 2),
            letters=105,
            other_first=True,
        )
        kept = SideBySide(
            _column(self.storage, self.changes),
            _column(self.departures, self.readers),
            shares=(3, 2),
        )
        for part in (top, self.schedule, self.history, kept):
            self.shelf.column.addWidget(part)
        self.shelf.column.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.headline)
        column.addWidget(self.shelf, 1)
        column.addStretch()  # keeps the headline on top while nothing is below it


def _unbroken(sentence: str) -> str:
    """Keep a number and its unit on one line."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", sentence)


def _column(*cards: QWidget) -> QWidget:
    ground = QWidget()
    column = QVBoxLayout(ground)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(Space.M)
    for card in cards:
        column.addWidget(card)
    column.addStretch()
    return ground
