"""Stroke icons from ``resources/icons``, drawn in the theme's colours at every pixel ratio."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from mangrove.ui.theme.tokens import Size, Space

_SIZES = (16, 20)  # px: what buttons and lists show
_LARGE = (24, 32, 48, 128)  # px: what a desktop shows of a program
_RATIOS = (1, 2, 3)
_EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"/>'


class IconLoader:
    """Draws icons by name in a given colour, and remembers what it drew.

    The files are SVG with ``currentColor`` as their only colour.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._icons: dict[tuple[str, str, str], QIcon] = {}
        self._sources: dict[str, str] = {}

    def icon(self, name: str, colour: str, disabled_colour: str) -> QIcon:
        """Return an icon for buttons and lists; an unknown name gives an empty one."""
        key = (name, colour, disabled_colour)
        if key not in self._icons:
            icon = QIcon()
            for shade, mode in (
                (colour, QIcon.Mode.Normal),
                (disabled_colour, QIcon.Mode.Disabled),
            ):
                renderer = self._renderer(name, shade)
                for size in _SIZES:
                    for ratio in _RATIOS:
                        icon.addPixmap(_drawn(renderer, size, ratio), mode)
            self._icons[key] = icon
        return self._icons[key]

    def large_icon(self, name: str, colour: str) -> QIcon:
        """Return an icon for the window itself."""
        renderer, icon = self._renderer(name, colour), QIcon()
        for size in (*_SIZES, *_LARGE):
            icon.addPixmap(_drawn(renderer, size, 1.0))
        return icon

    def pixmap(self, name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
        """Draw one icon at one size, for a screen of this pixel ratio."""
        return _drawn(self._renderer(name, colour), size, ratio)

    def _renderer(self, name: str, colour: str) -> QSvgRenderer:
        source = self._source(name).replace("currentColor", colour)
        return QSvgRenderer(QByteArray(source.encode()))

    def _source(self, name: str) -> str:
        if name not in self._sources:
            file = self._folder / f"{name}.svg"
            self._sources[name] = file.read_text("utf-8") if file.is_file() else _EMPTY
        return self._sources[name]


def before_words(icon: QIcon, *, is_mirrored: bool) -> QIcon:
    """Return a small icon with some room between it and the words that follow it."""
    roomy = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
        for ratio in _RATIOS:
            pixmap = icon.pixmap(QSize(Size.SMALL_ICON, Size.SMALL_ICON), ratio, mode)
            wide = QPixmap((Size.SMALL_ICON + Space.HALF) * ratio, Size.SMALL_ICON * ratio)
            wide.fill(Qt.GlobalColor.transparent)
            wide.setDevicePixelRatio(ratio)
            painter = QPainter(wide)
            painter.drawPixmap(Space.HALF if is_mirrored else 0, 0, pixmap)
            painter.end()
            roomy.addPixmap(wide, mode)
    return roomy


def _drawn(renderer: QSvgRenderer, size: int, ratio: float) -> QPixmap:
    pixels = round(size * ratio)
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
