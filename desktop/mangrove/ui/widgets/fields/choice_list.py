"""A few exclusive choices, each with a sentence that says what it means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLabel, QRadioButton, QVBoxLayout, QWidget

from mangrove.ui.theme.tokens import Size, Space

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """One choice: its value, its words, and what it means."""

    value: T
    title: str
    sentence: str


class ChoiceList(QWidget, Generic[T]):
    """Radio buttons with a sentence under each.

    Signals:
        chosen(): Another choice was made.
    """

    chosen = Signal()

    def __init__(self, options: Sequence[Option[T]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = tuple(options)
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.S)
        for number, option in enumerate(self._options):
            button = QRadioButton(option.title)
            button.setAccessibleDescription(option.sentence)
            self._group.addButton(button, number)
            pair = QVBoxLayout()
            pair.setSpacing(Space.HALF // 2)
            pair.addWidget(button)
            if option.sentence:
                pair.addWidget(_sentence(option.sentence))
            layout.addLayout(pair)
        self._group.buttons()[0].setChecked(True)
        self._group.idToggled.connect(self._on_toggled)

    @property
    def value(self) -> T:
        """The choice made."""
        return self._options[self._group.checkedId()].value

    def choose(self, value: T) -> None:
        """Make a choice."""
        number = next(n for n, option in enumerate(self._options) if option.value == value)
        self._group.button(number).setChecked(True)

    def set_choice_enabled(self, value: T, *, enabled: bool) -> None:
        """Allow or rule out one choice."""
        for number, option in enumerate(self._options):
            if option.value == value:
                self._group.button(number).setEnabled(enabled)

    def _on_toggled(self, _number: int, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        if checked:
            self.chosen.emit()


def _sentence(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "small")
    label.setWordWrap(True)
    label.setContentsMargins(Size.SMALL_ICON + Space.S + Space.HALF, 0, 0, 0)
    return label
