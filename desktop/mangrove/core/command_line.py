"""Writes commands of this program that a person is to type, so that a shell takes them as meant."""

import shlex


def command_line(*words: str) -> str:
    """Return a command to type; names with spaces or signs of the shell are quoted.

    Args:
        words: What follows the program's name, each one word to the shell. Words in capitals, such
            as "VAULT", stand for what the reader fills in.
    """
    return shlex.join(("mangrove", *words))
