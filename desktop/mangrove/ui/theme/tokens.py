"""The window's design tokens: colours by meaning, spaces on a grid of 8 px, and the type scale."""

from dataclasses import dataclass
from enum import StrEnum


class Scheme(StrEnum):
    """The two looks of the window."""

    LIGHT = "light"
    DARK = "dark"


class SchemeChoice(StrEnum):
    """What the person chose: to follow the system, or one look always."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """What a state means; each has one colour and one shape, and a word always stands beside."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    EXPOSED = "exposed"
    RUNNING = "running"
    NEUTRAL = "neutral"


class Space:
    """Distances in device-independent pixels, all on the 8 px grid or its half."""

    HALF = 4
    S = 8
    M = 16
    L = 24
    XL = 32
    XXL = 48


class Size:
    """Sizes of recurring parts, in device-independent pixels."""

    RAIL = 200
    RAIL_FOLDED = 56
    FOLD_BELOW = 1100
    ICON = 20
    SMALL_ICON = 16
    HEADER = 36
    SEARCH = 320
    STRIP = 44
    QUESTION_WIDTH = 440
    LARGE_ICON = 48
    TABLE_ROW = 32
    LIST_ROW = 40
    THIN_BAR = 6
    RADIUS = 6
    DIALOG_WIDTH = 720
    DIALOG_HEIGHT = 560
    PROGRESS_HEIGHT = 640
    LOG_HEIGHT = 96


class TypeScale:
    """Text sizes as ratios to the body text, which is the system's font size."""

    HEADLINE = 20 / 13
    TITLE = 20 / 13
    FIGURE = 18 / 13
    SECTION = 15 / 13
    BODY = 1.0
    SMALL = 11 / 13


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of one look, by meaning, as ``#rrggbb``.

    Attributes:
        window, surface, sunken, raised: Page ground, cards, wells such as bars, hovered things.
        accent: For the one primary action of a page and for what is selected.
        proven, unproven, exposed, running, neutral: States, and nothing but states.
    """

    window: str
    surface: str
    sunken: str
    raised: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    text_faint: str
    accent: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    accent_text: str
    on_accent: str
    proven: str
    proven_soft: str
    unproven: str
    unproven_soft: str
    exposed: str
    exposed_soft: str
    running: str
    running_soft: str
    neutral: str
    neutral_soft: str

    def tone(self, tone: Tone) -> str:
        """Return the colour of a state."""
        return str(getattr(self, tone.value))

    def tone_soft(self, tone: Tone) -> str:
        """Return the ground behind a state."""
        return str(getattr(self, f"{tone.value}_soft"))


LIGHT = Palette(
    window="#f5f7f7",
    surface="#ffffff",
    sunken="#e8eded",
    raised="#eef3f3",
    border="#dbe2e2",
    border_strong="#b9c4c5",
    text="#17211f",
    text_muted="#51605f",
    text_faint="#7d8a8a",
    accent="#0b6e75",
    accent_hover="#0a6066",
    accent_pressed="#084f55",
    accent_soft="#d9eced",
    accent_text="#0b6e75",
    on_accent="#ffffff",
    proven="#1a7f45",
    proven_soft="#dff3e6",
    unproven="#96620a",
    unproven_soft="#fbefd6",
    exposed="#c0322b",
    exposed_soft="#fce5e3",
    running="#2363c4",
    running_soft="#e1ecfb",
    neutral="#68757a",
    neutral_soft="#eaeef0",
)

DARK = Palette(
    window="#14191b",
    surface="#1c2325",
    sunken="#2a3336",
    raised="#263033",
    border="#2f3a3d",
    border_strong="#4a585c",
    text="#e7edec",
    text_muted="#a5b3b3",
    text_faint="#7f8d8e",
    accent="#1f858b",
    accent_hover="#26969d",
    accent_pressed="#1b747a",
    accent_soft="#1c3d40",
    accent_text="#52c3c9",
    on_accent="#ffffff",
    proven="#55c483",
    proven_soft="#17352a",
    unproven="#e0aa48",
    unproven_soft="#3a2f18",
    exposed="#f2776e",
    exposed_soft="#43221f",
    running="#6ea8f7",
    running_soft="#1b2f4d",
    neutral="#9aa7ab",
    neutral_soft="#2a3336",
)

PROFILE_COLOURS = {
    "grey": "#8a969b",
    "red": "#d64a41",
    "orange": "#dd8126",
    "green": "#2f9e5c",
    "blue": "#3577d4",
    "purple": "#8457c9",
}


def palette_of(scheme: Scheme) -> Palette:
    """Return the colours of one look."""
    return DARK if scheme is Scheme.DARK else LIGHT
