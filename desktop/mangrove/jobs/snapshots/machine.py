"""The machine with the files: what is asked there before a snapshot, and how commands run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from posixpath import join

from mangrove.core.errors import SnapshotCommandError
from mangrove.core.ports.snapshot import HostFile, Ran, SnapshotHost
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.preflight import Machine
from mangrove.core.snapshots.providers import PROGRAMS
from mangrove.core.snapshots.snapshot import Provider
from mangrove.core.snapshots.volumes import (
    Command,
    Volume,
    ask_folders,
    ask_inodes,
    ask_links,
    ask_logical_volume,
    ask_mount,
    ask_real_path,
    ask_xfs,
    has_reflinks,
    read_logical_volume,
    read_mount,
    read_other_folders,
    read_subvolume,
)

ASK_LIMIT_S = 60.0
SUDO: Command = ("sudo", "-n")
_MISSING = 'for name do command -v "$name" >/dev/null || echo "$name"; done'
_IS_MAPPED = "/dev/"


@dataclass(slots=True)
class HostShell:
    """Runs commands on a machine with the rights they need.

    Attributes:
        elevate: What goes before every command; found out when it is first needed.
    """

    host: SnapshotHost
    _elevate: Command | None = field(default=None)

    @property
    def elevate(self) -> Command:
        """Nothing for root, sudo where it asks for no password, else nothing."""
        if self._elevate is None:
            is_root = self.host.run(("id", "-u"), ASK_LIMIT_S).out.strip() == "0"
            self._elevate = () if is_root or not self._may_sudo() else SUDO
        return self._elevate

    @property
    def may_everything(self) -> bool:
        """Whether commands run as root."""
        return bool(self.elevate) or self.ask(("id", "-u")).strip() == "0"

    def run(self, command: Sequence[str], limit_s: float = ASK_LIMIT_S) -> Ran:
        """Run a command to its end, however it ends."""
        return self.host.run((*self.elevate, *command), limit_s)

    def ask(self, command: Sequence[str], limit_s: float = ASK_LIMIT_S) -> str:
        """Return what a command prints; "" if it fails or is not installed."""
        try:
            ran = self.run(command, limit_s)
        except SnapshotCommandError:
            return ""
        return ran.out if ran.status == 0 else ""

    def must(self, command: Sequence[str], limit_s: float = ASK_LIMIT_S) -> str:
        """Return what a command prints.

        Raises:
            SnapshotCommandError: With its own last words, if it fails.
        """
        ran = self.run(command, limit_s)
        if ran.status != 0:
            raise SnapshotCommandError(
                f"{command[0]} failed on {self.host.name}: {ran.last_words}",
                hint="run preflight again; it says what the command needs",
            )
        return ran.out

    def must_own(self, what: str, text: str, limit_s: float, left: str) -> str:
        """Return what a person's own command prints.

        Args:
            what: Which of the commands it is: "take" or "mount".
            text: The command, run by ``sh``.
            limit_s: After so long it is ended.
            left: What was not touched, and what may be left, should it fail.

        Raises:
            SnapshotCommandError: With its own last words, if it fails.
        """
        option = f"--{what}-command"
        try:
            ran = self.run(("sh", "-c", text), limit_s)
        except SnapshotCommandError as error:
            words = error.message.removeprefix("sh ")
            raise SnapshotCommandError(f"your {option} {words}; {left}", hint=error.hint) from error
        if ran.status != 0:
            raise SnapshotCommandError(
                f"your {option} failed on {self.host.name}: {ran.last_words}; {left}",
                hint=f"run it there by hand until it ends with status 0: {text}",
            )
        return ran.out

    def files(self, folder: str) -> tuple[HostFile, ...]:
        """Return all files below a folder, by path; links are followed."""
        found = ("find", "-L", folder, "-type", "f", "-printf", r"%s\t%P\0")
        rows = [row.partition("\t") for row in self.must(found).split("\0") if row]
        return tuple(sorted((HostFile(p, int(s)) for s, _, p in rows), key=lambda f: f.path))

    def _may_sudo(self) -> bool:
        try:
            return self.host.run((*SUDO, "true"), ASK_LIMIT_S).status == 0
        except SnapshotCommandError:
            return False


def volumes_of(shell: HostShell, dbpath: str) -> tuple[Volume, ...]:
    """Return the volumes that hold the files of a data folder, that of the folder first.

    Raises:
        SnapshotCommandError: If it cannot be told.
    """
    root = shell.ask(ask_real_path(dbpath)).strip() or dbpath
    links = shell.ask(ask_links(root)).splitlines()
    others = read_other_folders(shell.ask(ask_folders(root)), links)
    places = [("", root)]
    places += [(p, shell.ask(ask_real_path(join(root, p))).strip()) for p in others]
    return tuple(_volume(shell, attach, path) for attach, path in places)


def _volume(shell: HostShell, attach: str, path: str) -> Volume:
    volume = read_mount(attach, path, shell.ask(ask_mount(path)))
    if volume.filesystem == "btrfs":
        found = read_subvolume(shell.ask(ask_inodes(path, volume.mount)))
        return replace(volume, subvolume=found, shares_blocks=True)
    if volume.filesystem == "zfs":
        return volume
    if volume.filesystem == "xfs":
        shares = has_reflinks(shell.ask(ask_xfs(volume.mount)))
        volume = replace(volume, shares_blocks=shares)
    if not volume.source.startswith(_IS_MAPPED):
        return volume
    logical = read_logical_volume(shell.ask(ask_logical_volume(volume.source)))
    if logical is None:
        return volume
    group, name, pool, size, free = logical
    return replace(
        volume, group=group, logical=name, pool=pool, size_bytes=size, group_free_bytes=free
    )


def machine_of(shell: HostShell, node: NodeFacts, provider: Provider | None) -> Machine:
    """Ask the machine what a snapshot of this server would need there."""
    lock = shell.ask(("cat", join(node.dbpath, "mongod.lock"))).strip()
    used = shell.ask(("du", "--summarize", "--bytes", node.dbpath)).partition("\t")[0]
    programs = PROGRAMS[provider] if provider else ()
    missing = shell.ask(("sh", "-c", _MISSING, "sh", *programs)).split() if programs else ()
    return Machine(
        name=shell.ask(("uname", "-n")).strip() or shell.host.name,
        locked_by=int(lock) if lock.isdigit() else None,
        may_everything=shell.may_everything,
        missing=tuple(missing),
        used_bytes=int(used) if used.isdigit() else 0,
        mongod=shell.ask(("readlink", "-f", f"/proc/{node.pid}/exe")).strip(),
    )
