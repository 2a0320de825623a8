"""The theme: tokens turned into one style sheet, one palette and icons, applied once."""

from dataclasses import asdict
from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QFont, QGuiApplication, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton

from mangrove.ui.theme.icons import IconLoader, before_words
from mangrove.ui.theme.tokens import (
    PROFILE_COLOURS,
    Palette,
    Scheme,
    SchemeChoice,
    Size,
    Space,
    Tone,
    TypeScale,
    palette_of,
)

_PROPERTY = "mangroveTheme"
_SMALLEST_BODY_PT = 9.75  # 13 px at 96 dpi


class Theme(QObject):
    """Looks of the whole application: follows the system's scheme unless told otherwise.

    Signals:
        changed: Colours or text sizes are different now; whoever paints by hand paints again.
    """

    changed = Signal()

    def __init__(self, application: QApplication, resources: Path) -> None:
        super().__init__(application)
        self._application = application
        self._resources = resources
        self._choice = SchemeChoice.SYSTEM
        self._icons = IconLoader(resources / "icons")
        self._applied: tuple[Scheme, float] | None = None
        self.colours = palette_of(Scheme.LIGHT)
        application.setProperty(_PROPERTY, self)
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)
        application.fontChanged.connect(self._on_font_changed)
        self._apply()

    @property
    def scheme(self) -> Scheme:
        """The look that is shown now."""
        match self._choice:
            case SchemeChoice.LIGHT:
                return Scheme.LIGHT
            case SchemeChoice.DARK:
                return Scheme.DARK
            case SchemeChoice.SYSTEM:
                is_dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
                return Scheme.DARK if is_dark else Scheme.LIGHT

    @property
    def choice(self) -> SchemeChoice:
        """What the person chose."""
        return self._choice

    def choose(self, choice: SchemeChoice) -> None:
        """Force a look, or follow the system again."""
        self._choice = choice
        forced = {
            SchemeChoice.SYSTEM: Qt.ColorScheme.Unknown,
            SchemeChoice.LIGHT: Qt.ColorScheme.Light,
            SchemeChoice.DARK: Qt.ColorScheme.Dark,
        }
        QGuiApplication.styleHints().setColorScheme(forced[choice])
        self._apply()

    def colour(self, name: str) -> QColor:
        """Return a colour by its name in ``Palette``."""
        return QColor(getattr(self.colours, name))

    def tone(self, tone: Tone) -> QColor:
        """Return the colour of a state."""
        return QColor(self.colours.tone(tone))

    def tone_soft(self, tone: Tone) -> QColor:
        """Return the ground behind a state."""
        return QColor(self.colours.tone_soft(tone))

    def icon(self, name: str, colour: str = "text_muted") -> QIcon:
        """Return a stroke icon in a colour named as in ``Palette``."""
        return self._icons.icon(name, getattr(self.colours, colour), self.colours.border_strong)

    def window_icon(self) -> QIcon:
        """Return the program's own icon, in the sizes that a desktop asks for."""
        return self._icons.large_icon("mangrove", self.colours.accent)

    def pixmap(self, name: str, colour: str, size: int, ratio: float) -> QPixmap:
        """Draw a stroke icon at one size."""
        return self._icons.pixmap(name, getattr(self.colours, colour), size, ratio)

    def font(self, scale: float = TypeScale.BODY, weight: int = QFont.Weight.Normal) -> QFont:
        """Return the application's font at a step of the type scale."""
        font = QFont(self._application.font())
        font.setPointSizeF(_body_pt(self._application) * scale)
        font.setWeight(QFont.Weight(weight))
        return font

    @Slot()
    def _on_system_scheme_changed(self) -> None:
        self._apply()

    @Slot()
    def _on_font_changed(self) -> None:
        self._apply()

    def _apply(self) -> None:
        wanted = (self.scheme, _body_pt(self._application))
        if wanted == self._applied:
            return
        self._applied = wanted
        self.colours = palette_of(self.scheme)
        self._application.setPalette(_qt_palette(self.colours))
        self._application.setStyleSheet(
            build_style_sheet(self.colours, _body_pt(self._application), self._resources)
        )
        self.changed.emit()


def theme() -> Theme:
    """Return the application's theme, which ``Theme`` files with the application itself.

    Raises:
        LookupError: If nobody made a ``Theme`` yet.
    """
    application = QApplication.instance()
    found = application.property(_PROPERTY) if application is not None else None
    if isinstance(found, Theme):
        return found
    raise LookupError("make a Theme before any widget")


def build_style_sheet(colours: Palette, body_pt: float, resources: Path) -> str:
    """Fill the style sheet's template with tokens."""
    template = (resources / "theme" / "application.qss").read_text("utf-8")
    values = {
        **asdict(colours),
        **{name.lower(): f"{number}px" for name, number in _numbers(Space, "space_")},
        **{name.lower(): f"{number}px" for name, number in _numbers(Size, "size_")},
        **{
            name.lower(): f"{ratio * body_pt:.2f}pt" for name, ratio in _numbers(TypeScale, "font_")
        },
        "theme": (resources / "theme").resolve().as_posix(),
    }
    return Template(template).substitute(values)


def set_icon(target: QAbstractButton | QAction, name: str, colour: str = "text_muted") -> None:
    """Give a button or action an icon that keeps up with the theme."""
    for keeper in target.findChildren(
        _IconKeeper, options=Qt.FindChildOption.FindDirectChildrenOnly
    ):
        keeper.setParent(None)
        keeper.deleteLater()
    _IconKeeper(target, name, colour)


def profile_colour(name: str) -> QColor:
    """Return the colour a person gave a profile."""
    return QColor(PROFILE_COLOURS.get(name, PROFILE_COLOURS["grey"]))


class _IconKeeper(QObject):
    """Draws its parent's icon anew when the theme changes."""

    def __init__(self, target: QAbstractButton | QAction, name: str, colour: str) -> None:
        super().__init__(target)
        self._target, self._name, self._colour = target, name, colour
        if isinstance(target, QPushButton):
            target.setIconSize(QSize(Size.SMALL_ICON + Space.HALF, Size.SMALL_ICON))
        elif isinstance(target, QAbstractButton):
            target.setIconSize(QSize(Size.ICON, Size.ICON))
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @Slot()
    def _on_theme_changed(self) -> None:
        icon = theme().icon(self._name, self._colour)
        if isinstance(self._target, QPushButton):
            icon = before_words(icon, is_mirrored=self._target.isRightToLeft())
        self._target.setIcon(icon)


def _body_pt(application: QApplication) -> float:
    size = application.font().pointSizeF()
    return max(size, _SMALLEST_BODY_PT)


def _numbers(tokens: type, prefix: str) -> list[tuple[str, float]]:
    return [(prefix + k, v) for k, v in vars(tokens).items() if not k.startswith("_")]


def _qt_palette(colours: Palette) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for where, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.window),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.text_faint),
        (role.Button, colours.surface),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.exposed),
        (role.ToolTipBase, colours.surface),
        (role.ToolTipText, colours.text),
        (role.Highlight, colours.accent_soft),
        (role.HighlightedText, colours.text),
        (role.Accent, colours.accent),
        (role.Link, colours.accent_text),
        (role.LinkVisited, colours.accent_text),
        (role.Light, colours.raised),
        (role.Midlight, colours.raised),
        (role.Mid, colours.border),
        (role.Dark, colours.border_strong),
        (role.Shadow, colours.border_strong),
    ):
        palette.setColor(where, QColor(colour))
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor(colours.text_faint))
    return palette
