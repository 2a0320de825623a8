"""A snapshot's files on their machine: readable for a while, or as a throw-away copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from posixpath import dirname, join

from mangrove.core.errors import SnapshotCommandError
from mangrove.core.ports.snapshot import OpenHost
from mangrove.core.snapshots.clone import mount_points, plan_clone, plan_mounts
from mangrove.core.snapshots.providers import filled, words_of
from mangrove.core.snapshots.snapshot import Provider, Snapshot
from mangrove.core.snapshots.volumes import Command, read_last_line
from mangrove.jobs.snapshots.machine import HostShell

MOUNT_LIMIT_S = 600.0
UNMOUNTED = "nothing was read, and the snapshot was not touched"
CLONE_LIMIT_S = 24 * 3600.0


@contextmanager
def readable(shell: HostShell, snapshot: Snapshot, open_host: OpenHost) -> Iterator[list[str]]:
    """Make the parts readable while the block lasts; yields the folder of each.

    Raises:
        SnapshotCommandError: If they cannot be read, with the file system's own words.
    """
    if snapshot.provider is Provider.COMMANDS:
        yield from _by_own_commands(shell, snapshot, open_host)
        return
    scratch = _scratch(shell)
    commands, folders = plan_mounts(snapshot, scratch)
    undo = [("umount", point) for point in reversed(mount_points(commands))]
    try:
        for command in commands:
            shell.must(command, MOUNT_LIMIT_S)
        for folder in folders:
            shell.must(("test", "-d", folder))
        yield list(folders)
    finally:
        _undo(open_host, snapshot, (*undo, ("rm", "-rf", "--one-file-system", scratch)))


def _by_own_commands(
    shell: HostShell, snapshot: Snapshot, open_host: OpenHost
) -> Iterator[list[str]]:
    own, words = snapshot.commands, words_of(snapshot)
    if not own.mount:
        raise SnapshotCommandError(
            f"nothing makes {snapshot.snapshot} readable: no command was given for that",
            hint="take the next one with --mount-command; it prints the folder with the files",
        )
    try:
        printed = shell.must_own("mount", filled(own.mount, words), MOUNT_LIMIT_S, UNMOUNTED)
        folder = read_last_line(printed)
        shell.must(("test", "-d", folder))
        yield [folder]
    finally:
        if own.unmount:
            _undo(open_host, snapshot, (("sh", "-c", filled(own.unmount, words)),))


@contextmanager
def throw_away_copy(shell: HostShell, snapshot: Snapshot, open_host: OpenHost) -> Iterator[str]:
    """Make a writable copy of the data folder while the block lasts, by sharing where possible.

    Raises:
        SnapshotCommandError: If it cannot be made.
    """
    scratch = _scratch(shell)
    plan = plan_clone(snapshot, scratch)
    copy = join(scratch, "data")
    folder = plan.folder if plan else copy
    unmake = (*(plan.unmake if plan else ()), ("rm", "-rf", "--one-file-system", scratch))
    with readable(shell, snapshot, open_host) as folders:
        try:
            if plan is not None:
                for command in plan.unmake:  # what an interrupted one may have left
                    shell.run(command, MOUNT_LIMIT_S)
            make = plan.make if plan else (("cp", "-a", "--reflink=auto", folders[0], copy),)
            for command in make:
                shell.must(command, CLONE_LIMIT_S)
            for part, place in zip(snapshot.parts, folders, strict=True):
                if part.attach:
                    _attach(shell, place, join(folder, part.attach))
            shell.must(("rm", "-f", join(folder, "mongod.lock")))
            yield folder
        finally:
            _undo(open_host, snapshot, unmake)


def _attach(shell: HostShell, source: str, target: str) -> None:
    """Put the files of another volume where the server looks for them."""
    shell.must(("rm", "-rf", "--one-file-system", "--", target))
    shell.must(("mkdir", "-p", dirname(target)))
    shell.must(("cp", "-a", "--reflink=auto", source, target), CLONE_LIMIT_S)


def _scratch(shell: HostShell) -> str:
    return shell.must(("mktemp", "-d", "-t", "mangrove-snapshot-XXXXXXXX")).strip()


def _undo(open_host: OpenHost, snapshot: Snapshot, commands: tuple[Command, ...]) -> None:
    """Run each, whatever the others come to, over a way that no cancel has cut off."""
    with open_host(snapshot.ssh) as host:
        shell = HostShell(host)
        for command in commands:
            shell.run(command, MOUNT_LIMIT_S)
