"""The line above the jobs: who runs them, what was noticed, and a rest for all of them."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.jobs.autostart import AutostartState
from mangrove.core.jobs.job import Rest
from mangrove.core.jobs.vigil import Notice
from mangrove.core.ports.agent import LeaseHolder
from mangrove.core.ports.clock import Clock
from mangrove.services.agent_desk import AutostartView
from mangrove.ui import text
from mangrove.ui.agent_words import holder_words, notice_words, remarkable
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge

_SHOWN_NOTICES = 10


@dataclass(frozen=True, slots=True)
class AgentView:
    """What the line shows.

    Attributes:
        holder: The process that fires jobs.
        is_ours: Whether that is this very process.
        autostart: Whether an agent starts when the user signs in.
        rest: The pause of all jobs.
        notices: What was noticed, newest first.
    """

    holder: LeaseHolder | None
    is_ours: bool
    autostart: AutostartView
    rest: Rest | None
    notices: tuple[Notice, ...]


class AgentStrip(QWidget):
    """Says it in one line, with what can be done about it.

    Signals:
        install_wanted: An agent in the background is wanted.
        rest_wanted: All jobs shall rest, or shall no more.
    """

    install_wanted = Signal()
    rest_wanted = Signal()

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._view: AgentView | None = None
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.words = TextLabel("").wrapping()
        self.notice = ElidedLabel("", "small")
        self.install_button = QPushButton(self.tr("Run in the &background"))
        self.rest_button = QPushButton(self.tr("Pause a&ll…"))
        self.install_button.clicked.connect(self.install_wanted)
        self.rest_button.clicked.connect(self.rest_wanted)
        said = QVBoxLayout()
        said.setSpacing(Space.HALF)
        said.addWidget(self.words)
        said.addWidget(self.notice)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S + Space.HALF)
        row.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(said, 1)
        for button in (self.install_button, self.rest_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)

    @property
    def is_resting(self) -> bool:
        """Whether all jobs rest."""
        return self._view is not None and self._view.rest is not None

    def set_view(self, view: AgentView) -> None:
        """Show how things stand."""
        self._view = view
        self.badge.set_state(*self._state(view))
        self.words.setText(self._words(view))
        told = remarkable(view.notices)[:_SHOWN_NOTICES]
        now = self._clock.now()
        self.notice.setText(notice_words(told[0], now) if told else "")
        self.notice.setToolTip("\n".join(notice_words(n, now) for n in told))
        self.notice.setVisible(bool(told))
        self.rest_button.setText(self.tr("Resume a&ll") if view.rest else self.tr("Pause a&ll…"))
        self.install_button.setVisible(view.autostart.state is AutostartState.ABSENT)

    def _state(self, view: AgentView) -> tuple[Tone, str]:
        if view.rest:
            return Tone.NEUTRAL, self.tr("paused")
        if view.holder is None:
            return Tone.EXPOSED, self.tr("unattended")
        return Tone.PROVEN, self.tr("on time")

    def _words(self, view: AgentView) -> str:
        if view.rest:
            until = text.moment(view.rest.until, self._clock.now()).text
            words = self.tr("All jobs rest until {moment}: {why}.")
            return words.format(moment=until, why=view.rest.why)
        return holder_words(view.holder, is_ours=view.is_ours)
