"""The last times of a job as a row of small shapes, oldest first; what never was stays empty."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.tables.cell_ground import paint_cell_ground

SHOWN = 30
_SIDE = 8
_STEP = _SIDE + 3


class FiringDots(QStyledItemDelegate):
    """Draws tones that a role gives, newest first, as shapes from left to right.

    Args:
        role: Gives the tones of a row, newest first.
    """

    def __init__(self, role: int, parent: QStyledItemDelegate | None = None) -> None:
        super().__init__(parent)
        self._role = role

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(SHOWN * _STEP + Space.M, super().sizeHint(option, index).height())

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        paint_cell_ground(painter, option)
        tones = index.data(self._role)
        if not isinstance(tones, Sequence):
            return
        is_mirrored = option.direction is Qt.LayoutDirection.RightToLeft
        fitting = max(0, (option.rect.width() - Space.S) // _STEP)
        shown = [tone for tone in tones[: min(SHOWN, fitting)] if isinstance(tone, Tone)]
        for place, tone in enumerate(reversed(shown)):
            where = QRectF(_place(option.rect, place, is_mirrored=is_mirrored))
            paint_state_shape(painter, where, tone, theme().tone(tone))


def _place(row: QRect, number: int, *, is_mirrored: bool) -> QRect:
    offset = Space.HALF + number * _STEP
    left = row.right() - offset - _SIDE if is_mirrored else row.left() + offset
    return QRect(left, row.center().y() - _SIDE // 2, _SIDE, _SIDE)
