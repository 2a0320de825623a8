"""A list of namespaces with a bar, share, size and note each."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget
from typing_extensions import override

from mangrove.core.run import NamespaceProgress, NamespaceState
from mangrove.ui import text
from mangrove.ui.models.namespaces_model import PROGRESS_ROLE, NamespacesModel
from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space, Tone

_SHAPE = 10
_NAME, _BAR = 0.42, 0.28  # of what share and size leave
_TONES = {
    NamespaceState.ACTIVE: Tone.RUNNING,
    NamespaceState.DONE: Tone.PROVEN,
    NamespaceState.FAILED: Tone.EXPOSED,
}
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
AnyIndex = QModelIndex | QPersistentModelIndex


class NamespaceBars(QListView):
    """Shows a ``NamespacesModel``."""

    def __init__(self, model: NamespacesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(_BarDelegate(model, self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setAccessibleName(self.tr("Collections"))


class _BarDelegate(QStyledItemDelegate):
    """Draws one row: shape, name, bar, share, size, note."""

    def __init__(self, model: NamespacesModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(0, max(Size.TABLE_ROW - Space.HALF, option.fontMetrics.height() + Space.S))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        row = index.data(PROGRESS_ROLE)
        if not isinstance(row, NamespaceProgress):
            return
        look, tone = theme(), _TONES.get(row.state)
        room = QRectF(option.rect).adjusted(Space.S, 0, -Space.S, 0)
        painter.save()
        painter.setFont(option.font)
        shape = QRectF(room.x(), room.center().y() - _SHAPE / 2, _SHAPE, _SHAPE)
        if tone is not None:
            paint_state_shape(painter, shape, tone, look.tone(tone))
        rest = room.adjusted(_SHAPE + Space.S, 0, 0, 0)
        cells = _cells(rest, option.fontMetrics)
        faint = look.colour("text_muted")
        painter.setPen(look.colour("text") if tone else faint)
        name = option.fontMetrics.elidedText(
            row.namespace, Qt.TextElideMode.ElideMiddle, round(cells[0].width()) - Space.S
        )
        painter.drawText(cells[0], int(_MIDDLE.value), name)
        if row.state is NamespaceState.ACTIVE:
            _draw_bar(painter, cells[1].adjusted(0, 0, -Space.S, 0), row)
        right = int((_MIDDLE | Qt.AlignmentFlag.AlignRight).value)
        painter.setPen(faint)
        painter.drawText(cells[2], right, self._model.figures(row))
        painter.drawText(cells[3], right, text.size(row.done_bytes) if row.done_bytes else "")
        note = option.fontMetrics.elidedText(
            row.note, Qt.TextElideMode.ElideRight, round(cells[4].width()) - Space.M
        )
        painter.drawText(cells[4].adjusted(Space.M, 0, 0, 0), int(_MIDDLE.value), note)
        painter.restore()


def _cells(room: QRectF, metrics: QFontMetrics) -> list[QRectF]:
    """Cut a row into name, bar, share, size and note; figures get what they need."""
    share = metrics.horizontalAdvance("waiting") + Space.S
    size = metrics.horizontalAdvance("99.9 MB") + Space.M
    rest = max(0.0, room.width() - share - size)
    x, cells = room.x(), []
    for width in (rest * _NAME, rest * _BAR, share, size, rest * (1 - _NAME - _BAR)):
        cells.append(QRectF(x, room.y(), width, room.height()))
        x += width
    return cells


def _draw_bar(painter: QPainter, cell: QRectF, row: NamespaceProgress) -> None:
    look = theme()
    bar = QRectF(cell.x(), cell.center().y() - Size.THIN_BAR / 2, cell.width(), Size.THIN_BAR)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.colour("sunken"))
    painter.drawRoundedRect(bar, Size.THIN_BAR / 2, Size.THIN_BAR / 2)
    if row.total_bytes > 0:
        share = min(1.0, row.done_bytes / row.total_bytes)
        done = QRectF(bar.x(), bar.y(), max(bar.width() * share, Size.THIN_BAR), bar.height())
        painter.setBrush(look.tone(Tone.RUNNING))
        painter.drawRoundedRect(done, Size.THIN_BAR / 2, Size.THIN_BAR / 2)
