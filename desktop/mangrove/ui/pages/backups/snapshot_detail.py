"""One filesystem snapshot explained, and what one can do with it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.ports.clock import Clock
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.ui import text
from mangrove.ui.snapshot_words import locked_words, proof_tone, proof_words, stands_words
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import SectionTitle, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.wording import counted


class SnapshotDetail(QScrollArea):
    """Everything known of one snapshot.

    Signals:
        verify_wanted, copy_wanted, restore_wanted, guide_wanted, pin_wanted, delete_wanted: The
            ``Snapshot``.
    """

    verify_wanted = Signal(object)
    copy_wanted = Signal(object)
    restore_wanted = Signal(object)
    guide_wanted = Signal(object)
    pin_wanted = Signal(object)
    delete_wanted = Signal(object)

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self.title = SectionTitle("")
        self.title.setWordWrap(True)
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.problem = TextLabel("", "error").wrapping().selectable()
        self.facts, self.proof = KeyValueGrid(), KeyValueGrid()
        self.warning = TextLabel("", "muted").wrapping()
        self.verify = QPushButton(self.tr("&Verify"))
        self.verify.setProperty("kind", "primary")
        self.copy = QPushButton(self.tr("&Copy to vault…"))
        self.restore = QPushButton(self.tr("&Restore files…"))
        self.guide = QPushButton(self.tr("Restore &guide"))
        self.pin = QPushButton("")
        self.delete = QPushButton(self.tr("&Delete…"))
        self._lay_out()
        self._connect()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        self._snapshot = snapshot
        self.title.setText(snapshot.profile_name)
        self.badge.set_state(proof_tone(snapshot), proof_words(snapshot))
        self.problem.setText(text.sentence(snapshot.problem) if snapshot.problem else "")
        self.problem.setVisible(bool(snapshot.problem))
        self.facts.set_rows(self._facts(snapshot))
        self.proof.set_rows(self._proof(snapshot))
        self.pin.setText(self.tr("&Pin") if snapshot.pin is None else self.tr("Un&pin"))
        self.delete.setEnabled(snapshot.pin is None)
        for button in (self.verify, self.copy, self.restore, self.guide):
            button.setEnabled(not snapshot.problem)

    def _facts(self, snapshot: Snapshot) -> list[tuple[str, str] | tuple[str, str, str]]:
        taken = text.moment(snapshot.taken_at, self._clock.now())
        rows: list[tuple[str, str] | tuple[str, str, str]] = [
            (self.tr("Id"), snapshot.snapshot),
            (self.tr("Taken"), taken.text, taken.tooltip),
            (self.tr("Writes waited"), locked_words(snapshot)),
            (self.tr("Stands at"), stands_words(snapshot)),
            (self.tr("Server"), f"{snapshot.node}, MongoDB {snapshot.server.version_text}"),
            (self.tr("Machine"), snapshot.place),
            (self.tr("Data folder"), snapshot.dbpath),
            (self.tr("Taken with"), str(snapshot.provider)),
            (self.tr("Size"), text.size(snapshot.used_bytes)),
        ]
        rows += [(self.tr("Lies in"), part.name) for part in snapshot.parts]
        if snapshot.pin is not None:
            rows.append((self.tr("Pinned"), snapshot.pin or self.tr("yes")))
        return rows

    def _proof(self, snapshot: Snapshot) -> list[tuple[str, str] | tuple[str, str, str]]:
        rows: list[tuple[str, str] | tuple[str, str, str]] = []
        for check in snapshot.checks:
            at = text.moment(check.finished_at, self._clock.now())
            counts = ", ".join(
                (
                    counted(check.collections, self.tr("collection"), self.tr("collections")),
                    counted(check.documents, self.tr("document"), self.tr("documents")),
                )
            )
            words = self.tr("{what} valid, in {took}").format(
                what=counts, took=text.duration(check.took)
            )
            if not check.passed:
                words = "; ".join(f"{f.subject}: {f.problem}" for f in check.findings)
            rows.append((at.text, words, at.tooltip))
        return rows or [(self.tr("Never"), self.tr("Nobody has opened it yet."))]

    def _lay_out(self) -> None:
        self.warning.setText(
            self.tr("A snapshot is lost with its volume. A copy in a vault is not.")
        )
        buttons = QGridLayout()
        buttons.setSpacing(Space.S)
        pairs = ((self.verify, self.copy), (self.restore, self.guide), (self.pin, self.delete))
        for row, pair in enumerate(pairs):
            for place, button in enumerate(pair):
                buttons.addWidget(button, row, place)
        content = QWidget()
        content.setProperty("role", "scrolled")
        column = QVBoxLayout(content)
        column.setContentsMargins(Space.M, 0, Space.S, Space.M)
        column.setSpacing(Space.M)
        head: tuple[QWidget, ...] = (self.title, self.badge, self.problem)
        for widget in head:
            column.addWidget(widget)
        column.addLayout(buttons)
        verified = SectionTitle(self.tr("Verified"))
        for widget in (self.facts, verified, self.proof, self.warning):
            column.addWidget(widget)
        column.addStretch()
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def _connect(self) -> None:
        for button, signal in (
            (self.verify, self.verify_wanted),
            (self.copy, self.copy_wanted),
            (self.restore, self.restore_wanted),
            (self.guide, self.guide_wanted),
            (self.pin, self.pin_wanted),
            (self.delete, self.delete_wanted),
        ):
            button.clicked.connect(lambda _=False, signal=signal: signal.emit(self._snapshot))
