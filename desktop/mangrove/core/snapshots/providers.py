"""The commands of each provider: take, remove and read a snapshot. Nothing is run here."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from posixpath import basename, dirname, join

from mangrove.core.backup import BackupId, slug_in
from mangrove.core.errors import SnapshotRefusedError
from mangrove.core.snapshots.snapshot import OwnCommands, Provider, Snapshot, SnapshotPart
from mangrove.core.snapshots.volumes import SNAPSHOT_FOLDER, Command, Volume, below, read_last_line

REFERENCE = "{reference}"
# Contents without our own folder, which lies in the data folder where that is a mount point.
_COPY = (
    'mkdir -p "$2" && find "$1" -mindepth 1 -maxdepth 1 ! -name "$3" ! -name lost+found '
    '-exec cp -a --reflink=always -t "$2" {} +'
)
THICK_SHARE = 5
NO_COMMANDS = OwnCommands()


@dataclass(frozen=True, slots=True)
class TakePlan:
    """How a snapshot is taken.

    Attributes:
        prepare: Run before the lock.
        take: Run under the lock, in order.
        parts: What there is afterwards.
    """

    prepare: tuple[Command, ...]
    take: tuple[Command, ...]
    parts: tuple[SnapshotPart, ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """What a snapshot is called, and where it goes.

    Attributes:
        folder: Where Btrfs and reflink snapshots are put; "" for beside the data.
        thick_bytes: Room for what changes; 0 for a fifth of the volume.
    """

    snapshot: BackupId
    profile: str
    dbpath: str
    taken_at: datetime
    folder: str = ""
    thick_bytes: int = 0
    commands: OwnCommands = NO_COMMANDS


def likely_provider(volumes: Sequence[Volume]) -> Provider | None:
    """Return what can take a snapshot of these volumes; None if nothing we know can.

    A logical volume goes before a reflink copy: its snapshot holds one single moment.
    """
    if volumes and all(v.filesystem == "btrfs" and v.subvolume for v in volumes):
        return Provider.BTRFS
    if volumes and all(v.filesystem == "zfs" for v in volumes):
        return Provider.ZFS
    if volumes and all(v.logical for v in volumes):
        return Provider.LVM_THIN if all(v.pool for v in volumes) else Provider.LVM
    if volumes and all(v.shares_blocks for v in volumes):
        return Provider.REFLINK
    return None


def is_one_moment(provider: Provider, volumes: Sequence[Volume]) -> bool:
    """Whether the snapshot of all volumes holds one single moment, without any lock.

    Source: btrfs-subvolume(8): a snapshot is of one subvolume. zfs-snapshot(8): all datasets of
    one command are taken atomically, and those of one command are of one pool. lvcreate(8): one
    volume each. A reflink copy takes one file after the other.
    """
    match provider:
        case Provider.BTRFS:
            return len({v.subvolume for v in volumes}) == 1
        case Provider.LVM | Provider.LVM_THIN:
            return len({(v.group, v.logical) for v in volumes}) == 1
        case Provider.ZFS:
            return len({v.source.partition("/")[0] for v in volumes}) == 1
        case Provider.REFLINK:
            return False
        case Provider.COMMANDS:
            return len({v.identity for v in volumes}) == 1


def plan_take(provider: Provider, volumes: Sequence[Volume], naming: Naming) -> TakePlan:
    """Return the commands that take a snapshot of these volumes."""
    match provider:
        case Provider.BTRFS:
            return _btrfs(volumes, naming)
        case Provider.REFLINK:
            return _reflink(volumes, naming)
        case Provider.LVM | Provider.LVM_THIN:
            return _lvm(provider, volumes, naming)
        case Provider.ZFS:
            return _zfs(volumes, naming)
        case Provider.COMMANDS:
            command = ("sh", "-c", filled(naming.commands.take, _words(naming)))
            return TakePlan((), (command,), (SnapshotPart("", REFERENCE, ""),))


def _btrfs(volumes: Sequence[Volume], naming: Naming) -> TakePlan:
    taken: dict[str, str] = {}
    folders: list[str] = []
    parts = []
    for volume in volumes:
        if volume.subvolume not in taken:
            folder = naming.folder or _beside(volume.subvolume, volume.mount)
            folders.append(folder)
            taken[volume.subvolume] = join(folder, _numbered(naming.snapshot, len(taken)))
        name = taken[volume.subvolume]
        inside = below(volume.path, volume.subvolume)
        parts.append(SnapshotPart(volume.attach, name, join(name, inside) if inside else name))
    prepare = tuple(("mkdir", "-p", folder) for folder in dict.fromkeys(folders))
    take = tuple(
        ("btrfs", "subvolume", "snapshot", "-r", source, target) for source, target in taken.items()
    )
    return TakePlan(prepare, take, tuple(parts))


def _reflink(volumes: Sequence[Volume], naming: Naming) -> TakePlan:
    prepare, take, parts = [], [], []
    for number, volume in enumerate(volumes):
        folder = naming.folder or _beside(volume.path, volume.mount)
        target = join(folder, _numbered(naming.snapshot, number))
        prepare.append(("mkdir", "-p", folder))
        take.append(("sh", "-c", _COPY, "sh", volume.path, target, SNAPSHOT_FOLDER))
        parts.append(SnapshotPart(volume.attach, target, target))
    return TakePlan(tuple(dict.fromkeys(prepare)), tuple(take), tuple(parts))


def _lvm(provider: Provider, volumes: Sequence[Volume], naming: Naming) -> TakePlan:
    taken: dict[tuple[str, str], str] = {}
    take, parts = [], []
    for volume in volumes:
        key = (volume.group, volume.logical)
        if key not in taken:
            name = f"mangrove-{_numbered(naming.snapshot, len(taken))}"
            taken[key] = name
            room = ("--size", f"{thick_bytes(volume, naming.thick_bytes)}b")
            # Thin snapshots are skipped at activation unless told otherwise (lvmthin(7)).
            own = ("--setactivationskip", "n") if provider is Provider.LVM_THIN else room
            source = f"{volume.group}/{volume.logical}"
            take.append(("lvcreate", "--yes", "--snapshot", *own, "--name", name, source))
        name = f"{volume.group}/{taken[key]}"
        device = f"/dev/{name}"
        parts.append(SnapshotPart(volume.attach, name, volume.inside, device, volume.filesystem))
    return TakePlan((), tuple(take), tuple(parts))


def thick_bytes(volume: Volume, asked: int) -> int:
    """Return the room that a thick snapshot is given, in whole extents of 4 MiB."""
    wanted = asked or volume.size_bytes // THICK_SHARE
    return max(1, -(-wanted // (4 << 20))) * (4 << 20)


def _zfs(volumes: Sequence[Volume], naming: Naming) -> TakePlan:
    label = f"mangrove-{naming.snapshot}"
    names = tuple(dict.fromkeys(f"{volume.source}@{label}" for volume in volumes))
    parts = tuple(
        SnapshotPart(
            volume.attach,
            f"{volume.source}@{label}",
            join(volume.mount, ".zfs", "snapshot", label, volume.inside).rstrip("/"),
        )
        for volume in volumes
    )
    return TakePlan((), (("zfs", "snapshot", *names),), parts)


def _beside(path: str, mount: str) -> str:
    """Return our folder on the same file system: beside the data, or in it where that is all."""
    return join(path if path == mount else dirname(path), SNAPSHOT_FOLDER)


def _numbered(snapshot: BackupId, number: int) -> str:
    return f"{snapshot}.{number}" if number else str(snapshot)


def with_reference(plan: TakePlan, printed: str) -> tuple[SnapshotPart, ...]:
    """Return the parts, with what a person's own command printed last as their name."""
    reference = read_last_line(printed)
    return tuple(
        SnapshotPart(p.attach, reference, p.folder) if p.name == REFERENCE else p
        for p in plan.parts
    )


