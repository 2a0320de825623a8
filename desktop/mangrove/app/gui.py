"""The window's session: services, log file, and the window on top of them."""

import os
from collections.abc import Sequence
from dataclasses import replace

from mangrove.app.container import open_services, usual_parts
from mangrove.app.logs import logging_to
from mangrove.app.paths import AppPaths, app_paths
from mangrove.app.redaction import Redaction, WatchedSecrets
from mangrove.app.version import tool_version
from mangrove.services.bundle import Services

SETTINGS_FILE = "window.ini"


def open_window(arguments: Sequence[str]) -> int:
    """Open the window on the person's own state; returns the exit code.

    Args:
        arguments: The program's name, then what Qt may want.
    """
    paths, redaction = app_paths(os.environ), Redaction()
    paths.ensure()
    parts = usual_parts()
    watched = replace(parts, secrets=WatchedSecrets(parts.secrets, redaction))
    with logging_to(paths.logs, redaction), open_services(paths, watched) as services:
        return show_window(services, paths, arguments)


def show_window(services: Services, paths: AppPaths, arguments: Sequence[str]) -> int:
    """Show the window on services that are open already, until it is closed."""
    # Qt is loaded only here: the command line has to work where there is none.
    from mangrove.ui.application import run_window  # noqa: PLC0415

    settings = paths.state / SETTINGS_FILE
    return run_window(services, paths.resources, settings, list(arguments), tool_version())
