"""Puts the definition where the operating system looks for it, and takes it away again."""

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from mangrove.connectors.autostart.definitions import launchd_list, systemd_unit, windows_task
from mangrove.core.errors import AutostartError
from mangrove.core.jobs.autostart import SERVICE, AgentCommand, AutostartState
from mangrove.core.ports.agent import Autostart

TIMEOUT_S = 30.0
Tell = Callable[[Sequence[str]], tuple[int, str]]
"""Runs a program of the operating system; returns its exit code and what it said."""


def tell(command: Sequence[str]) -> tuple[int, str]:
    """Run a program to its end, within half a minute."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words, and no shell
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return -1, str(error)
    return done.returncode, (done.stderr or done.stdout).strip()


@dataclass(frozen=True, slots=True)
class FileAutostart(Autostart):
    """A definition in a file that the system reads when told to.

    Attributes:
        path: Where the file goes.
        content: What it holds.
        starts, stops: What the system is told after it was written, and before it goes.
    """

    path: Path
    content: bytes
    starts: Sequence[Sequence[str]]
    stops: Sequence[Sequence[str]]
    tell: Tell = tell

    @override
    def place(self) -> str:
        return str(self.path)

    @override
    def definition(self) -> str:
        return self.content.decode("utf-16" if self.content[:2] == b"\xff\xfe" else "utf-8")

    @override
    def state(self) -> AutostartState:
        return AutostartState.INSTALLED if self.path.is_file() else AutostartState.ABSENT

    @override
    def install(self) -> None:
        """Write the file and start the agent.

        Raises:
            AutostartError: If the system does not take it; the file is gone again then.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(self.content)
        except OSError as error:
            raise AutostartError(f"{self.path} cannot be written: {error.strerror}") from error
        for command in self.starts:
            code, said = self.tell(command)
            if code:
                self.path.unlink(missing_ok=True)
                raise AutostartError(
                    f"{command[0]} did not take the agent: {said or f'exit code {code}'}; "
                    "nothing was installed",
                    hint="the agent also runs by hand: mangrove agent",
                )

    @override
    def remove(self) -> None:
        for command in self.stops:
            self.tell(command)  # what is not running need not be stopped
        self.path.unlink(missing_ok=True)


def autostart(command: AgentCommand, told: Tell = tell) -> Autostart:
    """Return the way of this operating system.

    Raises:
        AutostartError: If it has none that we know.
    """
    home = Path.home()
    if sys.platform == "darwin":
        path = home / "Library/LaunchAgents" / f"{SERVICE}.plist"
        domain = f"gui/{os.getuid()}"
        starts = [["launchctl", "bootstrap", domain, str(path)]]
        stops = [["launchctl", "bootout", f"{domain}/{SERVICE}"]]
        return FileAutostart(path, launchd_list(command), starts, stops, told)
    if sys.platform == "win32":
        path = Path(os.environ.get("APPDATA", home)) / "Mangrove" / f"{SERVICE}.xml"
        content = windows_task(command, getpass.getuser()).encode("utf-16")
        name = f"Mangrove\\{SERVICE}"
        starts = [
            ["schtasks", "/create", "/tn", name, "/xml", str(path), "/f"],
            ["schtasks", "/run", "/tn", name],
        ]
        stops = [
            ["schtasks", "/end", "/tn", name],
            ["schtasks", "/delete", "/tn", name, "/f"],
        ]
        return FileAutostart(path, content, starts, stops, told)
    return _systemd(command, told)


def _systemd(command: AgentCommand, told: Tell) -> Autostart:
    if told is tell and shutil.which("systemctl") is None:
        raise AutostartError(
            "this system has no systemd, so nothing was installed",
            hint="start the agent from the session's own list of programs: mangrove agent",
        )
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = base / "systemd/user" / f"{SERVICE}.service"
    user = ["systemctl", "--user"]
    starts = [[*user, "daemon-reload"], [*user, "enable", "--now", path.name]]
    stops = [[*user, "disable", "--now", path.name]]
    return FileAutostart(path, systemd_unit(command).encode(), starts, stops, told)
