"""A prune whose process is killed leaves nothing that looks like a backup and is none."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.vaults import folder_vault, new_id, write_backup
from mangrove.core.errors import BackupNotFoundError

ONE, OTHER = new_id(1), new_id(2)
KILLED_AFTER = """
import os, signal, sys
from pathlib import Path
from mangrove.core.backup import BackupId
from mangrove.vault.layout import folder_of
from mangrove.vault.purging import purge_backup
from mangrove.vault.storage.folder import FolderStorage

root, backup, number = sys.argv[1:]
purging = purge_backup(FolderStorage(Path(root)), folder_of(BackupId(backup), sealed=True))
for done, _ in enumerate(purging, start=1):
    if done == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
"""
SOURCE = Path(__file__).resolve().parents[2] / "desktop"


@pytest.mark.parametrize("deletions", [1, 2, 4])
def test_a_killed_prune_leaves_debris_and_no_backup(tmp_path: Path, deletions: int) -> None:
    root = tmp_path / "vault"
    root.mkdir()
    vault = folder_vault(root)
    write_backup(vault, ONE)
    write_backup(vault, OTHER)

    child = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER, str(root), ONE, str(deletions)],
        env={"PYTHONPATH": str(SOURCE)},
        check=False,
        timeout=60,
    )

    assert child.returncode == -signal.SIGKILL
    opened = vault.open()
    assert [record.backup for record in opened.records()] == [OTHER]
    with pytest.raises(BackupNotFoundError):
        opened.manifest(ONE)
    (debris,) = opened.health().debris
    assert debris.backup == ONE
    assert opened.clean(debris) > 0
    assert not [path for path in root.rglob("*") if ONE in str(path)]
    for blob in opened.manifest(OTHER).blobs:
        opened.compare(blob)