def plan_removal(snapshot: Snapshot) -> tuple[Command, ...]:
    """Return the commands that remove a snapshot; none where somebody else does that.

    Raises:
        SnapshotRefusedError: If what would be removed is not named as ours are.
    """
    if snapshot.provider is Provider.COMMANDS:
        text = snapshot.commands.delete
        if any(part.name == REFERENCE for part in snapshot.parts):
            return ()  # nothing was taken
        return (("sh", "-c", filled(text, words_of(snapshot))),) if text else ()
    names = tuple(dict.fromkeys(part.name for part in snapshot.parts))
    for name in names:
        if not _is_ours(name, snapshot.snapshot):
            raise SnapshotRefusedError(f"{name} is not named as our snapshots are; it stays")
    return tuple(_removal(snapshot.provider, name) for name in names)


def _removal(provider: Provider, name: str) -> Command:
    match provider:
        case Provider.BTRFS:
            return ("btrfs", "subvolume", "delete", name)
        case Provider.REFLINK:
            return ("rm", "-rf", "--one-file-system", "--", name)
        case Provider.LVM | Provider.LVM_THIN:
            return ("lvremove", "--yes", "--force", name)
        case _:
            return ("zfs", "destroy", name)


def _is_ours(name: str, snapshot: BackupId) -> bool:
    last = basename(name).rpartition("@")[2].removeprefix("mangrove-")
    return slug_in(snapshot) is not None and last.partition(".")[0] == snapshot


def presence_command(provider: Provider, name: str) -> Command | None:
    """Return the command that ends well only while a snapshot is there; None if none tells."""
    match provider:
        case Provider.BTRFS | Provider.REFLINK:
            return ("test", "-e", name)
        case Provider.LVM | Provider.LVM_THIN:
            return ("lvs", name)
        case Provider.ZFS:
            return ("zfs", "list", "-H", name)
        case Provider.COMMANDS:
            return None


def mount_command(part: SnapshotPart, folder: str) -> Command:
    """Return the command that makes a device readable in a folder. Source: mount(8), xfs(5)."""
    options = "ro,nouuid" if part.filesystem == "xfs" else "ro"
    return ("mount", "-t", part.filesystem, "-o", options, part.device, folder)


def words_of(snapshot: Snapshot) -> Mapping[str, str]:
    """Return what the placeholders of a person's commands stand for."""
    profile, dbpath = snapshot.profile_name, snapshot.dbpath
    naming = Naming(snapshot.snapshot, profile, dbpath, snapshot.taken_at)
    return _words(naming, next((part.name for part in snapshot.parts), ""))


def _words(naming: Naming, reference: str = "") -> Mapping[str, str]:
    return {
        "id": naming.snapshot,
        "profile": naming.profile,
        "dbpath": naming.dbpath,
        "taken": f"{naming.taken_at:%Y-%m-%dT%H:%M:%SZ}",
        "reference": reference,
    }


def filled(text: str, words: Mapping[str, str]) -> str:
    """Put quoted values in the place of ``{id}`` and the like; other braces stay."""
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", shlex.quote(value))
    return text


PROGRAMS = {
    Provider.BTRFS: ("btrfs",),
    Provider.REFLINK: ("cp", "find"),
    Provider.LVM: ("lvcreate", "lvremove", "mount"),
    Provider.LVM_THIN: ("lvcreate", "lvremove", "mount"),
    Provider.ZFS: ("zfs",),
    Provider.COMMANDS: ("sh",),
}
"""What has to be installed on the machine for each."""
