"""The rail at the left: one button per page, folded to icons when the window is narrow."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from mangrove.ui.navigation import PageName
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space

_SHORTCUTS = 9


class Rail(QFrame):
    """Chooses pages.

    Signals:
        page_chosen: A ``PageName``.
    """

    page_chosen = Signal(object)

    def __init__(
        self, entries: Sequence[tuple[PageName, str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "rail")
        self.setAccessibleName(self.tr("Pages"))
        self._entries = tuple(entries)
        self._counts: dict[PageName, int] = {}
        self._is_folded = False
        self.buttons: dict[PageName, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._on_id_clicked)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, Space.M, 0, Space.S)
        self._column.setSpacing(0)
        for index, (name, _, _) in enumerate(self._entries):
            if name is PageName.SETTINGS:
                self._column.addStretch()
            self._column.addWidget(self._button(index, name))
        if PageName.SETTINGS not in self.buttons:
            self._column.addStretch()
        theme().changed.connect(self._draw)
        self.fold(folded=False)

    @property
    def is_folded(self) -> bool:
        """Whether only icons are shown."""
        return self._is_folded

    def fold(self, *, folded: bool) -> None:
        """Show only icons, or icons and names."""
        self._is_folded = folded
        self._draw()

    def choose(self, name: PageName) -> None:
        """Mark a page as the one that is shown."""
        if name in self.buttons:
            self.buttons[name].setChecked(True)
            self._draw()

    def set_count(self, name: PageName, count: int) -> None:
        """Show a number beside a page; 0 shows none."""
        if self._counts.get(name, 0) != count:
            self._counts[name] = count
            self._draw()

    def _button(self, index: int, name: PageName) -> QToolButton:
        button = QToolButton()
        button.setProperty("kind", "rail")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIconSize(QSize(Size.ICON, Size.ICON))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._group.addButton(button, index)
        self.buttons[name] = button
        if index < _SHORTCUTS:
            keys = QKeySequence(Qt.Modifier.CTRL | Qt.Key(Qt.Key.Key_1.value + index))
            shortcut = QShortcut(keys, self)
            shortcut.activated.connect(lambda: self.page_chosen.emit(name))
        return button

    def _wide(self) -> int:
        hints = (button.sizeHint().width() + Space.S for button in self.buttons.values())
        return max(Size.RAIL, *hints)

    def _caption(self, entry: tuple[PageName, str, str]) -> str:
        name, _, title = entry
        count = self._counts.get(name, 0)
        return f"{title} ({count})" if count else title

    @Slot()
    def _draw(self) -> None:
        for index, entry in enumerate(self._entries):
            button = self.buttons[entry[0]]
            caption = self._caption(entry)
            is_chosen = button.isChecked()
            button.setIcon(theme().icon(entry[1], "accent_text" if is_chosen else "text_muted"))
            button.setText("" if self._is_folded else f"  {caption}")
            button.setAccessibleName(caption)
            keys = f" (Ctrl+{index + 1})" if index < _SHORTCUTS else ""
            button.setToolTip(f"{caption}{keys}")
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonIconOnly
                if self._is_folded
                else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            )
        self.setFixedWidth(Size.RAIL_FOLDED if self._is_folded else self._wide())

    @Slot(int)
    def _on_id_clicked(self, index: int) -> None:
        self.page_chosen.emit(self._entries[index][0])
