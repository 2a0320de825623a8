"""Where a person writes a moment, and says whether what happened in it belongs to it."""

from datetime import datetime, tzinfo

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from mangrove.core.pitr.moments import Edge
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.timeline.axis import local_at


class MomentForm(QWidget):
    """A field and a choice; it understands nothing by itself.

    Signals:
        changed(): The person wrote or chose something else.
    """

    changed = Signal()

    def __init__(self, zone: tzinfo | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zone = zone
        self._is_told = False
        self.field = QLineEdit()
        self.field.setPlaceholderText("2026-11-23 14:29:59")
        self.field.setClearButtonEnabled(True)
        self.row = FormRow(
            self.tr("&Moment"),
            self.field,
            self.tr("Local time, a time with another zone, or TS:INC of an oplog entry."),
        )
        self.field.setToolTip(
            self.tr("2026-11-23 14:29:59, 14:29 for today, 14:29:59 Europe/Berlin, 1795010399:3")
        )
        self.before = QRadioButton(self.tr("&Just before it"))
        self.including = QRadioButton(self.tr("&Including it"))
        self.before.setToolTip(self.tr("Nothing that the oplog has in this second."))
        self.including.setToolTip(self.tr("All that the oplog has in this second, or this entry."))
        self.before.setChecked(True)
        edges = QHBoxLayout()
        edges.setSpacing(Space.M)
        edges.addWidget(self.before)
        edges.addWidget(self.including)
        edges.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S + Space.HALF)
        column.addWidget(self.row)
        column.addLayout(edges)
        self.field.textEdited.connect(self._on_text_edited)
        self.including.toggled.connect(self._on_edge_toggled)

    @property
    def text(self) -> str:
        """What is written."""
        return self.field.text().strip()

    @property
    def edge(self) -> Edge:
        """Whether the moment itself belongs to what is restored."""
        return Edge.INCLUDING if self.including.isChecked() else Edge.BEFORE

    def write_second(self, moment_s: float) -> None:
        """Write a second of the person's clock, exactly even when it showed it twice."""
        self._write(clock_text(moment_s, self._zone), self.edge)

    def write_entry(self, entry: str, edge: Edge) -> None:
        """Write ``TS:INC``."""
        self._write(entry, edge)

    def clear(self) -> None:
        """Write nothing."""
        self._write("", Edge.BEFORE)

    def set_error(self, words: str) -> None:
        """Say what is wrong with what is written; "" when nothing is."""
        self.row.set_error(words)

    def _write(self, text: str, edge: Edge) -> None:
        self.field.setText(text)
        self.set_error("")
        self._is_told = True
        (self.including if edge is Edge.INCLUDING else self.before).setChecked(True)
        self._is_told = False

    @Slot()
    def _on_edge_toggled(self) -> None:
        if not self._is_told:
            self.changed.emit()

    @Slot()
    def _on_text_edited(self) -> None:
        self.changed.emit()


def clock_text(moment_s: float, zone: tzinfo | None) -> str:
    """Write a local time so that it can be read back: with its distance from UTC if need be.

    That is in the hour that the clock shows twice when summer time ends.
    """
    local = local_at(moment_s, zone)
    naive = local.replace(tzinfo=None)
    offsets = {_aware(naive.replace(fold=fold), zone).utcoffset() for fold in (0, 1)}
    return f"{naive:%Y-%m-%d %H:%M:%S}" if len(offsets) == 1 else local.isoformat()


def _aware(naive: datetime, zone: tzinfo | None) -> datetime:
    return naive.astimezone() if zone is None else naive.replace(tzinfo=zone)
