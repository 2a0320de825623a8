"""The mirrors of a vault on its card: a line for each copy, and how it stands."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.vaults.mirror import MirrorState, given_back
from mangrove.ui import text
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.banner import BannerKind, LastingBanner
from mangrove.ui.widgets.labels import SectionTitle
from mangrove.ui.widgets.step_list import StepList
from mangrove.ui.wording import counted

_SHOWN = 3


class MirrorPart(QWidget):
    """Hidden for a vault without mirrors; a late or silent one is never shown as well.

    Signals:
        sync_wanted(): Copy to the mirrors what is missing there.
        bring_back_wanted(): Bring back from them what the vault itself lacks.
        remove_wanted(str): Forget the mirror of this name.
    """

    sync_wanted = Signal()
    bring_back_wanted = Signal()
    remove_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.copies = StepList()
        self.sync = QPushButton(self.tr("Copy to the mirrors now"))
        self.sync.setAutoDefault(False)
        self.giving = LastingBanner()
        self.remove = QPushButton(self.tr("Forget a mirror"))
        self.remove.setAutoDefault(False)
        self.names = QMenu(self.remove)
        self.remove.setMenu(self.names)
        line = QHBoxLayout()
        line.setSpacing(Space.S)
        line.addWidget(self.sync)
        line.addWidget(self.remove)
        line.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.S)
        layout.addWidget(SectionTitle(self.tr("Mirrors")))
        layout.addWidget(self.giving)
        layout.addWidget(self.copies)
        layout.addLayout(line)
        self.sync.clicked.connect(self.sync_wanted)
        self.giving.action_triggered.connect(self.bring_back_wanted)
        self.names.triggered.connect(self._on_name_triggered)
        self.hide()

    def set_mirrors(self, mirrors: Sequence[tuple[str, str]]) -> None:
        """Show name and place of each, not compared yet."""
        self.setVisible(bool(mirrors))
        self.names.clear()
        for name, url in mirrors:
            self.names.addAction(f"{name}…".replace("&", "&&")).setData(name)
            self.copies.show_state(name, self.tr("comparing {url}").format(url=url), Tone.RUNNING)

    def show_states(self, states: Sequence[MirrorState], missed: Collection[BackupId] = ()) -> None:
        """Show how each stands, and offer what they have of what was lost in the vault itself.

        Args:
            states: How each stands.
            missed: Backups that are gone from the vault, and nobody deleted.
        """
        self._offer(given_back(states, missed))
        for state in states:
            tone = Tone.UNPROVEN if state.is_late else Tone.PROVEN
            if state.problem:
                tone = Tone.EXPOSED
            self.copies.show_state(state.name, self._words(state), tone)
        self.sync.setEnabled(any(not state.is_complete for state in states))

    def _offer(self, found: dict[BackupId, tuple[str, ...]]) -> None:
        if not found:
            self.giving.clear()
            return
        words = self.tr("What the vault lacks of {backups} ({ids}) is in {mirrors}.").format(
            backups=counted(len(found), self.tr("backup"), self.tr("backups")),
            ids=", ".join((*list(found)[:_SHOWN], "…")[: min(len(found), _SHOWN + 1)]),
            mirrors=", ".join(sorted({name for names in found.values() for name in names})),
        )
        self.giving.show_message(BannerKind.WARNING, words, self.tr("Bring it back"))

    @Slot(QAction)
    def _on_name_triggered(self, action: QAction) -> None:
        self.remove_wanted.emit(str(action.data()))

    def show_problem(self, error: MangroveError) -> None:
        """Say of all that they could not be compared."""
        for name, _, _ in self.copies.texts():
            self.copies.show_state(name, text.sentence(error.message), Tone.EXPOSED)

    def _words(self, state: MirrorState) -> str:
        if state.problem:
            return text.sentence(state.problem)
        backups = counted(state.backups, self.tr("backup"), self.tr("backups"))
        if state.is_complete:
            return self.tr("holds everything: {backups}").format(backups=backups)
        if not state.is_late:
            files = counted(
                state.late_evidence, self.tr("evidence file"), self.tr("evidence files")
            )
            words = self.tr("holds every backup: {backups}; {files} to be copied")
            return words.format(backups=backups, files=files)
        words = self.tr("late: {size} are to be copied, of {late} and {others}")
        return words.format(
            size=text.size(state.late_bytes),
            late=counted(len(state.late), self.tr("backup"), self.tr("backups")),
            others=counted(state.late_objects, self.tr("other object"), self.tr("other objects")),
        )
