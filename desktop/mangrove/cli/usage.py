"""Wrong usage, in the words and with the help of the command that was meant."""

import difflib
from collections.abc import Sequence

from mangrove.core.run import Problem

PROGRAM = "mangrove"
USAGE = "usage"


def usage_problem(error: Exception) -> Problem:
    """Return what is wrong with a command line, and where its own help is.

    The parser's errors know the command that was being read, and what it offers.
    """
    context = getattr(error, "ctx", None)
    command = str(getattr(context, "command_path", "") or PROGRAM)
    hint = f"see: {command} --help"
    meant = _meant(error, context)
    if meant:
        hint = f"did you mean {meant}? {hint}"
    return Problem(USAGE, _words(error, command), hint)


def _words(error: Exception, command: str) -> str:
    """Say it as our own messages do: small at the start, no full stop, names as they are."""
    option = getattr(error, "option_name", None)
    if option and type(error).__name__ == "NoSuchOption":
        return f"'{command}' has no option {option}"
    said = _formatted(error).strip().rstrip(".")
    if said.startswith("No such command "):
        wanted = said.removeprefix("No such command ").split(".")[0].strip("'\" ")
        return f"'{command}' has no command '{wanted}'"
    said = said.removeprefix("Invalid value: ").replace("Value error, ", "")
    if said.startswith("Missing "):
        *_, name = said.split()
        return f"{name.strip(chr(39))} is missing"
    return said[:1].lower() + said[1:]


def _formatted(error: Exception) -> str:
    format_message = getattr(error, "format_message", None)
    return str(format_message()) if callable(format_message) else str(error)


def _meant(error: Exception, context: object) -> str:
    """Return the offered name that comes nearest to what was typed; "" for none."""
    possibilities: Sequence[str] = getattr(error, "possibilities", None) or ()
    if possibilities:
        return " or ".join(sorted(possibilities))
    commands = getattr(getattr(context, "command", None), "commands", {})
    typed = str(error).split("'")[1::2]
    if not typed or "command" not in str(error).casefold():
        return ""
    near = difflib.get_close_matches(typed[0], list(commands), n=1)
    path = getattr(context, "command_path", PROGRAM)
    return f"{path} {near[0]}" if near else ""
