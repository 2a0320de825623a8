"""Where alerts go: the cards of channels, heartbeats, quiet hours, and what was sent lately."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.alerts.delivery import Delivery
from mangrove.core.alerts.policy import DESKTOP, AlertPolicy
from mangrove.services.channels import ChannelView, HeartbeatView
from mangrove.ui import text
from mangrove.ui.alert_words import delivery_tone, delivery_words, health_words, least_words
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card, Line, clear_layout
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_mark import StateMark

SHOWN_SENT = 8


def link(caption: str, what: str = "") -> QPushButton:
    """Return a button that looks like a link."""
    button = QPushButton(caption)
    button.setProperty("kind", "link")
    button.setAccessibleDescription(what)
    return button


class MarkedLines(QWidget):
    """A shape, and beside it a strong line with quieter ones below."""

    def __init__(self, tone: Tone, title: str, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(StateMark(tone), 0, Qt.AlignmentFlag.AlignTop)
        self.column = QVBoxLayout()
        self.column.setSpacing(2)
        self.column.addWidget(ElidedLabel(title, "strong"))
        for words, role in lines:
            if words:
                self.column.addWidget(TextLabel(words, role).wrapping())
        row.addLayout(self.column, 1)

    def add_buttons(self, *buttons: QPushButton) -> None:
        """Put buttons below the lines."""
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        for button in buttons:
            row.addWidget(button)
        row.addStretch()
        self.column.addLayout(row)


class ChannelsCard(Card):
    """The channels, each with how well it works.

    Signals:
        tested, edited, removed: A channel's name; the button was pressed.
        added(): A new one is wanted.
    """

    tested = Signal(str)
    edited = Signal(str)
    removed = Signal(str)
    added = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.add = link(self.tr("Add channel…"))
        self.add.clicked.connect(self.added)
        self.header.addWidget(self.add)
        self.buttons: dict[str, tuple[QPushButton, QPushButton, QPushButton]] = {}

    def show_channels(self, views: Sequence[ChannelView], now: datetime) -> None:
        """List these."""
        clear_layout(self.body)
        self.buttons = {}
        if not views:
            hint = self.tr("Nobody who is away is told yet. Add a mailbox, a chat or a webhook.")
            self.body.addWidget(TextLabel(hint, "muted").wrapping())
        for index, view in enumerate(views):
            if index:
                self.body.addWidget(Line())
            self.body.addWidget(self._row(view, now))

    def _row(self, view: ChannelView, now: datetime) -> QWidget:
        channel, health = view.channel, view.health
        tone = Tone.EXPOSED if health.problem else Tone.PROVEN if health.sent_at else Tone.UNPROVEN
        kind = f"{text.capital(channel.kind)}: {least_words(channel.least)}"
        state = self.tr("switched off") if not channel.is_on else health_words(health, now)
        row = MarkedLines(
            tone if channel.is_on else Tone.NEUTRAL,
            channel.name,
            (
                (kind, "small"),
                (text.capital(state), "small"),
                (text.sentence(health.problem), "error"),
            ),
        )
        name = channel.name
        test, edit = link(self.tr("Test"), name), link(self.tr("Edit…"), name)
        remove = link(self.tr("Remove…"), name)
        test.clicked.connect(lambda _=False: self.tested.emit(name))
        edit.clicked.connect(lambda _=False: self.edited.emit(name))
        remove.clicked.connect(lambda _=False: self.removed.emit(name))
        row.add_buttons(test, edit, remove)
        self.buttons[name] = (test, edit, remove)
        return row


class HeartbeatsCard(Card):
    """The watches outside, each with the last sign that was given.

    Signals:
        removed: A job's name, "" for the agent's own.
        added(): A new one is wanted.
    """

    removed = Signal(str)
    added = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.add = link(self.tr("Set…"))
        self.add.clicked.connect(self.added)
        self.header.addWidget(self.add)

    def show_heartbeats(self, views: Sequence[HeartbeatView], now: datetime) -> None:
        """List these."""
        clear_layout(self.body)
        if not views:
            hint = self.tr(
                "A dead program cannot call for help. A watch outside, such as healthchecks.io,"
                " raises the alarm when it hears nothing."
            )
            self.body.addWidget(TextLabel(hint, "muted").wrapping())
        for view in views:
            self.body.addWidget(self._row(view, now))

    def _row(self, view: HeartbeatView, now: datetime) -> QWidget:
        beat, job = view.beat, view.job
        problem = beat.problem if beat else ""
        tone = Tone.EXPOSED if problem else Tone.PROVEN if beat else Tone.UNPROVEN
        sign = self.tr("Last sign {ago}").format(ago=text.ago(beat.at, now)) if beat else ""
        every = self.tr("every {span} while it runs").format(
            span=text.duration(view.heartbeat.every)
        )
        row = MarkedLines(
            tone,
            job or self.tr("The agent itself"),
            (
                (self.tr("when it begins and ends") if job else every, "small"),
                (sign or self.tr("No sign was given yet"), "small"),
                (text.sentence(problem), "error"),
            ),
        )
        remove = link(self.tr("Remove"), job)
        remove.clicked.connect(lambda _=False: self.removed.emit(job))
        row.add_buttons(remove)
        return row


class QuietCard(Card):
    """When nobody is disturbed, and what else is chosen.

    Signals:
        changed(): A change is wanted.
    """

    changed = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.change = link(self.tr("Change…"))
        self.change.clicked.connect(self.changed)
        self.header.addWidget(self.change)
        self.words = TextLabel("").wrapping()
        self.body.addWidget(self.words)

    def show_policy(self, policy: AlertPolicy) -> None:
        """Say what was chosen."""
        quiet = policy.quiet
        lines = [
            text.sentence(quiet.describe()) if quiet else self.tr("No quiet hours."),
            self.tr("What lasts is told again, after ever longer waits.")
            if policy.reminds
            else self.tr("Nothing is told twice."),
            self.tr("Notifications appear on this desktop.")
            if policy.uses_desktop
            else self.tr("No notifications on this desktop."),
        ]
        self.words.setText("\n".join(lines))


class SentCard(Card):
    """What was sent lately, and what became of it."""

    def show_sent(
        self, deliveries: Sequence[Delivery], names: dict[str, str], now: datetime
    ) -> None:
        """List the newest of these."""
        clear_layout(self.body)
        if not deliveries:
            self.body.addWidget(TextLabel(self.tr("Nothing was sent yet."), "muted"))
        for delivery in deliveries[:SHOWN_SENT]:
            moment = text.moment(delivery.made_at, now)
            to = names.get(delivery.target, self.tr("a channel that is gone"))
            line = f"{moment.text}, {to}: {delivery_words(delivery)}"
            what = (delivery.message.title or delivery.message.body).removeprefix("Mangrove: ")
            row = MarkedLines(delivery_tone(delivery), what, ((text.capital(line), "small"),))
            row.setToolTip(delivery.problem or moment.tooltip)
            self.body.addWidget(row)


class RoutesCard(Card):
    """The jobs whose alerts do not go everywhere.

    Signals:
        chosen: A job's name, "" for one that is still to be chosen.
    """

    chosen = Signal(str)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.choose = link(self.tr("Choose…"))
        self.choose.clicked.connect(lambda _=False: self.chosen.emit(""))
        self.header.addWidget(self.choose)

    def show_routes(self, routes: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """List these."""
        clear_layout(self.body)
        if not routes:
            words = self.tr("The alerts of every job go to every channel.")
            self.body.addWidget(TextLabel(words, "muted").wrapping())
        for job, names in routes:
            where = ", ".join(self._name(name) for name in names) or self.tr("nowhere")
            row = MarkedLines(Tone.NEUTRAL, job, ((text.capital(where), "small"),))
            change = link(self.tr("Change…"), job)
            change.clicked.connect(lambda _=False, job=job: self.chosen.emit(job))
            row.add_buttons(change)
            self.body.addWidget(row)

    def _name(self, name: str) -> str:
        return self.tr("this desktop") if name == DESKTOP else name
