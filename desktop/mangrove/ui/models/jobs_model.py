"""Item model of jobs: one row each, with its next time and what became of the last ones."""

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mangrove.core.ports.clock import Clock
from mangrove.services.jobs import JobView
from mangrove.ui import text
from mangrove.ui.job_words import firing_tone, firing_word, kind_word
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
SORT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
JOB_ROLE = int(Qt.ItemDataRole.UserRole) + 2
TONES_ROLE = int(Qt.ItemDataRole.UserRole) + 3


class JobColumn(IntEnum):
    """The columns of the table of jobs."""

    STATE = 0
    NAME = 1
    WHAT = 2
    WHEN = 3
    NEXT = 4
    HISTORY = 5


class JobsModel(QAbstractTableModel):
    """Jobs as rows.

    Shapes: ``SORT_ROLE`` gives values that sort, ``JOB_ROLE`` the ``JobView`` itself,
        ``TONES_ROLE`` the tones of its last times, newest first.
    """

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._jobs: list[JobView] = []

    def set_jobs(self, jobs: Sequence[JobView]) -> None:
        """Show these jobs instead; the same ones in place, so that the selection stays."""
        if [j.job.job_id for j in jobs] == [j.job.job_id for j in self._jobs]:
            self._jobs = list(jobs)
            last = self.index(len(jobs) - 1, len(JobColumn) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._jobs = list(jobs)
        self.endResetModel()

    def row_of(self, name: str) -> int:
        """Return a job's row, -1 if it is not here."""
        return next((i for i, view in enumerate(self._jobs) if view.job.name == name), -1)

    @override
    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._jobs)

    @override
    def columnCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(JobColumn)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = {
            JobColumn.STATE: self.tr("State"),
            JobColumn.NAME: self.tr("Job"),
            JobColumn.WHAT: self.tr("What"),
            JobColumn.WHEN: self.tr("When"),
            JobColumn.NEXT: self.tr("Next"),
            JobColumn.HISTORY: self.tr("Past"),
        }
        return titles[JobColumn(section)]

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._jobs):
            return None
        view, column = self._jobs[index.row()], JobColumn(index.column())
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
                return view if role == JOB_ROLE else None

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
