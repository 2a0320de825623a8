"""Words for figures that pages and dialogs share."""

from PySide6.QtCore import QCoreApplication

from mangrove.core.figures.objectives import RpoTarget, TargetSource


def target_words(target: RpoTarget) -> str:
    """Say where an objective comes from."""
    return {
        TargetSource.SET: _tr("Set by you."),
        TargetSource.CAPTURE: _tr("Not set: taken from the pace of the capture."),
        TargetSource.SCHEDULE: _tr("Not set: twice the longest gap of the schedule, and an hour."),
        TargetSource.NOTHING_SCHEDULED: _tr("Not set, and nothing is scheduled: 26 hours."),
    }[target.source]


def _tr(words: str) -> str:
    return QCoreApplication.translate("FigureWords", words)
