"""Two things beside each other where there is room, and below each other where there is not."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from mangrove.ui.theme.tokens import Space


class SideBySide(QWidget):
    """Shares its width between the two.

    Args:
        first, other: Where one reads from left to right, the left and the right one.
        shares: How many parts of the width each of them takes.
        letters: So many letters must find room, or they stand below each other.
        other_first: Whether the other one comes on top then.
    """

    def __init__(
        self,
        first: QWidget,
        other: QWidget,
        *,
        shares: tuple[int, int] = (1, 1),
        letters: int = 100,
        other_first: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._letters = letters
        self._stacked = (
            QBoxLayout.Direction.BottomToTop if other_first else QBoxLayout.Direction.TopToBottom
        )
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(Space.M)
        self._shares, self._parts = shares, (first, other)
        self._box.addWidget(first, shares[0])
        self._box.addWidget(other, shares[1])

    @override
    def minimumSizeHint(self) -> QSize:
        """Ask for no more width than the wider of them: the narrower stands below it then."""
        least = super().minimumSizeHint()
        widths = (part.minimumSizeHint().width() for part in self._parts)
        return QSize(min(least.width(), max(widths)), least.height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        letters = self.width() / max(1, self.fontMetrics().averageCharWidth())
        least = sum(part.minimumSizeHint().width() for part in self._parts) + Space.M
        direction = self._stacked
        if letters >= self._letters and self.width() >= least:
            direction = QBoxLayout.Direction.LeftToRight
        if direction is self._box.direction():
            return
        self._box.setDirection(direction)
        for number, share in enumerate(self._shares):
            is_beside = direction is QBoxLayout.Direction.LeftToRight
            self._box.setStretch(number, share if is_beside else 0)
