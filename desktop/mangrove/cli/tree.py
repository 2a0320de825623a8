"""The tree of all commands, of which a call loads no more than it names."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from mangrove.cli.output import JSON

COMMANDS = {
    "demo": "demo:demo",
    "profile": "profile.profile:app",
    "vault": "vault.vault:app",
    "backup": "backup:backup",
    "backups": "backups:backups",
    "show": "show:show",
    "verify": "verify:verify",
    "drill": "drill:drill",
    "restore": "restore:restore",
    "status": "status:status",
    "capture": "capture:capture",
    "windows": "windows:windows",
    "copy": "copy:copy",
    "export": "export:export",
    "import": "import_dump:import_dump",
    "assertion": "assertion:app",
    "report": "report:app",
    "job": "job:app",
    "agent": "agent:app",
    "alert": "alert.alert:app",
    "atlas": "atlas.atlas:app",
    "prune": "retention:prune",
    "pin": "retention:pin",
    "unpin": "retention:unpin",
    "hold": "retention:hold",
    "release": "retention:release",
    "delete": "retention:delete",
    "undelete": "retention:undelete",
    "runs": "runs:app",
    "snapshot": "snapshot:app",
}
"""Each command's module below ``cli.commands``, and what it is called there."""


def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    as_json: Annotated[
        bool, typer.Option(JSON, help="One JSON document on standard output; for every command.")
    ] = False,
) -> None:
    """MongoDB backups you can prove. Without a command the window opens."""


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """Return the command that a call begins with, or, where it begins with none, all of them."""
    app = typer.Typer(
        name="mangrove", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    app.callback()(_root)
    for name in [arguments[0]] if arguments and arguments[0] in COMMANDS else COMMANDS:
        _add(app, name)
    return app


def _add(app: typer.Typer, name: str) -> None:
    module, _, called = COMMANDS[name].partition(":")
    command = getattr(import_module(f"mangrove.cli.commands.{module}"), called)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name)(command)
