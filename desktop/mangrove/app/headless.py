"""The command line's session: services and log file, opened when a command needs them."""

import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from io import TextIOWrapper
from pathlib import Path
from types import FrameType

from mangrove.app.version import tool_version
from mangrove.cli.front import Doors
from mangrove.cli.main import run
from mangrove.cli.output import Output
from mangrove.services.bundle import Services


def run_headless(arguments: Sequence[str]) -> int:
    """Carry out one command; returns the exit code.

    The log file stays open until the very end, so that a fault of ours still gets into it.
    """
    _prepare_process()
    with ExitStack() as session:

        def opened() -> AbstractContextManager[Services]:
            # Loaded only for a command that needs them: they bring most of the program with them.
            from mangrove.app.session import own_services  # noqa: PLC0415

            return own_services(session)

        return run(arguments, Doors(opened, _run_demo, tool_version()))


def _run_demo(*, headless: bool, home: Path | None, output: Output) -> int:
    # Loaded only when it is played: it brings the MongoDB driver with it.
    from mangrove.app.demo import run_demo  # noqa: PLC0415

    return run_demo(headless=headless, home=home, output=output)


def _prepare_process() -> None:
    """Print what a terminal cannot show as an escape; end on SIGTERM as on Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
