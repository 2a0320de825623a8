"""The main window: rail, pages, notices, and the strip with running work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QMainWindow,
    QStackedWidget,
    QStyle,
    QTableView,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from mangrove.core.alerts.alert import Glance
from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId, RunStatus
from mangrove.services.bundle import Services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.progress_dialog import ProgressDialog
from mangrove.ui.dialogs.quit_dialog import QuitDialog
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.shell.progress_shelf import ProgressShelf
from mangrove.ui.shell.rail import Rail
from mangrove.ui.shell.status_strip import StatusStrip
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner, BannerKind

_START_SIZE = (1280, 800)
_SMALLEST = (800, 560)


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail and the page behind it."""

    name: PageName
    icon: str
    title: str
    page: QWidget


class MainWindow(QMainWindow):
    """Holds the pages and fulfils what they wish for; owns bridge, calls and navigator.

    Signals:
        put_away: It was closed, and the program goes on without it.
        left: It was closed for good.
    """

    put_away = Signal()
    left = Signal()

    def __init__(
        self,
        services: Services,
        calls: Calls,
        bridge: ActivityBridge,
        navigator: Navigator,
        places: Sequence[Place],
        settings: QSettings,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Mangrove")
        self._services, self._calls, self._bridge = services, calls, bridge
        self._navigator, self._settings = navigator, settings
        for owned in (calls, bridge, navigator):
            owned.setParent(self)
        self.places = {place.name: place for place in places}
        self._progress = ProgressShelf(
            lambda: ProgressDialog(services, calls, bridge, navigator, self), self
        )
        self._notice_action: Callable[[], None] | None = None
        self._is_quitting = self._is_leaving = False
        self.goes_on_without: Callable[[], bool] = lambda: False
        self.may_leave: Callable[[], bool] = lambda: True
        self.rail = Rail([(p.name, p.icon, p.title) for p in places])
        self.stack = QStackedWidget()
        for place in places:
            self.stack.addWidget(place.page)
        self.notice = Banner()
        self.strip = StatusStrip()
        self._lay_out()
        self._connect()
        self._remember()
        self._show_runs()
        self.stack.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.stack.setFocus()

    def open_page(self, name: PageName) -> None:
        """Show a page."""
        if name in self.places:
            self.stack.setCurrentWidget(self.places[name].page)
            self.rail.choose(name)

    @property
    def page_name(self) -> PageName:
        """The page that is shown."""
        shown = self.stack.currentWidget()
        return next(p.name for p in self.places.values() if p.page is shown)

    def notify(
        self, kind: BannerKind, text: str, action: str = "", then: Callable[[], None] | None = None
    ) -> None:
        """Say something above every page, with one thing to do about it."""
        self._notice_action = then
        self.notice.show_message(kind, text, action)

    @Slot(object)
    def show_alerts(self, glance: Glance) -> None:
        """Show how many alerts are open, in the strip and beside their page."""
        self.strip.set_alerts(glance)
        self.rail.set_count(PageName.ALERTS, glance.count)

    def progress_dialog(self, run_id: RunId) -> ProgressDialog | None:
        """Return the open dialog of a run."""
        return self._progress.dialog(run_id)

    def come_forward(self) -> None:
        """Show the window, in front of others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    @Slot()
    def quit(self) -> None:
        """Close for good, once the person agreed to what that ends."""
        self._is_leaving = True
        self.close()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < Size.FOLD_BELOW
        if is_narrow is not self.rail.is_folded:
            self.rail.fold(folded=is_narrow)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        is_leaving, self._is_leaving = self._is_leaving or self._is_quitting, False
        if not is_leaving and self.goes_on_without():
            event.ignore()
            self._put_away()
            return
        runs = self._services.activity.running()
        if runs and not self._is_quitting:
            event.ignore()
            if QuitDialog.ask(self if self.isVisible() else None, runs):
                self._is_quitting = True
                self._cancel_all()
            return
        if runs or (not self._is_quitting and not self.may_leave()):
            event.ignore()
            return
        self._save()
        self._bridge.close()
        self._progress.close_all()
        event.accept()
        self.left.emit()

    def _put_away(self) -> None:
        self._save()
        self._progress.close_all()
        self.hide()
        self.put_away.emit()

    def _cancel_all(self) -> None:
        for run in self._services.activity.running():
            self._on_cancelled(run.run_id)
        if not self._services.activity.running():
            self.close()

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        self._show_runs()
        if self._is_quitting and status.state.is_over:
            self.close()

    def _show_runs(self) -> None:
        runs = self._services.activity.running()
        self.strip.set_runs(runs)
        self.rail.set_count(PageName.ACTIVITY, len(runs))

    @Slot(object, object)
    def _on_page_wanted(self, name: PageName, selection: dict[str, str]) -> None:
        self.open_page(name)
        page = self.places[name].page if name in self.places else None
        select = getattr(page, "select", None)
        if selection and callable(select):
            select(**selection)

    @Slot(object)
    def _on_page_chosen(self, name: PageName) -> None:
        self.open_page(name)

    @Slot(object)
    def _on_progress_wanted(self, run_id: RunId) -> None:
        try:
            self._progress.show(run_id)
        except MangroveError as error:
            self.notice.show_error(error)

    @Slot()
    def open_alerts(self) -> None:
        """Come forward with the alerts."""
        self.open_page(PageName.ALERTS)
        self.come_forward()

    @Slot(object)
    def _on_cancelled(self, run_id: RunId) -> None:
        try:
            self._services.activity.cancel(run_id)
        except MangroveError as error:
            self.notice.show_error(error)

    @Slot()
    def _on_notice_action_triggered(self) -> None:
        self.notice.clear()
        if self._notice_action is not None:
            self._notice_action()

    def _lay_out(self) -> None:
        right = QWidget()
        right.setProperty("role", "page")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        notice_row = QVBoxLayout()
        notice_row.setContentsMargins(Space.L, 0, Space.L, 0)
        notice_row.addWidget(self.notice)
        column.addLayout(notice_row)
        column.addWidget(self.stack, 1)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self.rail)
        upper.addWidget(right, 1)
        ground = QWidget()
        whole = QVBoxLayout(ground)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(upper, 1)
        whole.addWidget(self.strip)
        self.setCentralWidget(ground)
        self.setMinimumSize(*_SMALLEST)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Quit), self, self.quit)

    def _connect(self) -> None:
        self.rail.page_chosen.connect(self._on_page_chosen)
        self.strip.opened.connect(self._on_progress_wanted)
        self.strip.cancelled.connect(self._on_cancelled)
        self.strip.alerts_opened.connect(self.open_alerts)
        self.notice.action_triggered.connect(self._on_notice_action_triggered)
        self._bridge.run_changed.connect(self._on_run_changed)
        self._navigator.page_wanted.connect(self._on_page_wanted)
        self._navigator.progress_wanted.connect(self._on_progress_wanted)

    def _remember(self) -> None:
        """Bring back size, place, page and columns of last time."""
        room = self.screen().availableSize()
        frame = QSize(0, self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
        self.resize(QSize(*_START_SIZE).boundedTo(room - frame))
        geometry = self._settings.value("window/geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        name = str(self._settings.value("window/page", ""))
        self.open_page(PageName(name) if name in self.places else next(iter(self.places)))
        for key, view in self._views():
            state = self._settings.value(key)
            if isinstance(state, QByteArray):
                _header(view).restoreState(state)

    def _save(self) -> None:
        self._settings.setValue("window/geometry", self.saveGeometry())
        self._settings.setValue("window/page", self.page_name.value)
        for key, view in self._views():
            self._settings.setValue(key, _header(view).saveState())
        self._settings.sync()

    def _views(self) -> list[tuple[str, QTableView | QTreeView]]:
        views: list[QTableView | QTreeView] = [*self.findChildren(QTableView)]
        views += self.findChildren(QTreeView)
        return [(_key(view), view) for view in views if view.objectName()]


def _key(view: QTableView | QTreeView) -> str:
    """Return where a view's columns are remembered; with one more it begins anew."""
    return f"columns/{view.objectName()}-{_header(view).count()}"


def _header(view: QTableView | QTreeView) -> QHeaderView:
    return view.horizontalHeader() if isinstance(view, QTableView) else view.header()
