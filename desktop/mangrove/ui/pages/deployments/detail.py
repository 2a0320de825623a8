"""The right side of the deployments page: one deployment, its tabs, and what one can do with it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.profile import UnreadableProfile
from mangrove.services.bundle import Services
from mangrove.ui.bridge import Calls
from mangrove.ui.models.namespace_rows import Chosen
from mangrove.ui.models.profiles_model import Live, ProfileRow
from mangrove.ui.pages.deployments.about import AboutTab
from mangrove.ui.pages.deployments.databases import DatabasesTab
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.labels import ElidedLabel
from mangrove.ui.widgets.state_badge import StateBadge

_TONES = {
    Live.UNKNOWN: Tone.NEUTRAL,
    Live.PROBING: Tone.RUNNING,
    Live.UP: Tone.PROVEN,
    Live.DOWN: Tone.EXPOSED,
}


class DeploymentDetail(QWidget):
    """Name, state, buttons and tabs of the chosen profile.

    Signals:
        test_wanted, edit_wanted, duplicate_wanted, remove_wanted: The profile's name.
        timeline_wanted, capture_wanted, objectives_wanted, drill_wanted, assertions_wanted,
            report_wanted: The profile's name.
        backup_wanted, copy_wanted: The profile's name and the ``Chosen`` rows; none means
            everything.
    """

    test_wanted = Signal(str)
    edit_wanted = Signal(str)
    duplicate_wanted = Signal(str)
    remove_wanted = Signal(str)
    timeline_wanted = Signal(str)
    capture_wanted = Signal(str)
    objectives_wanted = Signal(str)
    drill_wanted = Signal(str)
    assertions_wanted = Signal(str)
    report_wanted = Signal(str)
    backup_wanted = Signal(str, object)
    copy_wanted = Signal(str, object)

    def __init__(self, services: Services, calls: Calls, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.title = ElidedLabel("", "section")
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.banner, self.damage = Banner(), Banner()
        self.back_up = QPushButton(self.tr("&Back up…"))
        self.back_up.setProperty("kind", "primary")
        self.test = QPushButton(self.tr("&Test"))
        self.edit = QPushButton(self.tr("&Edit"))
        self.more = QToolButton()
        self.copy = QAction(self.tr("&Copy to…"), self)
        self.timeline = QAction(self.tr("Show &timeline"), self)
        self.capture = QAction(self.tr("Capture the &oplog…"), self)
        self.objectives = QAction(self.tr("O&bjectives…"), self)
        self.drill = QAction(self.tr("Drill a reco&very…"), self)
        self.assertions = QAction(self.tr("What is e&xpected of its data…"), self)
        self.report = QAction(self.tr("Evidence re&port…"), self)
        self.duplicate = QAction(self.tr("&Duplicate"), self)
        self.remove = QAction(self.tr("&Remove…"), self)
        self.about = AboutTab()
        self.databases = DatabasesTab(services, calls)
        self.tabs = QTabWidget()
        self._lay_out()
        self._connect()

    def show_row(self, row: ProfileRow) -> None:
        """Show a profile with its newest probe."""
        self._name = row.profile.name
        self.title.setText(self._name)
        if isinstance(row.profile, UnreadableProfile):
            self._show_damaged(row.profile)
            return
        self._allow(is_readable=True)
        self.damage.clear()
        self.badge.set_state(_TONES[row.probe.live], self._live_word(row.probe.live))
        self.test.setEnabled(row.probe.live is not Live.PROBING)
        if row.probe.problem is not None:
            self.banner.show_error(row.probe.problem, self.tr("Test again"))
        else:
            self.banner.clear()
        self.about.show_probe(row.profile, row.probe)
        self.databases.show_profile(self._name)
        self._look()

    def _show_damaged(self, profile: UnreadableProfile) -> None:
        self._allow(is_readable=False)
        self.banner.clear()
        self.badge.set_state(Tone.EXPOSED, self.tr("damaged"))
        words = self.tr(
            "The stored record of this profile is damaged: {reason}. It is kept as it is. Its"
            " backups are not affected. Remove it and add the deployment again."
        )
        text = words.format(reason=profile.reason)
        self.damage.show_message(BannerKind.ERROR, text, self.tr("Remove…"))

    def _allow(self, *, is_readable: bool) -> None:
        for button in (self.back_up, self.test, self.edit):
            button.setEnabled(is_readable)
        proofs = (self.objectives, self.drill, self.assertions, self.report)
        for action in (self.timeline, self.capture, *proofs, self.copy, self.duplicate):
            action.setEnabled(is_readable)
        self.tabs.setVisible(is_readable)

    def _lay_out(self) -> None:
        self.more.setAccessibleName(self.tr("More actions"))
        self.more.setToolTip(self.tr("More actions"))
        set_icon(self.more, "more")
        menu = QMenu(self.more)
        menu.addAction(self.timeline)
        menu.addAction(self.capture)
        menu.addAction(self.objectives)
        menu.addSeparator()
        menu.addAction(self.drill)
        menu.addAction(self.assertions)
        menu.addAction(self.report)
        menu.addSeparator()
        menu.addAction(self.copy)
        menu.addAction(self.duplicate)
        menu.addSeparator()
        menu.addAction(self.remove)
        self.more.setMenu(menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.damage.keep_open()
        head = QHBoxLayout()
        head.setSpacing(Space.S)
        head.addWidget(self.title, 1)
        for part in (self.badge, self.test, self.edit, self.back_up, self.more):
            head.addWidget(part)
        self.tabs.addTab(self.about, self.tr("About"))
        self.tabs.addTab(self.databases, self.tr("Databases"))
        self.tabs.setDocumentMode(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S + Space.HALF)
        column.addLayout(head)
        column.addWidget(self.banner)
        column.addWidget(self.damage)
        column.addWidget(self.tabs, 1)
        column.addStretch()

    def _connect(self) -> None:
        self.test.clicked.connect(self._on_test_clicked)
        self.banner.action_triggered.connect(self._on_test_clicked)
        self.edit.clicked.connect(self._on_edit_clicked)
        self.duplicate.triggered.connect(self._on_duplicate_triggered)
        self.remove.triggered.connect(self._on_remove_triggered)
        self.damage.action_triggered.connect(self._on_remove_triggered)
        self.back_up.clicked.connect(self._on_back_up_clicked)
        self.databases.backup_wanted.connect(self._on_backup_wanted)
        self.databases.copy_wanted.connect(self._on_copy_wanted)
        self.copy.triggered.connect(self._on_copy_triggered)
        self.timeline.triggered.connect(lambda: self.timeline_wanted.emit(self._name))
        self.capture.triggered.connect(lambda: self.capture_wanted.emit(self._name))
        self.objectives.triggered.connect(lambda: self.objectives_wanted.emit(self._name))
        self.drill.triggered.connect(lambda: self.drill_wanted.emit(self._name))
        self.assertions.triggered.connect(lambda: self.assertions_wanted.emit(self._name))
        self.report.triggered.connect(lambda: self.report_wanted.emit(self._name))
        self.tabs.currentChanged.connect(self._on_tab_changed)

    def _live_word(self, live: Live) -> str:
        return {
            Live.UNKNOWN: self.tr("not tested"),
            Live.PROBING: self.tr("testing"),
            Live.UP: self.tr("answers"),
            Live.DOWN: self.tr("not reachable"),
        }[live]

    def _look(self) -> None:
        if self.tabs.currentWidget() is self.databases:
            self.databases.look()

    @Slot(int)
    def _on_tab_changed(self, _index: int) -> None:
        self._look()

    @Slot()
    def _on_test_clicked(self) -> None:
        self.test_wanted.emit(self._name)

    @Slot()
    def _on_edit_clicked(self) -> None:
        self.edit_wanted.emit(self._name)

    @Slot()
    def _on_duplicate_triggered(self) -> None:
        self.duplicate_wanted.emit(self._name)

    @Slot()
    def _on_remove_triggered(self) -> None:
        self.remove_wanted.emit(self._name)

    @Slot()
    def _on_back_up_clicked(self) -> None:
        self.backup_wanted.emit(self._name, Chosen())

    @Slot(object)
    def _on_backup_wanted(self, chosen: Chosen) -> None:
        self.backup_wanted.emit(self._name, chosen)

    @Slot()
    def _on_copy_triggered(self) -> None:
        self.copy_wanted.emit(self._name, Chosen())

    @Slot(object)
    def _on_copy_wanted(self, chosen: Chosen) -> None:
        self.copy_wanted.emit(self._name, chosen)
