"""What every test of the window gets: the theme, and services with sample data or none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from fakes.services import FakeServices, empty_services, sample_services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.navigation import Navigator
from mangrove.ui.theme.style import Theme

OFFSCREEN_NOISE = (
    "This plugin does not support propagateSizeHints",
    r"This plugin does not support raise\(\)",  # of a tooltip
    "systemTrayWindowChanged",  # it has no tray of its own
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let any Qt warning fail a test, but for what the offscreen plugin always says."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore(*OFFSCREEN_NOISE, extend=True))


@pytest.fixture(autouse=True)
def themed(look: Theme) -> None:
    """Every test of the window needs the theme before its first widget."""


@pytest.fixture
def fakes() -> FakeServices:
    """Services of a workstation that has been used for a month."""
    return sample_services()


@pytest.fixture
def no_data() -> FakeServices:
    """Services of a brand-new install."""
    return empty_services()


class Ends:
    """What pages take besides services, kept alive together."""

    def __init__(self, fakes: FakeServices) -> None:
        self.owner = QObject()
        self.services = fakes.services
        self.calls = Calls(fakes.services.background, self.owner)
        self.bridge = ActivityBridge(fakes.services.activity, self.owner)
        self.navigator = Navigator(self.owner)


@pytest.fixture
def ends(fakes: FakeServices) -> Ends:
    """Calls, bridge and navigator over the sample services."""
    return Ends(fakes)


@pytest.fixture
def empty_ends(no_data: FakeServices) -> Ends:
    """Calls, bridge and navigator over a brand-new install."""
    return Ends(no_data)


@pytest.fixture
def large_text(qapp: QApplication) -> Iterator[None]:
    """Twice the usual font size, for as long as the test runs."""
    usual = QFont(qapp.font())
    large = QFont(usual)
    large.setPointSizeF(max(usual.pointSizeF(), 9.75) * 2)
    qapp.setFont(large)
    yield
    qapp.setFont(usual)
