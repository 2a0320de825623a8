"""Throw-away writable copies of a snapshot, and the mongod that opens one: commands only."""

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import join

from mangrove.core.deployment import Topology
from mangrove.core.snapshots.providers import mount_command
from mangrove.core.snapshots.snapshot import DataLayout, LockUse, Provider, Snapshot, SnapshotPart
from mangrove.core.snapshots.volumes import Command, below
from mangrove.core.stored_files import FilesOrigin

CHECK = "-check"
# Source: MongoDB manual, "MongoDB Server Parameters": a standalone replays the oplog it finds, and
# is read-only then. Without it a member's files show what the last checkpoint holds only.
RECOVER = ("--setParameter", "recoverFromOplogAsStandalone=true")
# Source: the same: what was replayed is kept when it ends, so that a plain start shows it.
KEEP_RECOVERED = ("--setParameter", "takeUnstableCheckpointOnShutdown=true")
SMALL = (
    "--wiredTigerCacheSizeGB",
    "0.25",
    "--setParameter",
    "diagnosticDataCollectionEnabled=false",
)


@dataclass(frozen=True, slots=True)
class ClonePlan:
    """How a writable copy of the data folder is made without copying what it holds.

    Attributes:
        make: In order.
        folder: The copy of the data folder.
        unmake: In order; also tidies up what an earlier, interrupted one left.
    """

    make: tuple[Command, ...]
    folder: str
    unmake: tuple[Command, ...]


def plan_clone(snapshot: Snapshot, scratch: str) -> ClonePlan | None:
    """Return how to clone a snapshot's data folder; None where it has to be copied.

    Args:
        snapshot: Which.
        scratch: An empty folder on the machine, for what has to be mounted.
    """
    main = main_part(snapshot)
    match snapshot.provider:
        case Provider.BTRFS:
            clone = f"{main.name}{CHECK}"
            make = (("btrfs", "subvolume", "snapshot", main.name, clone),)
            folder = join(clone, below(main.folder, main.name)).rstrip("/")
            return ClonePlan(make, folder, (("btrfs", "subvolume", "delete", clone),))
        case Provider.REFLINK:
            clone = f"{main.name}{CHECK}"
            make = (("cp", "-a", "--reflink=always", main.name, clone),)
            return ClonePlan(make, clone, (("rm", "-rf", "--one-file-system", "--", clone),))
        case Provider.LVM_THIN:
            return _thin_clone(main, scratch)
        case Provider.ZFS:
            return _zfs_clone(snapshot, main, scratch)
        case Provider.LVM | Provider.COMMANDS:
            return None


def _thin_clone(main: SnapshotPart, scratch: str) -> ClonePlan:
    group, _, name = main.name.partition("/")
    clone = f"{group}/{name}{CHECK}"
    skip = ("--setactivationskip", "n")
    options = "nouuid" if main.filesystem == "xfs" else "defaults"
    mount = ("mount", "-t", main.filesystem, "-o", options, f"/dev/{clone}", scratch)
    make = (
        ("lvcreate", "--yes", "--snapshot", *skip, "--name", f"{name}{CHECK}", main.name),
        mount,
    )
    unmake = (("umount", scratch), ("lvremove", "--yes", "--force", clone))
    return ClonePlan(make, join(scratch, main.folder).rstrip("/"), unmake)


def _zfs_clone(snapshot: Snapshot, main: SnapshotPart, scratch: str) -> ClonePlan:
    dataset, _, label = main.name.partition("@")
    clone = f"{dataset.partition('/')[0]}/mangrove-{snapshot.snapshot}{CHECK}"
    inside = main.folder.partition(f"/.zfs/snapshot/{label}")[2].lstrip("/")
    make = (("zfs", "clone", "-o", f"mountpoint={scratch}", main.name, clone),)
    return ClonePlan(make, join(scratch, inside).rstrip("/"), (("zfs", "destroy", clone),))


def main_part(snapshot: Snapshot) -> SnapshotPart:
    """Return the part that holds the data folder itself."""
    return next(part for part in snapshot.parts if not part.attach)


def plan_mounts(snapshot: Snapshot, scratch: str) -> tuple[tuple[Command, ...], tuple[str, ...]]:
    """Return what makes the parts readable, and the folder of each part afterwards.

    Parts of one device are mounted once; those that are readable as they are need nothing.
    """
    mounted: dict[str, str] = {}
    commands: list[Command] = []
    folders = []
    for part in snapshot.parts:
        if not part.device:
            folders.append(part.folder)
            continue
        if part.device not in mounted:
            mounted[part.device] = join(scratch, str(len(mounted)))
            commands.append(("mkdir", "-p", mounted[part.device]))
            commands.append(mount_command(part, mounted[part.device]))
        folders.append(join(mounted[part.device], part.folder).rstrip("/"))
    return tuple(commands), tuple(folders)


def mount_points(commands: Sequence[Command]) -> tuple[str, ...]:
    """Return where the commands of ``plan_mounts`` mount something."""
    return tuple(command[-1] for command in commands if command[0] == "mount")


def origin_of(snapshot: Snapshot) -> FilesOrigin:
    """Return what is told of a snapshot's files wherever they go."""
    return FilesOrigin(
        snapshot=snapshot.snapshot,
        provider=snapshot.provider,
        locked=snapshot.lock is LockUse.LOCK,
        directory_per_db=snapshot.layout.directory_per_db,
        directory_for_indexes=snapshot.layout.directory_for_indexes,
        needs_oplog_recovery=snapshot.server.topology is Topology.REPLICA_SET,
        databases=snapshot.databases,
    )


def open_snapshot(snapshot: Snapshot) -> Command:
    """Return the options that a mongod opens a snapshot's files with."""
    return open_files(origin_of(snapshot))


def open_files(origin: FilesOrigin) -> Command:
    """Return the options that a mongod opens files with that were brought somewhere."""
    return (*layout_options(origin), *(RECOVER if origin.needs_oplog_recovery else ()))


def layout_options(origin: FilesOrigin) -> Command:
    """Return the options without which no mongod finds its way in the files."""
    return DataLayout(origin.directory_per_db, origin.directory_for_indexes).options


def scratch_mongod(options: Command, program: str, folder: str) -> Command:
    """Return the command that opens a throw-away copy; its log lies beside the copy."""
    here = ("--bind_ip", "127.0.0.1", "--port", "{port}", "--nounixsocket")
    return (program, "--dbpath", folder, *here, "--logpath", log_of(folder), *SMALL, *options)


def log_of(folder: str) -> str:
    """Return where the mongod of a copy writes its log."""
    return f"{folder}.log"
