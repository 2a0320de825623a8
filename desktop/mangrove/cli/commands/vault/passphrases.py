"""Passphrases and keys from a terminal or from standard input, and from nowhere else."""

from mangrove.cli.front import Desk
from mangrove.core.errors import ConfigurationError, InvalidKeyError
from mangrove.core.secret import Secret


def asked_passphrase(desk: Desk, question: str) -> Secret:
    """Ask without echo where somebody can answer; else take the next line of standard input.

    Raises:
        ConfigurationError: If nothing came.
    """
    given = desk.ask_secret(question) if desk.can_ask() else Secret(desk.read_line())
    if not given:
        raise ConfigurationError(
            "no passphrase or key was given; nothing was done",
            hint="type it at the terminal, or write it to standard input as one line",
        )
    return given


def new_passphrase(desk: Desk, question: str) -> Secret:
    """Ask for a new passphrase, twice where somebody types.

    Raises:
        InvalidKeyError: If the two differ.
    """
    first = asked_passphrase(desk, question)
    if desk.can_ask() and desk.ask_secret("The same again") != first:
        raise InvalidKeyError("the two passphrases differ; nothing was written")
    return first
