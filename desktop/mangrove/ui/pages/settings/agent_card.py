"""The part of the settings about the agent: signing in, and closing the window."""

from PySide6.QtCore import QSettings, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPlainTextEdit, QPushButton, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.jobs.autostart import AutostartState
from mangrove.services.agent_desk import AutostartView
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.shell.closing_keys import ASKED_KEY, KEEP_KEY
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.widgets.labels import TextLabel


class AgentCard(Card):
    """Installs and removes the agent with one click, and says what that does."""

    def __init__(
        self,
        services: Services,
        calls: Calls,
        settings: QSettings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(self.tr("Jobs without a window"), parent)
        self.setMaximumWidth(Size.DIALOG_WIDTH)
        self._services, self._calls, self._settings = services, calls, settings
        self.banner = Banner()
        self.words = TextLabel("").wrapping()
        self.place = TextLabel("", "small").wrapping().selectable()
        self.button = QPushButton("")
        self.button.clicked.connect(self._on_clicked)
        self.definition = QPlainTextEdit()
        self.definition.setReadOnly(True)
        self.definition.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.definition.setMinimumHeight(Size.LOG_HEIGHT * 2)
        self.definition.setAccessibleName(self.tr("What the system is told"))
        self.fold = Fold(self.tr("What the system is told"))
        self.fold.column.addWidget(self.definition)
        self.keeps = QCheckBox(self.tr("&Keep running in the tray when the window is closed"))
        self.keeps.setChecked(bool(settings.value(KEEP_KEY, defaultValue=True, type=bool)))
        self.keeps.toggled.connect(lambda on: settings.setValue(KEEP_KEY, on))
        self.asks = QCheckBox(self.tr("&Ask before quitting when jobs would stop with it"))
        self.asks.setChecked(not settings.value(ASKED_KEY, defaultValue=False, type=bool))
        self.asks.toggled.connect(lambda on: settings.setValue(ASKED_KEY, not on))
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch()
        for widget in (self.banner, self.words):
            self.body.addWidget(widget)
        self.body.addLayout(row)
        for part in (self.place, self.fold, self.keeps, self.asks):
            self.body.addWidget(part)
        self.body.setSpacing(Space.S)
        self.look()

    def look(self) -> None:
        """Find out anew whether it is installed."""
        self._calls.run(self, self._services.agent.autostart, self._show, self.banner.show_error)

    def _show(self, view: AutostartView) -> None:
        is_there = view.state is AutostartState.INSTALLED
        if view.state is None:
            words = text.sentence(view.obstacle)
        elif is_there:
            words = self.tr("An agent starts when you sign in, and runs jobs in the background.")
        else:
            words = self.tr(
                "Jobs run while Mangrove is open. An agent in the background runs them from the"
                " moment you sign in."
            )
        self.words.setText(words)
        self.button.setVisible(view.state is not None)
        self.button.setEnabled(True)
        self.button.setText(
            self.tr("&Remove the agent") if is_there else self.tr("&Run in the background")
        )
        self.button.setProperty("installed", is_there)
        self.place.setText(view.place)
        self.place.setVisible(bool(view.place) and is_there)
        self.definition.setPlainText(view.definition)
        self.fold.setVisible(bool(view.definition))

    @Slot()
    def _on_clicked(self) -> None:
        agent = self._services.agent
        act = agent.remove if self.button.property("installed") else agent.install
        self.button.setEnabled(False)
        self.banner.clear()
        self._calls.run(self, act, self._on_done, self._on_failed)

    def _on_done(self, _result: object) -> None:
        self.look()

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)
        self.look()
