"""The command line: parse, dispatch, and end with the right number."""

import logging
import os
import sys
from collections.abc import Sequence

import typer

from mangrove.cli.exit_codes import ExitCode, code_of_class
from mangrove.cli.front import Desk, Doors
from mangrove.cli.output import JSON, Output
from mangrove.cli.tree import build_app
from mangrove.cli.usage import usage_problem
from mangrove.core.errors import MangroveError
from mangrove.core.run import Problem

log = logging.getLogger(__name__)
# typer shows only this one of its usage errors; the class above it is the one for all of them.
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]


def run(arguments: Sequence[str], doors: Doors) -> int:
    """Carry out one call and return its exit code.

    ``--json`` may stand anywhere, so that a mistake in the rest of the line is told in JSON too.
    """
    as_json = JSON in arguments
    output = Output(sys.stdout, sys.stderr, as_json=as_json)
    rest = [a for a in arguments if a != JSON]
    if rest == ["--version"]:
        output.give({"version": doors.version}, f"mangrove {doors.version}")
        return ExitCode.DONE
    try:
        return _dispatched(rest, Desk(doors, output, sys.stdin))
    except BrokenPipeError:
        # Whoever read us has gone; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED


def _dispatched(arguments: Sequence[str], desk: Desk) -> int:
    try:
        code = build_app(arguments)(
            args=list(arguments), prog_name="mangrove", standalone_mode=False, obj=desk
        )
    except MangroveError as error:
        desk.output.refuse(Problem(error.code, error.message, error.hint))
        return code_of_class(type(error))
    except USAGE_ERROR as error:
        desk.output.refuse(usage_problem(error))
        return ExitCode.USAGE
    except (KeyboardInterrupt, typer.Abort):
        desk.output.refuse(Problem("cancelled", "cancelled"))
        return ExitCode.CANCELLED
    except BrokenPipeError:
        raise
    except Exception as error:
        log.exception("a command met a bug")
        desk.output.refuse(
            Problem(
                "bug",
                f"something in Mangrove itself went wrong ({type(error).__name__})",
                "the log file holds the details; please send us a report",
                is_bug=True,
            )
        )
        return ExitCode.BUG
    return code if isinstance(code, int) else ExitCode.DONE
