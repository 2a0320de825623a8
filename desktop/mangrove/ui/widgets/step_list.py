"""Steps that tick as they are done: a shape, what was tried, and what came of it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.state_mark import StateMark


class StepList(QWidget):
    """A line per step; the newest one turns until its result comes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: dict[str, tuple[StateMark, TextLabel, TextLabel]] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(Space.S)
        self._grid.setVerticalSpacing(Space.HALF)
        self._grid.setColumnStretch(2, 1)

    def clear(self) -> None:
        """Forget all steps."""
        for line in self._lines.values():
            for widget in line:
                widget.setParent(None)
                widget.deleteLater()
        self._lines = {}

    def show_step(self, step: str, result: str) -> None:
        """Begin a step with "", or finish it with its result."""
        self.show_state(step, result, Tone.PROVEN if result else Tone.RUNNING)

    def show_state(self, step: str, words: str, tone: Tone) -> None:
        """Say how a thing stands; it keeps its line."""
        mark, _, label = self._lines.get(step) or self._add(step)
        label.setText(words)
        mark.set_tone(tone)

    def fail(self) -> None:
        """Mark the newest step as the one that failed, whether or not its reason came already."""
        for mark, _, _ in tuple(self._lines.values())[-1:]:
            mark.set_tone(Tone.EXPOSED)

    def texts(self) -> tuple[tuple[str, str, Tone], ...]:
        """Return each step with its result and how it stands."""
        return tuple((s.text(), w.text(), m.tone) for m, s, w in self._lines.values())

    def _add(self, step: str) -> tuple[StateMark, TextLabel, TextLabel]:
        row = len(self._lines)
        line = (StateMark(Tone.RUNNING), TextLabel(step), TextLabel("", "muted").wrapping())
        for column, widget in enumerate(line):
            self._grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignTop)
        self._lines[step] = line
        return line
