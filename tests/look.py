"""The window's theme, made once for a whole run of the tests: the application keeps it."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from mangrove.ui.theme.style import Theme

RESOURCES = Path(__file__).resolve().parents[1] / "resources"


@pytest.fixture(scope="session")
def look(qapp: QApplication) -> Theme:
    """The theme; there must be one before the first widget, and never two."""
    return Theme(qapp, RESOURCES)
