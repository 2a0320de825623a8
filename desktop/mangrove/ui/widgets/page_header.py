"""The top of every page: title, search, further controls, and the one primary action."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.card import Line
from mangrove.ui.widgets.fields.search_field import SearchField
from mangrove.ui.widgets.labels import TextLabel


class PageHeader(QWidget):
    """A title row with a line below.

    Attributes:
        title: The page's name.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TextLabel(title, "title")
        self._row = QHBoxLayout()
        self._row.setSpacing(Space.S)
        self._row.addStrut(Size.HEADER)
        self._row.addWidget(self.title)
        self._row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S + Space.HALF)
        column.addLayout(self._row)
        column.addWidget(Line())

    def add_search(self, placeholder: str) -> SearchField:
        """Add a search field and return it."""
        field = SearchField(placeholder)
        self._row.addWidget(field)
        return field

    def add_widget(self, widget: QWidget) -> None:
        """Add a control at the end of the row."""
        self._row.addWidget(widget)

    def add_action(self, text: str, icon: str = "") -> QPushButton:
        """Add an ordinary button and return it."""
        button = QPushButton(text)
        if icon:
            set_icon(button, icon)
        self._row.addWidget(button)
        return button

    def add_primary(self, text: str, icon: str = "") -> QPushButton:
        """Add the page's one primary button and return it."""
        button = QPushButton(text)
        button.setProperty("kind", "primary")
        if icon:
            set_icon(button, icon, "on_accent")
        self._row.addWidget(button)
        return button


class Page(QWidget):
    """A page's ground with its margins and header.

    Attributes:
        header: The title row.
        content: Where the page's own widgets go.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.header = PageHeader(title)
        self.content = QVBoxLayout()
        self.content.setSpacing(Space.M)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.M, Space.L, Space.M)
        column.setSpacing(Space.M)
        column.addWidget(self.header)
        column.addLayout(self.content, 1)


class LatePage(Page):
    """A page that reads what it shows only while somebody looks at it.

    Attributes:
        is_stale: Whether what is shown is read anew when somebody looks the next time.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.is_stale = True

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.is_stale:
            self.reload()

    @Slot()
    def renew(self) -> None:
        """Read anew what is shown, now or when somebody looks the next time."""
        self.is_stale = True
        if self.isVisible():
            self.reload()

    @Slot()
    def reload(self) -> None:
        """Read anew what is shown."""
        self.is_stale = False
        self._read()

    def _read(self) -> None:
        raise NotImplementedError
