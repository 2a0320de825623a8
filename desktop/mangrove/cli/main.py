"""The command line: parse, dispatch, and end with the right number."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from mangrove.cli.commands import (
    agent,
    alert,
    assertion,
    atlas,
    job,
    profile,
    report,
    retention,
    runs,
    snapshot,
    vault,
    vault_policy,
)
from mangrove.cli.commands.backup import backup
from mangrove.cli.commands.backups import backups
from mangrove.cli.commands.capture import capture
from mangrove.cli.commands.copy import copy
from mangrove.cli.commands.demo import demo
from mangrove.cli.commands.drill import drill
from mangrove.cli.commands.export import export
from mangrove.cli.commands.import_dump import import_dump
from mangrove.cli.commands.profile_objective import objective
from mangrove.cli.commands.restore import restore
from mangrove.cli.commands.show import show
from mangrove.cli.commands.status import status
from mangrove.cli.commands.verify import verify
from mangrove.cli.commands.windows import windows
from mangrove.cli.exit_codes import ExitCode, code_of_class
from mangrove.cli.front import Desk, Doors
from mangrove.cli.output import Output
from mangrove.cli.usage import usage_problem
from mangrove.core.errors import MangroveError
from mangrove.core.run import Problem

log = logging.getLogger(__name__)

JSON = "--json"
# typer shows only this one of its usage errors; the class above it is the one for all of them.
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]


def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    as_json: Annotated[
        bool, typer.Option(JSON, help="One JSON document on standard output; for every command.")
    ] = False,
) -> None:
    """MongoDB backups you can prove. Without a command the window opens."""


def build_app() -> typer.Typer:
    """Return the whole command line."""
    app = typer.Typer(
        name="mangrove", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    app.callback()(_root)
    app.command()(demo)
    app.add_typer(profile.app, name="profile")
    profile.app.command()(objective)
    app.add_typer(vault.app, name="vault")
    vault_policy.add_to(vault.app)
    for command in (backup, backups, show, verify, drill, restore, status):
        app.command()(command)
    app.command()(capture)
    app.command()(windows)
    app.command()(copy)
    app.command()(export)
    app.command("import")(import_dump)
    app.add_typer(assertion.app, name="assertion")
    app.add_typer(report.app, name="report")
    app.add_typer(job.app, name="job")
    app.add_typer(agent.app, name="agent")
    app.add_typer(alert.app, name="alert")
    app.add_typer(atlas.app, name="atlas")
    retention.add_to(app)
    app.add_typer(runs.app, name="runs")
    app.add_typer(snapshot.app, name="snapshot")
    return app


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
        code = build_app()(
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
