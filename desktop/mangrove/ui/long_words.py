"""Words too long for a line, such as names of 240 letters: where they may break, or shortened."""

import re

from mangrove.core.wording import without_middle

ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"
_LONG_WORD = 40  # letters; no wider than the narrowest dialog
_PIECE = 8
_SHOWN_NAME = 28
_ENDLESS = re.compile(rf"[^\s{ZERO_WIDTH_SPACE}]{{{_LONG_WORD},}}")
_PIECES = re.compile(f"(.{{{_PIECE}}})(?=.)")


def breakable(text: str) -> str:
    """Let endless words break every few letters: Qt breaks a label's text at spaces only."""
    if len(text) < _LONG_WORD:
        return text
    return _ENDLESS.sub(lambda found: _PIECES.sub(rf"\1{ZERO_WIDTH_SPACE}", found[0]), text)


def unbroken(text: str) -> str:
    """Return a text as it was before ``breakable``."""
    return text.replace(ZERO_WIDTH_SPACE, "")


def shortened(name: str) -> str:
    """Leave out the middle of a long name, for places that cannot wrap, such as buttons."""
    return without_middle(name, _SHOWN_NAME)
