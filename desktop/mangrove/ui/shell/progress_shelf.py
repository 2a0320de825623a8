"""The open progress dialogs, and one more that was made beforehand."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from mangrove.core.run import RunId
from mangrove.ui.dialogs.progress_dialog import ProgressDialog


class ProgressShelf(QObject):
    """One dialog per run.

    A dialog is opened just when its run begins to use every core, and making one then would keep
    the window from answering for too long. So one is always ready: the first is made with the
    window, and whoever is closed first is kept for the next run.
    """

    def __init__(self, make: Callable[[], ProgressDialog], parent: QWidget) -> None:
        super().__init__(parent)
        self._make = make
        self._open: dict[RunId, ProgressDialog] = {}
        self._ready: ProgressDialog | None = self._made()

    def dialog(self, run_id: RunId) -> ProgressDialog | None:
        """Return the open dialog of a run."""
        return self._open.get(run_id)

    def show(self, run_id: RunId) -> None:
        """Open a run's dialog, or bring it to the front.

        Raises:
            RunNotFoundError: If there is no such run.
        """
        if run_id not in self._open:
            dialog = self._ready or self._made()
            self._ready = dialog  # if the run is not known, it stays
            dialog.watch(run_id)
            self._ready = None
            self._open[run_id] = dialog
        self._open[run_id].show()
        self._open[run_id].activateWindow()

    def close_all(self) -> None:
        """Close every dialog; their runs go on."""
        for dialog in tuple(self._open.values()):
            dialog.close()

    def _made(self) -> ProgressDialog:
        dialog = self._make()
        dialog.finished.connect(lambda _result: self._on_closed(dialog))
        return dialog

    def _on_closed(self, dialog: ProgressDialog) -> None:
        self._open = {run: other for run, other in self._open.items() if other is not dialog}
        dialog.forget()
        if self._ready is None:
            self._ready = dialog
        elif self._ready is not dialog:
            dialog.deleteLater()
