"""Asks for the place of a new dump."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from mangrove.core.dump import DumpForm, DumpPacking


def pick_new_dump(
    parent: QWidget, start: str, name: str, form: DumpForm, packing: DumpPacking
) -> str:
    """Ask for a place: a new folder of this name in a chosen one, or a file."""
    if form is DumpForm.DIRECTORY:
        title = _tr("Folder to put the dump in")
        above = QFileDialog.getExistingDirectory(parent, title, start)
        return str(Path(above) / name) if above else ""
    suffix = ".archive.gz" if packing is DumpPacking.GZIP else ".archive"
    begin = start or str(Path.home() / f"{name}{suffix}")
    return QFileDialog.getSaveFileName(parent, _tr("Archive to write"), begin)[0]


def _tr(text: str) -> str:
    return QCoreApplication.translate("DumpPath", text)
