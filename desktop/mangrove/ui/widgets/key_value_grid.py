"""Facts in two columns: what, and its value."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.long_text import LongText, value_label


class KeyValueGrid(QWidget):
    """Rows of a muted name and a value that can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(Space.M)
        self._grid.setVerticalSpacing(Space.HALF + 2)
        self._grid.setColumnStretch(1, 1)
        self._labels: list[TextLabel | LongText] = []

    def set_rows(self, rows: Iterable[tuple[str, str] | tuple[str, str, str]]) -> None:
        """Show these rows instead: name, value and, if wanted, the value's tooltip."""
        for label in self._labels:
            label.setParent(None)
            label.deleteLater()
        self._labels = []
        for index, (name, value, *tip) in enumerate(rows):
            left = TextLabel(name, "muted")
            left.setAlignment(Qt.AlignmentFlag.AlignTop)  # where a value that can be selected sits
            right = value_label(value)
            right.setToolTip(tip[0] if tip else "")
            right.setAccessibleName(f"{name}: {value}")
            self._grid.addWidget(left, index, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(right, index, 1, Qt.AlignmentFlag.AlignTop)
            self._labels += [left, right]
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._give_room()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_room()

    @override
    def event(self, event: QEvent) -> bool:
        """Measure anew when a label says that it wants another room: its font comes late."""
        is_done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._give_room()
        return is_done

    def _give_room(self) -> None:
        """Take the height that all lines need at this width; the policy alone would cut some."""
        if self._grid.hasHeightForWidth():
            self.setMinimumHeight(max(0, self._grid.heightForWidth(self.width())))

    def texts(self) -> list[str]:
        """Return all names and values in reading order."""
        return [label.text() for label in self._labels]
