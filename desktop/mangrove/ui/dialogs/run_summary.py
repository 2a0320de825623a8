"""What a run came to: its sentence, figures, losses, and the next steps it offers."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.run import LogLine, RunKind, RunState, RunStatus
from mangrove.ui import text
from mangrove.ui.dialogs.run_remedy import run_remedy
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.problems import Remedy, explain_problem
from mangrove.ui.report import run_report
from mangrove.ui.run_words import now_doing, run_word
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import BannerKind, LastingBanner
from mangrove.ui.widgets.card import clear_layout
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.loss_list import LossList

_KINDS = {
    RunState.SUCCEEDED: BannerKind.GOOD,
    RunState.SUCCEEDED_WITH_WARNINGS: BannerKind.WARNING,
    RunState.FAILED: BannerKind.ERROR,
    RunState.INTERRUPTED: BannerKind.ERROR,
}


class RunSummary(QWidget):
    """Draws a run that is over.

    Signals:
        step_taken: The person chose a next step.
    """

    step_taken = Signal()

    def __init__(self, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._navigator = navigator
        self._log: tuple[LogLine, ...] = ()
        self.message = LastingBanner()
        self.facts = KeyValueGrid()
        self.losses = LossList()
        self._steps = QHBoxLayout()
        self._steps.setSpacing(Space.S)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S + Space.HALF)
        column.addWidget(self.message)
        column.addWidget(self.facts)
        column.addWidget(self.losses, 1)
        self.losses.setMinimumHeight(Size.LOG_HEIGHT)
        column.addLayout(self._steps)
        self._rest = QWidget()
        column.addWidget(self._rest)
        self._column = column

    def set_run(self, status: RunStatus) -> None:
        """Show a run's end."""
        self.message.show_message(_KINDS.get(status.state, BannerKind.INFO), self._words(status))
        self.facts.set_rows(self._facts(status))
        losses = status.result.losses if status.result else ()
        self.losses.set_losses(losses)
        self.losses.setVisible(bool(losses))
        clear_layout(self._steps)
        self._add_remedy(status)
        self._column.setStretchFactor(self._rest, 0 if losses else 1)
        for caption, action in self._next_steps(status):
            self._add_step(caption, action)
        self._steps.addStretch()

    def set_log(self, lines: Sequence[LogLine]) -> None:
        """Keep the run's log for a report."""
        self._log = tuple(lines)

    def _add_remedy(self, status: RunStatus) -> None:
        """Offer what helps against the problem, unless a next step does that anyway."""
        if status.problem is None:
            return
        explained = explain_problem(status.problem)
        if explained.remedy is Remedy.COPY_REPORT:
            self._button(explained.remedy_text, lambda: self._copy_report(status))
            return
        action = run_remedy(status, explained.remedy, self._navigator)
        is_offered = explained.remedy is Remedy.RETRY and bool(self._next_steps(status))
        if action is not None and not is_offered:
            self._add_step(explained.remedy_text, action)

    def _copy_report(self, status: RunStatus) -> None:
        QGuiApplication.clipboard().setText(run_report(status, self._log))

    def _add_step(self, caption: str, action: Callable[[], None]) -> None:
        self._button(caption, lambda: self._take(action))

    def _button(self, caption: str, action: Callable[[], None]) -> None:
        button = QPushButton(caption)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: action())
        self._steps.addWidget(button)

    def _take(self, action: Callable[[], None]) -> None:
        self.step_taken.emit()
        action()

    def _words(self, status: RunStatus) -> str:
        if status.problem is not None:
            return explain_problem(status.problem).text
        if status.state is RunState.CANCELLED and status.note not in ("", "cancelled"):
            return text.sentence(status.note)
        if status.state is RunState.CANCELLED:
            return self.tr("Cancelled. What the run had begun was removed; nothing else changed.")
        said = [text.sentence(now_doing(status))] if now_doing(status) else []
        said += [text.sentence(w) for w in (status.result.warnings if status.result else ())]
        return "\n".join(said) or text.sentence(run_word(status))

    def _facts(self, status: RunStatus) -> list[tuple[str, str]]:
        figures = dict(status.result.figures) if status.result else {}
        rows = []
        if status.started_at and status.ended_at:
            rows.append((self.tr("Took"), text.duration(status.ended_at - status.started_at)))
        if "documents" in figures:
            rows.append((self.tr("Documents"), text.count(int(figures["documents"]))))
        if "bytes" in figures:
            rows.append((self.tr("Size"), text.size(figures["bytes"])))
        backup = status.result.backup if status.result else None
        if status.kind is not RunKind.BACKUP:  # the id a failed backup would have had leads nowhere
            backup = backup or status.backup
        if backup:
            rows.append((self.tr("Backup"), str(backup)))
        if status.result and status.result.targets:
            rows.append((self.tr("Written to"), ", ".join(status.result.targets)))
        if status.result and status.result.safety_backup:
            rows.append((self.tr("Safety backup"), str(status.result.safety_backup)))
        return rows

    def _next_steps(self, status: RunStatus) -> list[tuple[str, Callable[[], None]]]:
        backup = status.result.backup if status.result else None
        steps: list[tuple[str, Callable[[], None]]] = []
        if backup and status.kind in (RunKind.BACKUP, RunKind.IMPORT):
            steps.append((self.tr("&Verify…"), lambda: self._navigator.open_verify(backup)))
        if backup and status.kind in (RunKind.BACKUP, RunKind.IMPORT, RunKind.VERIFY):
            steps.append((self.tr("&Restore…"), lambda: self._navigator.open_restore(backup)))
        if backup:
            steps.append((self.tr("Show &backup"), lambda: self._open_backup(str(backup))))
        if status.result and (saved := status.result.safety_backup):
            show = self.tr("Show s&afety backup")
            steps.append((show, lambda: self._open_backup(str(saved))))
        if status.kind is RunKind.BACKUP and not backup and status.profile:
            again = status.profile
            steps.append((self.tr("Back up &again…"), lambda: self._navigator.open_backup(again)))
        return steps

    def _open_backup(self, backup: str) -> None:
        self._navigator.open_page(PageName.BACKUPS, backup=backup)
