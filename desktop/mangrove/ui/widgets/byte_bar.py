"""Progress as a part of the whole: byte counts overflow Qt's 32-bit numbers."""

from PySide6.QtWidgets import QProgressBar, QWidget

from mangrove.ui.theme.tokens import Tone

FULL_BAR = 1000  # thousandths


class ByteBar(QProgressBar):
    """A thin bar of what is done; moves to and fro while the whole is unknown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextVisible(False)
        self.setRange(0, FULL_BAR)
        self.setValue(0)

    def set_fraction(self, fraction: float | None) -> None:
        """Show a part of the whole; None means unknown."""
        if fraction is None:
            self.setRange(0, 0)
            return
        self.setRange(0, FULL_BAR)
        self.setValue(round(fraction * FULL_BAR))

    def set_tone(self, tone: Tone) -> None:
        """Colour the bar by a state."""
        if self.property("tone") != tone.value:
            self.setProperty("tone", tone.value)
            self.style().unpolish(self)
            self.style().polish(self)
