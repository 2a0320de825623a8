"""A button that is an icon alone, and says its name to whoever points at it or listens."""

from PySide6.QtWidgets import QToolButton

from mangrove.ui.theme.style import set_icon


def icon_button(icon: str, name: str) -> QToolButton:
    """Return such a button."""
    button = QToolButton()
    set_icon(button, icon)
    button.setAccessibleName(name)
    button.setToolTip(name)
    return button
