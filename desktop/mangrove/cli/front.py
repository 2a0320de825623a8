"""What every command gets: the way to the services, where to write, and what it may ask."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import Protocol, TextIO

import typer

from mangrove.cli.output import Output
from mangrove.core.backup_record import BackupRecord
from mangrove.core.command_line import command_line
from mangrove.core.errors import KeyringUnavailableError
from mangrove.core.latest import LATEST
from mangrove.core.run import RunKind, RunStatus
from mangrove.core.secret import Secret
from mangrove.services.bundle import Services

OpenServices = Callable[[], AbstractContextManager[Services]]


class RunDemo(Protocol):
    """Plays the demo and returns the exit code."""

    def __call__(self, *, headless: bool, home: Path | None, output: Output) -> int:
        """Tell the story; without ``headless`` the window opens on it."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """What ``app`` hands to the command line."""

    open_services: OpenServices
    run_demo: RunDemo
    version: str


@dataclass(frozen=True, slots=True)
class Desk:
    """One call of the command line.

    Attributes:
        stdin: Standard input; questions are asked only if it is a terminal.
    """

    doors: Doors
    output: Output
    stdin: TextIO

    @contextmanager
    def services(self) -> Iterator[Services]:
        """Open the services, and say which runs were found dead."""
        with self.doors.open_services() as services:
            for status in services.activity.interrupted_at_start():
                self.output.say(interrupted_line(status))
            yield services

    def read_line(self) -> str:
        """Return the next line of standard input, without its end."""
        return self.stdin.readline().rstrip("\r\n")

    def can_ask(self) -> bool:
        """Whether a person is there to answer."""
        return self.stdin.isatty() and not self.output.as_json

    def ask_secret(self, question: str) -> Secret | None:
        """Ask without echo; None for an empty answer."""
        answer = getpass(f"{question}: ")
        return Secret(answer) if answer else None

    def ask(self, question: str) -> str:
        """Ask for one line."""
        self.output.say(question)
        return self.read_line()


def require_keyring(services: Services, secret: str, undone: str) -> None:
    """Refuse to take a secret that would be gone when this very call ends.

    Raises:
        KeyringUnavailableError: Saying what would be lost, and what was not done.
    """
    if services.profiles.secrets_notice():
        raise KeyringUnavailableError(
            f"this machine offers no usable keyring, so {secret} would be lost at once; {undone}",
            hint="unlock or set up a keyring; see the documentation of the keyring package",
        )


def desk_of(context: typer.Context) -> Desk:
    """Return the desk that ``main`` put into the context."""
    desk = context.obj
    if not isinstance(desk, Desk):
        raise TypeError("the command line was started without a desk")
    return desk


def found_backup(desk: Desk, services: Services, text: str) -> BackupRecord:
    """Find a backup as it was typed; of ``latest`` a person is told which one that is.

    Raises:
        BackupNotFoundError: If none or several fit.
    """
    record = services.backups.find(text)
    tell_latest(desk, services, text)
    return record


def tell_latest(desk: Desk, services: Services, text: str) -> None:
    """Say which backup ``latest`` is, if that was typed by a person."""
    meant = services.backups.latest() if text == LATEST and not desk.output.as_json else None
    if meant is not None:
        desk.output.say(meant.sentence)


def interrupted_line(status: RunStatus) -> str:
    """Say of one dead run what it was and what to do."""
    start = f"interrupted: {status.title} (run {status.run_id}) ended without finishing"
    if status.kind is RunKind.BACKUP:
        remove = command_line("vault", "check", status.vault, "--remove-debris")
        return f"{start}; it is no backup, and what it stored can be removed with: {remove}"
    if status.kind in (RunKind.RESTORE, RunKind.COPY):
        look = command_line("profile", "clean", status.profile)
        return f"{start}; see what it left with: {look}, then restore again"
    return f"{start}; start it again"
