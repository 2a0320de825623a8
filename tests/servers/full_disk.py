"""A fixture with a file system so small that it is soon full."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE_BYTES = 2 * 1024 * 1024


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of two mebibytes; writing more fails as a full disk does."""
    if os.geteuid() != 0:
        pytest.fail("a full disk needs a mount, and a mount needs root; run the tests as root")
    folder = tmp_path / "tiny-disk"
    folder.mkdir()
    options = f"size={SIZE_BYTES},mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "mangrove-tests", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.fail(f"a full disk needs a mount, and this one failed: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        # Lazy, so that a file the test left open is the test's own failure and not ours.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
