"""The first steps of a brand-new install."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.ui.navigation import Navigator
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.state_badge import StateBadge


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
                self.tr(
                    "A folder, a bucket (S3, Azure, Google), an SFTP server or whatever rclone"
                    " reaches; what is kept there is encrypted."
                ),
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
