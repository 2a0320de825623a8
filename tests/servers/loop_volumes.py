"""Real file systems on loop devices: a Btrfs volume and an XFS volume with reflinks."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SIZE = "1G"


@dataclass(frozen=True, slots=True)
class LoopVolume:
    """A mounted file system of its own.

    Attributes:
        filesystem: ``btrfs`` or ``xfs``.
        mount: Where it is mounted.
        data: A folder for a server's files; on Btrfs a subvolume.
    """

    filesystem: str
    mount: Path
    data: Path

    @property
    def snapshots(self) -> Path:
        """Where snapshots go unless a person says otherwise."""
        return self.mount / ".mangrove-snapshots"


@contextmanager
def loop_volume(folder: Path, filesystem: str) -> Iterator[LoopVolume]:
    """Make, mount and later unmount a volume; the test is skipped where that cannot be done."""
    for program in (f"mkfs.{filesystem}", "mount"):
        if shutil.which(program) is None:
            pytest.fail(f"no {program} here; run: python3 packaging/dev.py setup")
    if os.geteuid() != 0:
        pytest.skip("loop mounts need root: filesystem snapshots are not tested for real here")
    image, mount = folder / f"{filesystem}.img", folder / filesystem
    mount.mkdir()
    _must("truncate", "-s", SIZE, str(image))
    _must(f"mkfs.{filesystem}", "-q", str(image))
    mounted = _run("mount", "-o", "loop", str(image), str(mount))
    if mounted.returncode != 0:
        reason = mounted.stderr.strip()
        pytest.skip(f"loop mounts do not work here, so {filesystem} is not tested: {reason}")
    try:
        data = mount / "db"
        if filesystem == "btrfs":
            _must("btrfs", "-q", "subvolume", "create", str(data))
        else:
            data.mkdir()
        yield LoopVolume(filesystem, mount, data)
    finally:
        _must("umount", str(mount))
        image.unlink()


@pytest.fixture(scope="module")
def btrfs_volume(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopVolume]:
    """A Btrfs volume with a subvolume for data."""
    with loop_volume(tmp_path_factory.mktemp("btrfs"), "btrfs") as volume:
        yield volume


@pytest.fixture(scope="module")
def xfs_volume(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopVolume]:
    """An XFS volume that shares blocks between copies."""
    with loop_volume(tmp_path_factory.mktemp("xfs"), "xfs") as volume:
        yield volume


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _must(*command: str) -> None:
    ended = _run(*command)
    assert ended.returncode == 0, (command, ended.stderr)
