"""Carries the steps of a trial from the thread that makes it to the dialog that shows it."""

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid


class StepRelay(QObject):
    """Carries steps from the working thread to the dialog, for as long as there is one.

    Signals:
        step_reported: Step and result.
    """

    step_reported = Signal(str, str)

    def tell(self, step: str, result: str) -> None:
        """Pass a step on; called on the worker thread."""
        if isValid(self):
            self.step_reported.emit(step, result)
