"""Looks at a shown widget like a reader: which words are cut off."""

from PySide6.QtWidgets import QAbstractButton, QLabel, QToolButton, QWidget

from mangrove.ui.widgets.labels import ElidedLabel


def cut_off(page: QWidget) -> list[str]:
    """Return what visible buttons and one-line labels say where they lack room."""
    found = []
    for part in page.findChildren(QWidget):
        match part:
            case ElidedLabel() | QToolButton():
                continue
            case QLabel() if part.wordWrap():
                continue
            case QLabel() | QAbstractButton() if part.text() and part.isVisibleTo(page):
                needed, given = part.minimumSizeHint(), part.size()
                if given.width() < needed.width() or given.height() < needed.height():
                    found.append(f"{part.text()}: {given.toTuple()} of {needed.toTuple()}")
            case _:
                continue
    return found
