"""The frame of every dialog that asks: content that scrolls, a summary sentence, two buttons."""

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.card import Line
from mangrove.ui.widgets.labels import SectionTitle, TextLabel

_USUAL_LINE = 16  # px; the line height the sizes are made for
_LARGEST = 1.5
_SPIN_MARGIN = Space.S - 2
T = TypeVar("T")


def asked(dialog: QDialog, answer: Callable[[], T]) -> T | None:
    """Show a dialog until it is left; return its answer, None when the person cancelled."""
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    given = answer() if accepted else None
    dialog.deleteLater()
    return given


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
        self._content, self._scroll = QWidget(), QScrollArea()
        self._lay_out()

    def say(self, sentence: str, *, is_error: bool = False) -> None:
        """Show the summary sentence, or why it cannot be done like this."""
        self._summary.setText(sentence)
        self._summary.setProperty("role", "error" if is_error else "strong")
        self._summary.style().unpolish(self._summary)
        self._summary.style().polish(self._summary)

    def add_section(self, title: str, part: QWidget | QLayout) -> None:
        """Put a part below what is there, with its heading close above it."""
        group = QVBoxLayout()
        group.setSpacing(Space.S)
        group.addWidget(SectionTitle(title))
        if isinstance(part, QLayout):
            group.addLayout(part)
        else:
            group.addWidget(part)
        self.body.addLayout(group)

    @property
    def summary(self) -> str:
        """The sentence shown now."""
        return self._summary.text()

    @property
    def is_refused(self) -> bool:
        """Whether the sentence says what is wrong, rather than what is done or still missing."""
        return str(self._summary.property("role")) == "error"

    def take_room(self, width: int, height: int) -> None:
        """Take this size at the usual text size, more with larger text, within the screen."""
        scale = min(_LARGEST, max(1.0, self.fontMetrics().height() / _USUAL_LINE))
        room = self.screen().availableSize()
        self.resize(
            min(round(width * scale), room.width() - Space.XXL),
            min(round(height * scale), room.height() - Space.XXL),
        )

    def add_lower_button(self, button: QPushButton) -> None:
        """Put one more button at the far side of the lower edge."""
        button.setAutoDefault(False)
        self._lower.insertWidget(0, button)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Let Tab go through the question first and the buttons last, starting at its top."""
        super().showEvent(event)
        for box in self.findChildren(QAbstractSpinBox):  # their text would touch the border
            box.lineEdit().setTextMargins(_SPIN_MARGIN, 0, 0, 0)
        chain = self._focus_chain()
        parts = [w for w in chain if self._content.isAncestorOf(w)]
        for earlier, later in pairwise((*parts[-1:], *self._buttons())):
            QWidget.setTabOrder(earlier, later)
        first = next((w for w in parts if _takes_keys(w)), self.no)
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focus_chain(self) -> list[QWidget]:
        chain: list[QWidget] = []
        widget = self.nextInFocusChain()
        while widget is not None and widget is not self:
            chain.append(widget)
            widget = widget.nextInFocusChain()
        return chain

    def _buttons(self) -> list[QWidget]:
        items = (self._lower.itemAt(n) for n in range(self._lower.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if widget is not None]

    def bring_into_view(self, part: QWidget) -> None:
        """Scroll so that a part of the question can be seen, once it has its place."""
        QTimer.singleShot(0, part, lambda: self._scroll.ensureWidgetVisible(part))

    @Slot(int, int)
    def _on_range_changed(self, _lowest: int, highest: int) -> None:
        """Let the scroll bar stand in the margin, so that nothing moves when it comes."""
        margins = self.body.contentsMargins()
        bar = self._scroll.verticalScrollBar().sizeHint().width() if highest else 0
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        margins.setLeft(Space.L - (bar if is_mirrored else 0))
        margins.setRight(Space.L - (0 if is_mirrored else bar))
        self.body.setContentsMargins(margins)

    def _lay_out(self) -> None:
        content = self._content
        content.setProperty("role", "scrolled")
        content.setLayout(self.body)
        scroll = self._scroll
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(content)
        scroll.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
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
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT)


def _takes_keys(widget: QWidget) -> bool:
    is_reachable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus
    is_other_choice = isinstance(widget, QRadioButton) and not widget.isChecked()
    return is_reachable and widget.isEnabled() and widget.isVisible() and not is_other_choice
