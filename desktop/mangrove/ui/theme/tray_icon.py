"""The program's icon with a state in its corner: what a tray shows at a glance."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap

from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Tone

_SIZES = (16, 22, 24, 32, 48, 64)  # px: what trays of common desktops ask for
_BADGE = 0.62  # of the icon's side
_ROOM = 0.22  # of the badge's side, around the shape


def tray_icon(tone: Tone) -> QIcon:
    """Return the icon for a state; shape and colour of the state are those of the window."""
    icon = QIcon()
    for size in _SIZES:
        icon.addPixmap(_drawn(tone, size))
    return icon


def _drawn(tone: Tone, size: int) -> QPixmap:
    pixmap = theme().pixmap("mangrove", "accent", size, 1.0)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = size * _BADGE
    badge = QRectF(size - side, size - side, side, side)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().tone(tone))
    painter.drawEllipse(badge)
    room = side * _ROOM
    paint_state_shape(
        painter, badge.adjusted(room, room, -room, -room), tone, theme().colour("surface")
    )
    painter.end()
    return pixmap
