"""Item model of runs: one row each, newest first, changed in place as news arrives."""

from enum import IntEnum

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from mangrove.core.ports.clock import Clock
from mangrove.core.run import RunId, RunStatus
from mangrove.ui import text
from mangrove.ui.models.table_model import RECORD_ROLE, ROOT, SORT_ROLE, TableModel
from mangrove.ui.run_words import now_doing, run_tone, run_word
from mangrove.ui.theme.state_shapes import state_icon


class RunColumn(IntEnum):
    """The columns of the table of runs."""

    STATE = 0
    TITLE = 1
    WHEN = 2
    TOOK = 3
    SIZE = 4
    RESULT = 5


_NUMBERS = (RunColumn.TOOK, RunColumn.SIZE)


class RunsModel(TableModel[RunStatus]):
    """Runs as rows.

    Shapes: ``SORT_ROLE`` gives values that sort, ``RECORD_ROLE`` the ``RunStatus`` itself.
    """

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.name_columns(
            (
                self.tr("State"),
                self.tr("Run"),
                self.tr("Started"),
                self.tr("Took"),
                self.tr("Size"),
                self.tr("Result"),
            ),
            numbers=_NUMBERS,
        )

    def put(self, status: RunStatus) -> None:
        """Show a run's newest state; a run not seen before goes on top."""
        row = self.row_of(status.run_id)
        if row < 0:
            self.beginInsertRows(ROOT, 0, 0)
            self._rows.insert(0, status)
            self.endInsertRows()
            return
        self._rows[row] = status
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(RunColumn) - 1))

    def row_of(self, run_id: RunId) -> int:
        """Return a run's row, -1 if it is not here."""
        return next((i for i, run in enumerate(self._rows) if run.run_id == run_id), -1)

    @override
    def cell(self, record: RunStatus, column: int, role: int) -> object:
        run, column = record, RunColumn(column)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._shown(run, column)
            case Qt.ItemDataRole.DecorationRole if column is RunColumn.STATE:
                return state_icon(run_tone(run.state))
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(run, column)
            case _:
                own = {SORT_ROLE: self._sorted_by(run, column), RECORD_ROLE: run}
                return own.get(role)

    def _shown(self, run: RunStatus, column: RunColumn) -> str:
        match column:
            case RunColumn.STATE:
                return run_word(run)
            case RunColumn.TITLE:
                return run.title
            case RunColumn.WHEN:
                return text.moment(run.started_at or run.created_at, self._clock.now()).text
            case RunColumn.TOOK:
                took = _seconds(run)
                return text.duration_of_seconds(took) if took else ""
            case RunColumn.SIZE:
                done = _bytes(run)
                return text.size(done) if done else ""
            case RunColumn.RESULT:
                return text.sentence(now_doing(run))

    def _tip(self, run: RunStatus, column: RunColumn) -> str | None:
        if column is RunColumn.WHEN:
            return text.moment(run.started_at or run.created_at, self._clock.now()).tooltip
        return self._shown(run, column) if column is RunColumn.RESULT else None

    def _sorted_by(self, run: RunStatus, column: RunColumn) -> str | float:
        match column:
            case RunColumn.WHEN:
                return (run.started_at or run.created_at).timestamp()
            case RunColumn.TOOK:
                return _seconds(run)
            case RunColumn.SIZE:
                return float(_bytes(run))
            case RunColumn.STATE | RunColumn.TITLE | RunColumn.RESULT:
                return self._shown(run, column).casefold()


def _seconds(run: RunStatus) -> float:
    if run.started_at is None or run.ended_at is None:
        return 0.0
    return (run.ended_at - run.started_at).total_seconds()


def _bytes(run: RunStatus) -> int:
    figures = dict(run.result.figures) if run.result else {}
    return int(figures.get("bytes", run.done_bytes))
