"""A heading that unfolds what stands under it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Space


class Fold(QWidget):
    """Folded at first; what is in ``column`` shows once the heading is pressed.

    Attributes:
        heading: The row of the heading; what else is put there always shows.

    Signals:
        unfolded(): It was opened.
    """

    unfolded = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setProperty("kind", "fold")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.content = QWidget()
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.S)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.S)
        self.heading = QHBoxLayout()
        self.heading.setSpacing(Space.M)
        self.heading.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(self.heading)
        layout.addWidget(self.content)
        self.button.toggled.connect(self._on_toggled)
        self._on_toggled(is_open=False)

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:  # noqa: FBT001 - Qt's signal
        set_icon(self.button, "chevron-down" if is_open else "chevron-right")
        self.content.setVisible(is_open)
        if is_open:
            self.unfolded.emit()
