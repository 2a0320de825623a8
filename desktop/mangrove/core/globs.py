r"""Patterns on ``database.collection``: the one matcher for dumps, restores and renames.

``*`` stands for any characters, dots and line ends too. Everything else means itself, also ``?``
and ``[``, which names may hold. ``\*``, ``\\`` and ``\$`` are a star, a backslash and a dollar
sign; any other backslash is only itself. A pattern fits the whole name, case counts.

Source: MongoDB Database Tools, mongorestore, ``--nsInclude`` (the same rules, but for ``\$``).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

STAR = "*"
_ESCAPE, _ESCAPED = "\\", "\\*$"


def tokens(pattern: str) -> list[tuple[str, bool]]:
    """Split a pattern into characters, each with whether it was escaped and is only itself."""
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(pattern):
        is_escaped = pattern[at] == _ESCAPE and pattern[at + 1 : at + 2] in tuple(_ESCAPED)
        at += is_escaped
        found.append((pattern[at], is_escaped))
        at += 1
    return found


def pieces(pattern: str) -> tuple[str, ...]:
    """Return the literal texts between the stars; one more than there are stars."""
    found = [""]
    for character, is_escaped in tokens(pattern):
        if character == STAR and not is_escaped:
            found.append("")
        else:
            found[-1] += character
    return tuple(found)


def captures(literals: Sequence[str], text: str) -> tuple[str, ...] | None:
    """Return what stands between the literals, each as short as can be; None if it does not fit.

    The same as a regular expression with ``(.*?)`` between the literals, in time that no pattern
    can blow up: the first place of each literal leaves the most room for the rest.
    """
    first, *middle = literals
    if not middle:
        return () if text == first else None
    *middle, last = middle
    at, end = len(first), len(text) - len(last)
    if end < at or not (text.startswith(first) and text.endswith(last)):
        return None
    found = []
    for literal in middle:
        place = text.find(literal, at, end)
        if place < 0:
            return None
        found.append(text[at:place])
        at = place + len(literal)
    return (*found, text[at:end])


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern fits a whole name."""
    return captures(_known_pieces(pattern), text) is not None


def matches_any(patterns: Iterable[str], text: str) -> bool:
    """Whether one of these patterns fits; thousands of plain names cost no more than one."""
    plain, others = _sorted_out(tuple(patterns))
    return text in plain or any(matches(pattern, text) for pattern in others)


def literal(text: str) -> str:
    """Return the pattern that fits exactly this text."""
    return "".join(_ESCAPE + c if c in _ESCAPED else c for c in text)


def without_match(patterns: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns that fit none of these names: most likely a slip of the pen."""
    known = tuple(names)
    there = frozenset(known)
    return tuple(p for p in patterns if not _fits_one(p, known, there))


def database_of(pattern: str) -> str | None:
    """Return the one database that a pattern can fit into; None if there may be several."""
    head, dot, _ = pieces(pattern)[0].partition(".")
    return head if dot else None


_known_pieces = lru_cache(maxsize=1024)(pieces)


def _fits_one(pattern: str, names: tuple[str, ...], there: frozenset[str]) -> bool:
    literals = pieces(pattern)
    if len(literals) == 1:
        return literals[0] in there
    return any(captures(literals, name) is not None for name in names)


@lru_cache(maxsize=16)
def _sorted_out(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Part the patterns that fit one text from the others."""
    plain = frozenset(pieces(p)[0] for p in patterns if len(pieces(p)) == 1)
    return plain, tuple(p for p in patterns if len(pieces(p)) > 1)
