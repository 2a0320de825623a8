"""A fixture with a disk that can be frozen: calls to it block, as on a dead network mount."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SIZE_BYTES = 64 << 20


@dataclass(slots=True)
class FrozenDisk:
    """A mounted file system. Source: fsfreeze(8): writers block until it is thawed."""

    folder: Path
    is_frozen: bool = False

    def freeze(self) -> None:
        """Let every writer block."""
        subprocess.run(["fsfreeze", "--freeze", str(self.folder)], check=True)
        self.is_frozen = True

    def thaw(self) -> None:
        """Let them go on."""
        if self.is_frozen:
            subprocess.run(["fsfreeze", "--unfreeze", str(self.folder)], check=True)
            self.is_frozen = False


@pytest.fixture
def frozen_disk(tmp_path: Path) -> Iterator[FrozenDisk]:
    """A small ext4 on a loop device; it is thawed at the end whatever happens."""
    if os.geteuid() != 0:
        pytest.fail("a frozen disk needs a mount, and a mount needs root; run the tests as root")
    image, folder = tmp_path / "image", tmp_path / "frozen-disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    disk = FrozenDisk(folder)
    try:
        yield disk
    finally:
        disk.thaw()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
