"""Draws the state and evidence cells of the backups table: shapes, colours and words."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from mangrove.core.backup_record import BackupRecord
from mangrove.core.figures.lights import Light
from mangrove.core.verification import Level
from mangrove.ui.models.backup_rows import BackupRow
from mangrove.ui.models.backups_model import ROW_ROLE
from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space, Tone
from mangrove.ui.widgets.tables.cell_ground import paint_cell_ground

SHOWN_LEVELS = (Level.STORED, Level.DECODED, Level.RESTORED)
_SHAPE = Space.S + Space.HALF
_TONES = {Light.PROVEN: Tone.PROVEN, Light.UNPROVEN: Tone.UNPROVEN, Light.EXPOSED: Tone.EXPOSED}


def tone_of(light: Light) -> Tone:
    """Return the tone a light is drawn in."""
    return _TONES[light]


def level_tones(record: BackupRecord) -> tuple[Tone, ...]:
    """Return how each shown level stands: passed (itself or a deeper one), failed, or absent."""
    proof = record.proven
    reached = -1 if proof is None else proof.level.depth
    failed = record.failed_evidence
    tones = []
    for level in SHOWN_LEVELS:
        if failed is not None and failed.level is level:
            tones.append(Tone.EXPOSED)
        else:
            tones.append(Tone.PROVEN if level.depth <= reached else Tone.NEUTRAL)
    return tuple(tones)


class ShapesDelegate(QStyledItemDelegate):
    """A cell with one or more state shapes before its words; says the same in both ways."""

    def shapes(self, row: BackupRow) -> tuple[Tone, ...]:
        """Return the shapes to draw, in reading order."""
        return (tone_of(row.light),)

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        row = index.data(ROW_ROLE)
        count = len(self.shapes(row)) if isinstance(row, BackupRow) else 0
        return QSize(hint.width() + count * (_SHAPE + Space.HALF) + Space.S, hint.height())

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        paint_cell_ground(painter, option)
        row = index.data(ROW_ROLE)
        if not isinstance(row, BackupRow):
            return
        left = option.rect.left() + Space.S
        for tone in self.shapes(row):
            place = QRect(left, option.rect.center().y() - _SHAPE // 2, _SHAPE, _SHAPE)
            drawn = QStyle.visualRect(option.direction, option.rect, place)
            paint_state_shape(painter, QRectF(drawn), tone, theme().tone(tone))
            left += _SHAPE + Space.HALF
        self._paint_words(painter, option, index, left + Space.HALF)

    def _paint_words(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        left: int,
    ) -> None:
        words = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        area = QRect(option.rect)
        area.setLeft(left)
        area.setRight(option.rect.right() - Space.HALF)
        area = QStyle.visualRect(option.direction, option.rect, area)
        painter.save()
        painter.setFont(option.font)
        painter.setPen(theme().colour("text"))
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
        painter.drawText(area, QStyle.visualAlignment(option.direction, align).value, shown)
        painter.restore()


class EvidenceDelegate(ShapesDelegate):
    """One shape for each of stored, decoded and restored, then the deepest with its age."""

    @override
    def shapes(self, row: BackupRow) -> tuple[Tone, ...]:
        return level_tones(row.record)


class RowHeight(QStyledItemDelegate):
    """Gives every row of a table or tree the house's height, or more when the text is larger."""

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), max(hint.height(), Size.TABLE_ROW))
