"""A fixture with a real X display, a window manager, hands (xdotool) and a camera (import)."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from servers.process import running, stop

SCREEN = "1280x800x24"
PROGRAMS = ("Xvfb", "openbox", "xdotool", "import", "xprop")
LIMIT_S = 30


@dataclass(frozen=True, slots=True)
class Display:
    """A running display; windows show on it when a child gets its ``env``."""

    name: str

    @property
    def env(self) -> Mapping[str, str]:
        """Return the variables that bring a Qt program onto this display."""
        return {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def xdotool(self, *arguments: str) -> str:
        """Move, click, type or search; returns what xdotool printed."""
        return self._run("xdotool", *arguments)

    def has_window_manager(self) -> bool:
        """Whether a window manager has taken the root window.

        Source: Extended Window Manager Hints 1.5, ``_NET_SUPPORTING_WM_CHECK``.
        """
        return "window id" in self._run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK")

    def screenshot(self, path: Path) -> Path:
        """Save the whole screen as a picture."""
        self._run("import", "-window", "root", str(path))
        return path

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            env={**os.environ, **self.env},
            check=True,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        return done.stdout


@pytest.fixture(scope="session")
def x_display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Display]:
    """A display for the whole session, with openbox as its window manager."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.fail(f"not installed: {', '.join(missing)}; run: python3 packaging/dev.py setup")
    work = tmp_path_factory.mktemp("display")
    server, display = _start_xvfb(work / "xvfb.log")
    try:
        openbox = ["openbox", "--sm-disable"]
        home = {**display.env, "HOME": str(work)}
        with running(openbox, display.has_window_manager, log=work / "openbox.log", env=home):
            yield display
    finally:
        stop(server)


def _start_xvfb(log: Path) -> tuple[subprocess.Popen[bytes], Display]:
    """Let Xvfb choose a free display; it tells the number when it is ready (``-displayfd``)."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"]
    command.append("-noreset")  # or it starts afresh whenever its last client leaves
    with log.open("ab") as output:
        server = subprocess.Popen(
            command, pass_fds=[writing], stdout=output, stderr=subprocess.STDOUT
        )
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as told:
        number = told.readline().strip()
    if not number:
        stop(server)
        raise AssertionError(f"Xvfb did not come up: {log.read_text(errors='replace')[-2000:]}")
    return server, Display(f":{number}")
