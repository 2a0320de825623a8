"""Writes what a person is to type, so that a shell takes it as it is meant."""

import shlex


def command_line(*words: str) -> str:
    """Return a command of this program; names with spaces or signs of the shell are quoted.

    Args:
        words: What follows the program's name, each one word to the shell. Words in capitals, such
            as "VAULT", stand for what the reader fills in.
    """
    return typed("mangrove", *words)


def typed(*words: str) -> str:
    """Return a part of a command, such as an option with its value, quoted where it has to be."""
    return shlex.join(words)
