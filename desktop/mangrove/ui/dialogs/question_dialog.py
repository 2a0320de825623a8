"""The frame of every dialog that asks: content that scrolls, a summary sentence, two buttons."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.card import Line
from mangrove.ui.widgets.labels import TextLabel


class QuestionDialog(QDialog):
    """One question, one typed answer; Escape leaves it without effect.

    Attributes:
        body: Where the parts of the question go.
        yes: The button whose verb says what will happen; off until the answer is whole.
    """

    def __init__(self, parent: QWidget | None, title: str, verb: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(Space.L, Space.L, Space.L, Space.M)
        self.body.setSpacing(Space.M)
        self._summary = TextLabel().wrapping().selectable()
        self.yes = QPushButton(verb)
        self.yes.setDefault(True)
        self.yes.setProperty("kind", "primary")
        self.no = QPushButton(self.tr("Cancel"))
        self.no.setAutoDefault(False)
        self.yes.clicked.connect(self.accept)
        self.no.clicked.connect(self.reject)
        self._lower = QHBoxLayout()
        self._lay_out()

    def say(self, sentence: str, *, is_error: bool = False) -> None:
        """Show the summary sentence, or why it cannot be done like this."""
        self._summary.setText(sentence)
        self._summary.setProperty("role", "error" if is_error else "strong")
        self._summary.style().unpolish(self._summary)
        self._summary.style().polish(self._summary)

    @property
    def summary(self) -> str:
        """The sentence shown now."""
        return self._summary.text()

    def add_lower_button(self, button: QPushButton) -> None:
        """Put one more button at the far side of the lower edge."""
        button.setAutoDefault(False)
        self._lower.insertWidget(0, button)

    def _lay_out(self) -> None:
        content = QWidget()
        content.setProperty("role", "scrolled")
        content.setLayout(self.body)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(content)
        self._lower.setSpacing(Space.S)
        self._lower.addStretch(1)
        self._lower.addWidget(self.no)
        self._lower.addWidget(self.yes)
        foot = QVBoxLayout()
        foot.setContentsMargins(Space.L, Space.M, Space.L, Space.M)
        foot.setSpacing(Space.M)
        foot.addWidget(self._summary)
        foot.addLayout(self._lower)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scroll, 1)
        layout.addWidget(Line())
        layout.addLayout(foot)
        self.resize(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT)
