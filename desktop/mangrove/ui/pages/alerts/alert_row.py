"""One alert: how urgent, what, since when, and what can be done about it."""

from datetime import datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from mangrove.core.alerts.alert import Alert
from mangrove.ui import text
from mangrove.ui.alert_words import action_word, alert_line, severity_tone, severity_word
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.state_badge import StateBadge


class AlertRow(Card):
    """An open alert with its buttons, or one that is over without.

    Signals:
        mended, known, muted, unmuted: The button was pressed; each with the ``Alert``.
    """

    mended = Signal(object)
    known = Signal(object)
    muted = Signal(object)
    unmuted = Signal(object)

    def __init__(self, alert: Alert, now: datetime, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.alert = alert
        trouble = alert.trouble
        is_quiet = alert.acknowledged_at is not None or alert.is_muted(now)
        over = self.tr("over")
        self.badge = StateBadge(
            severity_tone(alert.severity) if alert.is_open else Tone.PROVEN,
            severity_word(alert.severity) if alert.is_open else over,
        )
        self.title = TextLabel(trouble.title, "strong").wrapping()
        self.sentence = TextLabel(text.sentence(trouble.sentence)).wrapping().selectable()
        self.hint = TextLabel(text.sentence(trouble.hint), "muted").wrapping().selectable()
        self.line = TextLabel(alert_line(alert, now), "small").wrapping()
        self.line.setToolTip(text.moment(alert.opened_at, now).tooltip)
        top = QHBoxLayout()
        top.setSpacing(Space.S)
        top.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.title, 1)
        self.body.addLayout(top)
        self.body.addWidget(self.sentence)
        self.body.addWidget(self.hint)
        self.hint.setVisible(bool(trouble.hint) and alert.is_open)
        self.body.addWidget(self.line)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(Space.S)
        self.mend = self._button(action_word(trouble.action))
        self.know = self._button(self.tr("I know…"))
        self.mute = self._button(self.tr("Mute…"))
        self.unmute = self._button(self.tr("Tell again"))
        self._buttons.addStretch()
        self.body.addLayout(self._buttons)
        self.mend.setVisible(bool(self.mend.text()) and alert.is_open)
        self.know.setVisible(alert.is_open and not is_quiet)
        self.mute.setVisible(alert.is_open and not alert.is_muted(now))
        self.unmute.setVisible(alert.is_open and is_quiet)
        self._connect()

    def _connect(self) -> None:
        self.mend.clicked.connect(self._on_mend_clicked)
        self.know.clicked.connect(self._on_know_clicked)
        self.mute.clicked.connect(self._on_mute_clicked)
        self.unmute.clicked.connect(self._on_unmute_clicked)

    def _button(self, caption: str) -> QPushButton:
        button = QPushButton(caption)
        button.setProperty("kind", "link")
        button.setAccessibleDescription(self.alert.trouble.sentence)
        self._buttons.addWidget(button)
        return button

    @Slot()
    def _on_mend_clicked(self) -> None:
        self.mended.emit(self.alert)

    @Slot()
    def _on_know_clicked(self) -> None:
        self.known.emit(self.alert)

    @Slot()
    def _on_mute_clicked(self) -> None:
        self.muted.emit(self.alert)

    @Slot()
    def _on_unmute_clicked(self) -> None:
        self.unmuted.emit(self.alert)
