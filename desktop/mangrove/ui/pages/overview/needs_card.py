"""What needs somebody: one sentence each, how pressing it is, and the button that mends it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.figures.needs import Need
from mangrove.ui import text
from mangrove.ui.pages.overview.remedies import Remedies
from mangrove.ui.pages.overview.words import urgency_tone, urgency_word
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.card import Card, clear_layout
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.state_mark import StateMark

SHOWN = 4
"""So many are listed unasked."""


class NeedsCard(Card):
    """The attention list."""

    def __init__(self, remedies: Remedies, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._remedies = remedies
        self._needs: tuple[Need, ...] | None = None
        self._is_wide = False
        self.rows: list[NeedRow] = []
        self.title = TextLabel(self.tr("Needs you"), "section")
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.S + Space.HALF)
        self.more = QPushButton()
        self.more.setProperty("kind", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._on_more_toggled)
        self.body.addWidget(self.title)
        self.body.addLayout(self._column)
        self.body.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)

    def show_needs(self, needs: Sequence[Need]) -> None:
        """List these; the rows stay as they are when nothing changed."""
        if tuple(needs) == self._needs:
            return
        self._needs = tuple(needs)
        self._build()

    def set_wide(self, *, is_wide: bool) -> None:
        """Put buttons behind their sentences where there is room, or below them."""
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            self._build()

    def _build(self) -> None:
        needs = self._needs or ()
        count = f" ({text.count(len(needs))})" if needs else ""
        self.title.setText(self.tr("Needs you") + count)
        clear_layout(self._column)
        shown = needs if self.more.isChecked() else needs[:SHOWN]
        self.rows = [NeedRow(need, self._remedies, is_wide=self._is_wide) for need in shown]
        for row in self.rows:
            self._column.addWidget(row)
        if not needs:
            self._column.addWidget(TextLabel(self.tr("Nothing. All is in order."), "muted"))
        self.more.setVisible(len(needs) > SHOWN)
        all_of_them = self.tr("Show all {count}").format(count=text.count(len(needs)))
        self.more.setText(self.tr("Show less") if self.more.isChecked() else all_of_them)

    @Slot(bool)
    def _on_more_toggled(self, is_all: bool) -> None:  # noqa: FBT001 - Qt's signal
        del is_all
        self._build()


class NeedRow(QWidget):
    """One thing that needs somebody."""

    def __init__(
        self, need: Need, remedies: Remedies, *, is_wide: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._need, self._remedies = need, remedies
        word = urgency_word(need.urgency)
        mark = StateMark(urgency_tone(need.urgency))
        mark.setToolTip(word)
        mark.setAccessibleName(word)
        self.sentence = TextLabel(need.sentence).wrapping()
        self.button = QPushButton(remedies.caption(need.action))
        self.button.setProperty("kind", "link")
        self.button.setAccessibleDescription(f"{word}: {need.sentence}")
        if need.command:
            tip = self.tr("In a terminal: {command}").format(command=need.command)
            self.button.setToolTip(tip)
        self.button.clicked.connect(self._on_clicked)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.S)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        grid.addWidget(mark, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.sentence, 0, 1)
        beside, below = (0, 2), (1, 1)
        grid.addWidget(self.button, *(beside if is_wide else below), Qt.AlignmentFlag.AlignLeft)

    @Slot()
    def _on_clicked(self) -> None:
        self._remedies.apply(self._need)
