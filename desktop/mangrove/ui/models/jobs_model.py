"""Item model of jobs: one row each, with its next time and what became of the last ones."""

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from mangrove.core.ports.clock import Clock
from mangrove.services.jobs import JobView
from mangrove.ui import text
from mangrove.ui.job_words import firing_tone, firing_word, kind_word
from mangrove.ui.models.table_model import RECORD_ROLE, SORT_ROLE, TableModel
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone

TONES_ROLE = int(Qt.ItemDataRole.UserRole) + 3


class JobColumn(IntEnum):
    """The columns of the table of jobs."""

    STATE = 0
    NAME = 1
    WHAT = 2
    WHEN = 3
    NEXT = 4
    HISTORY = 5


class JobsModel(TableModel[JobView]):
    """Jobs as rows.

    Shapes: ``SORT_ROLE`` gives values that sort, ``RECORD_ROLE`` the ``JobView`` itself,
        ``TONES_ROLE`` the tones of its last times, newest first.
    """

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.name_columns(
            (
                self.tr("State"),
                self.tr("Job"),
                self.tr("What"),
                self.tr("When"),
                self.tr("Next"),
                self.tr("Past"),
            )
        )

    @override
    def set_rows(self, rows: Sequence[JobView]) -> None:
        """Show these jobs instead; the same ones in place, so that the selection stays."""
        if [j.job.job_id for j in rows] == [j.job.job_id for j in self._rows]:
            self._rows = list(rows)
            last = self.index(len(rows) - 1, len(JobColumn) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        super().set_rows(rows)

    def row_of(self, name: str) -> int:
        """Return a job's row, -1 if it is not here."""
        return next((i for i, view in enumerate(self._rows) if view.job.name == name), -1)

    @override
    def cell(self, record: JobView, column: int, role: int) -> object:
        view, column = record, JobColumn(column)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._shown(view, column)
            case Qt.ItemDataRole.DecorationRole if column is JobColumn.STATE:
                return state_icon(self._tone(view))
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(view, column)
            case _:
                return self._own(view, column, role)

    def _own(self, view: JobView, column: JobColumn, role: int) -> object:
        match role:
            case _ if role == SORT_ROLE:
                return self._sorted_by(view, column)
            case _ if role == TONES_ROLE:
                return tuple(firing_tone(firing) for firing in view.firings)
            case _:
                return view if role == RECORD_ROLE else None

    def _tone(self, view: JobView) -> Tone:
        is_paused = view.job.is_paused(self._clock.now())
        return Tone.NEUTRAL if is_paused else firing_tone(view.last)

    def _shown(self, view: JobView, column: JobColumn) -> str:
        match column:
            case JobColumn.STATE:
                if view.job.is_paused(self._clock.now()):
                    return self.tr("paused")
                return self.tr("no network") if view.waits_for_network else firing_word(view.last)
            case JobColumn.NAME:
                return view.job.name
            case JobColumn.WHAT:
                return kind_word(view.job.kind)
            case JobColumn.WHEN:
                return view.job.schedule.describe().rpartition(", ")[0]
            case JobColumn.NEXT | JobColumn.HISTORY:
                at = view.next_at if column is JobColumn.NEXT else None
                return text.moment(at, self._clock.now()).text if at else ""

    def _tip(self, view: JobView, column: JobColumn) -> str | None:
        if column is JobColumn.NEXT and view.next_at:
            return text.moment(view.next_at, self._clock.now()).tooltip
        if column is JobColumn.WHEN:
            return view.job.schedule.describe()
        if column is JobColumn.WHAT:
            return f"{kind_word(view.job.kind)}: {view.profile or view.vault}"
        if column is JobColumn.STATE and view.last and view.last.problem:
            return text.sentence(view.last.problem)
        return None

    def _sorted_by(self, view: JobView, column: JobColumn) -> str | float:
        if column is JobColumn.NEXT:
            return view.next_at.timestamp() if view.next_at else float("inf")
        return self._shown(view, column).casefold()
