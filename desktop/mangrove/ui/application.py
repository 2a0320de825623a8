"""The window's own wiring: theme, bridge, pages and main window around the services."""

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtWidgets import QApplication

from mangrove.services.bundle import Services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.activity.page import ActivityPage
from mangrove.ui.pages.alerts.page import AlertsPage
from mangrove.ui.pages.atlas.page import AtlasPage
from mangrove.ui.pages.backups.page import BackupsPage
from mangrove.ui.pages.deployments.page import DeploymentsPage
from mangrove.ui.pages.jobs.page import JobsPage
from mangrove.ui.pages.overview.page import OverviewPage
from mangrove.ui.pages.settings.agent_card import AgentCard
from mangrove.ui.pages.settings.page import SCHEME_KEY, SettingsPage
from mangrove.ui.pages.timeline.page import TimelinePage
from mangrove.ui.pages.vaults.page import VaultsPage
from mangrove.ui.shell.alert_watch import AlertWatch
from mangrove.ui.shell.errands import Errands
from mangrove.ui.shell.evidence_errands import EvidenceErrands
from mangrove.ui.shell.key_errands import KeyErrands
from mangrove.ui.shell.main_window import MainWindow, Place
from mangrove.ui.shell.presence import Presence
from mangrove.ui.shell.single_window import SingleWindow
from mangrove.ui.shell.terminal_signals import TerminalSignals
from mangrove.ui.shell.tray import Tray
from mangrove.ui.shell.tray_messages import TrayMessages
from mangrove.ui.shell.vault_errands import VaultErrands
from mangrove.ui.theme.style import Theme, theme
from mangrove.ui.theme.tokens import SchemeChoice


def run_window(
    services: Services, resources: Path, settings_file: Path, argv: Sequence[str], version: str
) -> int:
    """Show the window and return when it was closed.

    Args:
        services: What the window asks.
        resources: The folder with icons and the theme.
        settings_file: Where sizes and the chosen look are remembered.
        argv: The program's arguments; Qt takes its own out of them.
        version: Our own, for reports.
    """
    application = QApplication(list(argv))
    application.setApplicationName("Mangrove")
    application.setApplicationVersion(version)
    application.setDesktopFileName("mangrove")
    look = Theme(application, resources)
    application.setWindowIcon(look.window_icon())
    place = SingleWindow(settings_file.parent)
    if not place.take():
        return _shown_elsewhere(place)
    window = build_window(services, settings_file)
    window.show()
    services.agent.start()
    place.wanted.connect(window.come_forward)
    presence = window.findChild(Presence)
    if presence is not None:
        presence.begin()
    _tell_in_tray(services, window)
    signals = TerminalSignals(application.exit)
    try:
        return application.exec()
    finally:
        services.alerts.show_through(None)
        signals.stop()
        place.leave()


def _tell_in_tray(services: Services, window: MainWindow) -> None:
    """Let alerts appear beside our icon in the tray, where there is a tray."""
    tray = window.findChild(Tray)
    if tray is not None and Tray.is_possible():
        messages = TrayMessages(tray.icon, window)
        messages.opened.connect(window.open_alerts)
        services.alerts.show_through(messages)


def _shown_elsewhere(place: SingleWindow) -> int:
    """Leave the work to the window that is open; returns the exit code."""
    if place.ask_other():
        sys.stderr.write("Mangrove is open already; its window was brought to the front\n")
        return 0
    sys.stderr.write("Mangrove is open already, and its window does not answer\n")
    return 1


def build_window(services: Services, settings_file: Path) -> MainWindow:
    """Make the main window; the application and its ``Theme`` must exist."""
    settings = QSettings(str(settings_file), QSettings.Format.IniFormat)
    _choose_scheme(settings)
    calls = Calls(services.background)
    bridge = ActivityBridge(services.activity)
    navigator = Navigator()
    places = _places(services, calls, bridge, navigator, settings)
    window = MainWindow(services, calls, bridge, navigator, places, settings)
    settings.setParent(window)
    watch = AlertWatch(services.alerts, calls, bridge, navigator, window)
    watch.glance_changed.connect(window.show_alerts)
    Errands(window, services, calls, navigator)
    VaultErrands(window, services, calls, navigator)
    KeyErrands(window, services, calls, navigator)
    EvidenceErrands(window, services, calls, navigator)
    Presence(window, services, calls, bridge, navigator, settings)
    return window


def _choose_scheme(settings: QSettings) -> None:
    chosen = str(settings.value(SCHEME_KEY, SchemeChoice.SYSTEM.value))
    if chosen in list(SchemeChoice) and chosen != theme().choice:
        theme().choose(SchemeChoice(chosen))


def _places(
    services: Services,
    calls: Calls,
    bridge: ActivityBridge,
    navigator: Navigator,
    settings: QSettings,
) -> list[Place]:
    """Return the pages that exist; those that are only planned are not shown at all."""
    ends = (services, calls, bridge, navigator)
    settings_page = SettingsPage(settings, AgentCard(services, calls, settings))
    return [
        Place(PageName.OVERVIEW, "overview", _tr("Overview"), OverviewPage(*ends)),
        Place(PageName.DEPLOYMENTS, "deployments", _tr("Deployments"), DeploymentsPage(*ends)),
        Place(PageName.BACKUPS, "backups", _tr("Backups"), BackupsPage(*ends)),
        Place(PageName.TIMELINE, "timeline", _tr("Timeline"), TimelinePage(*ends)),
        Place(PageName.JOBS, "jobs", _tr("Jobs"), JobsPage(*ends)),
        Place(PageName.VAULTS, "vaults", _tr("Vaults"), VaultsPage(*ends)),
        Place(PageName.ATLAS, "atlas", _tr("Atlas"), AtlasPage(*ends)),
        Place(PageName.ACTIVITY, "activity", _tr("Activity"), ActivityPage(*ends)),
        Place(PageName.ALERTS, "alerts", _tr("Alerts"), AlertsPage(*ends)),
        Place(PageName.SETTINGS, "settings", _tr("Settings"), settings_page),
    ]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Application", text)
