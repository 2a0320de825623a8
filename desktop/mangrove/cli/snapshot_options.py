"""The options that say of which server a snapshot is taken, where, and how."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from mangrove.cli.ssh_options import SshOptions
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.snapshots.snapshot import (
    DEFAULT_LOCK_LIMIT,
    LockUse,
    OwnCommands,
    Provider,
    SnapshotRequest,
)
from mangrove.core.tunnel import TunnelSpec

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min)?", re.IGNORECASE)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}

Node = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT",
        help="Which server; else the one whose files are on that machine, secondaries first.",
    ),
]
SnapshotSsh = Annotated[
    str | None,
    typer.Option("--ssh", metavar="USER@HOST[:PORT]", help="The machine with the files."),
]
SnapshotSshKey = Annotated[
    Path | None,
    typer.Option("--ssh-key", metavar="FILE", help="Private key for it; else the agent's keys."),
]
SnapshotSshKnownHosts = Annotated[
    Path | None,
    typer.Option("--ssh-known-hosts", metavar="FILE", help="Host keys to trust."),
]
ProviderChoice = Annotated[
    Provider | None, typer.Option(help="What takes it; else what the volumes allow.")
]
NoLock = Annotated[
    bool,
    typer.Option("--no-lock", help="Hold no write back; the journal makes one moment good."),
]
LockLimit = Annotated[
    str,
    typer.Option(metavar="TIME", help="After so long the watchdog unlocks, whatever happens."),
]
Folder = Annotated[
    str, typer.Option(metavar="DIR", help="Where Btrfs and reflink snapshots are put.")
]
ThickSize = Annotated[
    str, typer.Option(metavar="SIZE", help="Room for changes of a thick LVM snapshot.")
]
TakeCommand = Annotated[
    str,
    typer.Option(
        metavar="SHELL",
        help="Your own: {id}, {profile}, {dbpath}, {taken} are filled in; its last line is the "
        "{reference} for the others.",
    ),
]
DeleteCommand = Annotated[str, typer.Option(metavar="SHELL", help="Removes {reference}.")]
MountCommand = Annotated[
    str, typer.Option(metavar="SHELL", help="Makes {reference} readable and prints the folder.")
]
UnmountCommand = Annotated[str, typer.Option(metavar="SHELL", help="Ends that.")]


@dataclass(frozen=True, slots=True)
class TakeOptions:
    """What one call says about a snapshot to take."""

    node: str = ""
    ssh: str | None = None
    ssh_key: Path | None = None
    ssh_known_hosts: Path | None = None
    provider: Provider | None = None
    lock_limit: str = ""
    folder: str = ""
    thick_size: str = ""
    commands: OwnCommands = field(default_factory=OwnCommands)
    no_lock: bool = field(kw_only=True, default=False)

    def request(self, profile: str) -> SnapshotRequest:
        """Return the request.

        Raises:
            InvalidSelectionError, InvalidProfileError: If a part makes no sense.
        """
        return SnapshotRequest(
            profile=profile,
            node=self.node,
            ssh=ssh_of(self.ssh, self.ssh_key, self.ssh_known_hosts),
            provider=self.provider,
            lock=LockUse.NO_LOCK if self.no_lock else LockUse.LOCK,
            lock_limit=time_of(self.lock_limit) if self.lock_limit else DEFAULT_LOCK_LIMIT,
            folder=self.folder,
            thick_bytes=size_of(self.thick_size) if self.thick_size else 0,
            commands=self.commands,
        )


def ssh_of(server: str | None, key: Path | None, known_hosts: Path | None) -> TunnelSpec | None:
    """Return the way to the machine with the files; None for this one.

    Raises:
        InvalidSelectionError: If there is a key and no machine.
        InvalidProfileError: If the machine's name is malformed.
    """
    if server is None and (key or known_hosts):
        raise InvalidSelectionError("there is a key and no machine", hint="name it with --ssh")
    return SshOptions(server, key, known_hosts, reads_secret=False).changed(None)


def time_of(text: str) -> timedelta:
    """Read ``30``, ``30s`` or ``2m``.

    Raises:
        InvalidSelectionError: If it is no time.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise InvalidSelectionError(f"'{text}' is no time", hint="write it as 30s or 2m")
    minutes = (match[2] or "s").lower() != "s"
    return timedelta(seconds=float(match[1]) * (60 if minutes else 1))


def size_of(text: str) -> int:
    """Read ``20G`` or ``500 MiB``, in units of 1024.

    Raises:
        InvalidSelectionError: If it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InvalidSelectionError(f"'{text}' is no size", hint="write it as 20G or 500M")
    return int(float(match[1]) * 1024 ** _UNITS[match[2].lower()])
