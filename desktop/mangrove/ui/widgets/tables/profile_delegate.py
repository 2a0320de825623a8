"""Draws one profile of the list: colour dot, name, what it is, and its live light."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from mangrove.core.profile import UnreadableProfile
from mangrove.ui.models.profiles_model import ROW_ROLE, Live, ProfileRow, ProfilesModel
from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import profile_colour, theme
from mangrove.ui.theme.tokens import Size, Space, Tone, TypeScale
from mangrove.ui.widgets.tables.cell_ground import paint_cell_ground

_DOT = Space.S + Space.HALF
_LIGHTS = {
    Live.UP: Tone.PROVEN,
    Live.DOWN: Tone.EXPOSED,
    Live.PROBING: Tone.RUNNING,
    Live.UNKNOWN: Tone.NEUTRAL,
}


class ProfileDelegate(QStyledItemDelegate):
    """Two lines of text between a dot in the profile's colour and a light for its state."""

    def __init__(self, model: ProfilesModel) -> None:
        super().__init__(model)
        self._model = model

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        lines = option.fontMetrics.height() * 2 + Space.M
        return QSize(Size.RAIL, max(lines, Size.LIST_ROW))

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, ProfileRow):
            return
        paint_cell_ground(painter, option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_dot(painter, self._mirrored(option, self._dot_place(option.rect)), row)
        self._paint_light(painter, self._mirrored(option, _light_place(option.rect)), row)
        self._paint_text(painter, option, row)
        painter.restore()

    def _paint_dot(self, painter: QPainter, place: QRect, row: ProfileRow) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if isinstance(row.profile, UnreadableProfile):
            tone = theme().tone(Tone.EXPOSED)
            paint_state_shape(painter, QRectF(place), Tone.EXPOSED, tone)
            return
        painter.setBrush(profile_colour(row.profile.colour.value))
        painter.drawEllipse(place)

    def _paint_light(self, painter: QPainter, place: QRect, row: ProfileRow) -> None:
        """A dot when it answered; otherwise the shape of the state."""
        tone = _LIGHTS[row.probe.live]
        if row.probe.live is Live.UP:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().tone(tone))
            painter.drawEllipse(place)
        else:
            paint_state_shape(painter, QRectF(place), tone, theme().tone(tone))

    def _paint_text(self, painter: QPainter, option: QStyleOptionViewItem, row: ProfileRow) -> None:
        look = theme()
        area = option.rect.adjusted(Space.M + _DOT + Space.S, Space.S, -Space.XL, -Space.S)
        area = self._mirrored(option, area)
        half = area.height() // 2
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
        lines = (
            (row.profile.name, look.font(TypeScale.BODY, QFont.Weight.DemiBold), "text"),
            (self._model.second_line(row), look.font(TypeScale.SMALL), "text_muted"),
        )
        for number, (words, font, colour) in enumerate(lines):
            place = QRect(area.left(), area.top() + number * half, area.width(), half)
            painter.setFont(font)
            painter.setPen(look.colour(colour))
            shown = painter.fontMetrics().elidedText(
                words, Qt.TextElideMode.ElideRight, place.width()
            )
            painter.drawText(place, QStyle.visualAlignment(option.direction, align).value, shown)

    def _dot_place(self, rect: QRect) -> QRect:
        return QRect(rect.left() + Space.M, rect.center().y() - _DOT // 2, _DOT, _DOT)

    def _mirrored(self, option: QStyleOptionViewItem, place: QRect) -> QRect:
        return QStyle.visualRect(option.direction, option.rect, place)


def _light_place(rect: QRect) -> QRect:
    side = Space.S + Space.HALF
    return QRect(rect.right() - Space.M - side, rect.center().y() - side // 2, side, side)
