"""Tokens become one style sheet, readable in both looks."""

import re
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from look import RESOURCES
from mangrove.ui.theme.style import Theme, build_style_sheet, set_icon
from mangrove.ui.theme.tokens import DARK, LIGHT, Palette, Scheme, SchemeChoice, Tone

LOOKS = {"light": LIGHT, "dark": DARK}
READABLE = 4.5


@pytest.fixture
def restored(look: Theme) -> Iterator[Theme]:
    """The theme, put back to the system's look afterwards."""
    yield look
    look.choose(SchemeChoice.SYSTEM)


def _luminance(colour: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    found = QColor(colour)
    red, green, blue = (linear(c) for c in (found.redF(), found.greenF(), found.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", LOOKS.values(), ids=LOOKS)
def test_text_is_readable_on_every_ground(palette: Palette) -> None:
    for ground in (palette.window, palette.surface, palette.raised, palette.accent_soft):
        assert _contrast(palette.text, ground) >= READABLE
    for ground in (palette.window, palette.surface):
        assert _contrast(palette.text_muted, ground) >= READABLE
        assert _contrast(palette.accent_text, ground) >= READABLE
    assert _contrast(palette.on_accent, palette.accent) >= 4.3


@pytest.mark.parametrize("palette", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("tone", list(Tone))
def test_states_are_readable_on_their_ground(palette: Palette, tone: Tone) -> None:
    assert _contrast(palette.tone(tone), palette.tone_soft(tone)) >= 3.9


def test_style_sheet_leaves_no_token_open() -> None:
    sheet = build_style_sheet(LIGHT, 10.0, RESOURCES)

    assert "$" not in sheet
    assert all((RESOURCES / "theme").joinpath(f).is_file() for f in _images(sheet))


def test_every_token_is_a_colour() -> None:
    for palette in LOOKS.values():
        assert all(QColor(value).isValid() for value in asdict(palette).values())


def test_forced_look_changes_the_palette(restored: Theme, qapp: QApplication) -> None:
    restored.choose(SchemeChoice.DARK)

    assert restored.scheme is Scheme.DARK
    assert qapp.palette().window().color() == QColor(DARK.window)


def test_icons_are_redrawn_in_the_colours_of_the_look(restored: Theme, qtbot: QtBot) -> None:
    restored.choose(SchemeChoice.LIGHT)
    button = QPushButton()
    qtbot.addWidget(button)
    set_icon(button, "close")
    before = button.icon().cacheKey()

    restored.choose(SchemeChoice.DARK)

    assert button.icon().cacheKey() != before


def test_text_grows_with_the_applications_font() -> None:
    small = build_style_sheet(LIGHT, 10.0, RESOURCES)
    large = build_style_sheet(LIGHT, 20.0, RESOURCES)

    assert "font-size: 10.00pt" in small
    assert "font-size: 20.00pt" in large


def _images(sheet: str) -> list[str]:
    return [path.rsplit("/", 1)[1] for path in re.findall(r"url\(([^)]+)\)", sheet)]
