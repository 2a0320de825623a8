"""Which volumes hold a server's files: questions to its machine, and how to read the answers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, relpath

from mangrove.core.errors import SnapshotCommandError

Command = tuple[str, ...]
SNAPSHOT_FOLDER = ".mangrove-snapshots"
# Source: btrfs(5): the root of every subvolume has the inode number 256.
SUBVOLUME_INODE = 256


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume with files of a server.

    Attributes:
        attach: Where its files belong below the data folder; "" for the data folder itself.
        path: Where they are, links followed.
        source: Device or dataset.
        mount: Where that is mounted.
        filesystem: ``btrfs``, ``xfs``, ``ext4``, ``zfs``, ….
        identity: Tells it from every other file system of the machine.
        free_bytes: On that file system.
        subvolume: On Btrfs the root of the subvolume that holds ``path``.
        group, logical: With LVM the volume group and the volume; "" without.
        pool: The thin pool it is in; "" for a thick volume.
        size_bytes: Of a logical volume.
        group_free_bytes: What is free in its group.
        shares_blocks: Whether files may be copied by sharing their blocks.
    """

    attach: str
    path: str
    source: str
    mount: str
    filesystem: str
    identity: str
    free_bytes: int
    subvolume: str = ""
    group: str = ""
    logical: str = ""
    pool: str = ""
    size_bytes: int = 0
    group_free_bytes: int = 0
    shares_blocks: bool = False

    @property
    def inside(self) -> str:
        """The path relative to the mount, "" for the mount itself."""
        return below(self.path, self.mount)


def below(path: str, folder: str) -> str:
    """Return a path relative to a folder that holds it, "" for the folder itself."""
    inside = relpath(path, folder)
    return "" if inside == "." else inside


# --- questions ---------------------------------------------------------------------------


def ask_mount(path: str) -> Command:
    """Ask on which file system a path is. Source: findmnt(8)."""
    columns = "SOURCE,TARGET,FSTYPE,UUID,AVAIL"
    return ("findmnt", "--json", "--bytes", "--target", path, "--output", columns)


def ask_folders(path: str) -> Command:
    """Ask for the folders of a data folder with their devices, links followed. Source: find(1)."""
    return ("find", "-L", path, "-maxdepth", "3", "-type", "d", "-printf", r"%D\t%P\n")


def ask_links(path: str) -> Command:
    """Ask for symbolic links in a data folder. Source: find(1)."""
    return ("find", path, "-maxdepth", "3", "-type", "l", "-printf", r"%P\n")


def ask_real_path(path: str) -> Command:
    """Ask where links lead."""
    return ("readlink", "-f", path)


def ask_inodes(path: str, mount: str) -> Command:
    """Ask for the inode numbers of a folder and all above it, up to the mount; nearest first."""
    folders = [path]
    while folders[-1] != mount and folders[-1] != "/":
        folders.append(dirname(folders[-1]))
    return ("stat", "--format", "%i %n", *folders)


def ask_logical_volume(source: str) -> Command:
    """Ask LVM about a device. Source: lvs(8), lvmreport(7)."""
    fields = "vg_name,lv_name,pool_lv,lv_size,vg_free"
    options = ("--reportformat", "json", "--units", "b", "--nosuffix")
    return ("lvs", *options, "--options", fields, source)


def ask_xfs(mount: str) -> Command:
    """Ask how an XFS file system was made. Source: xfs_info(8)."""
    return ("xfs_info", mount)


# --- answers -----------------------------------------------------------------------------


def read_last_line(text: str) -> str:
    """Return what was printed last; "" if nothing was."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def read_mount(attach: str, path: str, text: str) -> Volume:
    """Return the volume that a path is on.

    Raises:
        SnapshotCommandError: If the answer cannot be understood.
    """
    try:
        found: Mapping[str, object] = json.loads(text)["filesystems"][0]
        free_bytes = int(str(found["avail"] or 0))
        source, mount = str(found["source"]), str(found["target"])
        filesystem = str(found["fstype"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise SnapshotCommandError(
            f"it could not be told on which volume {path} is; nothing was locked",
            hint="findmnt must be installed there (package util-linux)",
        ) from error
    # findmnt writes a subvolume behind the device: /dev/sdb1[/db]
    device = source.partition("[")[0] if filesystem == "btrfs" else source
    identity = device if filesystem == "zfs" else str(found.get("uuid") or device)
    return Volume(attach, path, device, mount, filesystem, identity, free_bytes)


def read_other_folders(text: str, links: Iterable[str]) -> tuple[str, ...]:
    """Return the folders below a data folder that are somewhere else: their own volumes.

    Args:
        text: As ``ask_folders`` was answered; the first line is the data folder itself.
        links: Symbolic links, whose targets are outside of what a snapshot of the folder holds.
    """
    rows = [line.partition("\t") for line in text.splitlines() if line]
    home = next((device for device, _, path in rows if not path), "")
    apart = {path for device, _, path in rows if path and device != home}
    folders = {path for _, _, path in rows}
    apart |= {link for link in links if link in folders}
    own = {path for path in apart if SNAPSHOT_FOLDER not in path.split("/")}
    return tuple(sorted(p for p in own if not any(p.startswith(f"{other}/") for other in own)))


def read_subvolume(text: str) -> str:
    """Return the nearest subvolume's root, as ``ask_inodes`` was answered; "" if there is none."""
    for line in text.splitlines():
        inode, _, path = line.partition(" ")
        if inode == str(SUBVOLUME_INODE):
            return path
    return ""


def read_logical_volume(text: str) -> tuple[str, str, str, int, int] | None:
    """Return group, volume, thin pool, size and free space of the group; None if it is none."""
    try:
        row = json.loads(text)["report"][0]["lv"][0]
        sizes = int(row["lv_size"]), int(row["vg_free"])
        return str(row["vg_name"]), str(row["lv_name"]), str(row["pool_lv"]), *sizes
    except (ValueError, KeyError, IndexError, TypeError):
        return None


def has_reflinks(text: str) -> bool:
    """Whether an XFS file system may share blocks, as ``ask_xfs`` was answered."""
    return "reflink=1" in text


def identities(volumes: Sequence[Volume]) -> frozenset[str]:
    """Return the file systems that hold the files."""
    return frozenset(volume.identity for volume in volumes)
