"""A path that can be typed, or chosen in the system's own dialog."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from mangrove.ui.theme.tokens import Space


@dataclass(frozen=True, slots=True)
class Browse:
    """One button beside the field.

    Attributes:
        caption: What the button says.
        pick: Asks for a path, beginning at what is typed; "" when the person left.
    """

    caption: str
    pick: Callable[[str], str]


class PathField(QWidget):
    """A line with one button for each way to choose.

    Signals:
        path_changed(): Another path is typed or chosen.
    """

    path_changed = Signal()

    def __init__(
        self, name: str, ways: Sequence[Browse], placeholder: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(name)
        self.setAccessibleName(name)
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.line, 1)
        self.buttons = tuple(self._button(way) for way in ways)
        for button in self.buttons:
            row.addWidget(button)
        self.line.textChanged.connect(self.path_changed)

    @property
    def path(self) -> str:
        """The whole path as it stands; "" when nothing was typed."""
        typed = self.line.text().strip()
        return str(Path(typed).expanduser().absolute()) if typed else ""

    def _button(self, way: Browse) -> QPushButton:
        button = QPushButton(way.caption)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._pick(way))
        return button

    def _pick(self, way: Browse) -> None:
        path = way.pick(self.path)
        if path:
            self.line.setText(path)
