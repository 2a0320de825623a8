"""The program's door: without arguments the window, otherwise the command line."""

import sys
from collections.abc import Sequence

# Options that belong to Qt (Qt documentation, QGuiApplication): they mean the window too.
QT_OPTIONS = (
    "-platform",
    "-platformpluginpath",
    "-platformtheme",
    "-plugin",
    "-style",
    "-stylesheet",
    "-display",
    "-geometry",
    "-qwindowgeometry",
    "-reverse",
    "-session",
)


# As cli.exit_codes says, which takes too long to load for somebody who changed their mind.
CANCELLED = 130


def main() -> int:
    """Open the window or carry out one command; returns the exit code.

    Ctrl-C may come while modules are still being loaded; it ends that with a plain line, too.
    """
    try:
        return _carried_out(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("cancelled\n")
        return CANCELLED


def _carried_out(arguments: Sequence[str]) -> int:
    # Loaded one after the other, so that the command line starts fast and needs no display.
    from mangrove.app.memory import share_heaps  # noqa: PLC0415
    from mangrove.app.watchdog import is_for_watchdog, run_watchdog  # noqa: PLC0415

    share_heaps()
    if is_for_watchdog(arguments):
        return run_watchdog()
    if is_for_window(arguments):
        from mangrove.app.gui import open_window  # noqa: PLC0415

        return open_window(sys.argv)
    from mangrove.app.headless import run_headless  # noqa: PLC0415

    return run_headless(arguments)


def is_for_window(arguments: Sequence[str]) -> bool:
    """Whether there are no arguments, or only such as Qt takes."""
    return not arguments or arguments[0].partition("=")[0] in QT_OPTIONS


if __name__ == "__main__":
    sys.exit(main())
