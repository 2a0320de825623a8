"""What the window says where a message names an option of the command line."""

from PySide6.QtCore import QCoreApplication

from mangrove.ui.translating import QT_TRANSLATE_NOOP

CONTEXT = "Options"
_UNTICK = QT_TRANSLATE_NOOP("Options", "untick “Users and roles too”")
_TICK = QT_TRANSLATE_NOOP("Options", "tick “Users and roles too”")
_BY_BOX = (
    ("leave out --users-and-roles", _UNTICK),
    ("export without --users-and-roles", _UNTICK),
    (
        "users and roles are taken with --users-and-roles",
        QT_TRANSLATE_NOOP("Options", "to take users and roles, tick “Users and roles too”"),
    ),
    ("name a database with --db", QT_TRANSLATE_NOOP("Options", "tick a database as a whole")),
    ("not asked for: --users-and-roles", QT_TRANSLATE_NOOP("Options", "not asked for")),
    (
        "say --yes-unencrypted-credentials",
        QT_TRANSLATE_NOOP("Options", "tick “Store password hashes in this vault unencrypted”"),
    ),
    ("--users-and-roles", _TICK),
)
"""Longer phrases come before those they contain."""


def in_window(text: str) -> str:
    """Return a message with what to tick instead of what to type."""
    if "--" not in text:
        return text
    for typed, ticked in _BY_BOX:
        text = text.replace(typed, QCoreApplication.translate(CONTEXT, ticked))
    return text
