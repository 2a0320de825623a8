"""A5: an upgrade that is killed anywhere between its steps is finished by the next start."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from integration.state.conftest import version_of
from mangrove.connectors.state.database import FILE_NAME, StateDatabase
from mangrove.connectors.state.schema import MIGRATIONS

OLDEST = 1
NEWEST = len(MIGRATIONS) - 1
KILLS = [
    *((version, "copied") for version in range(OLDEST, NEWEST)),
    *((version, place) for version in (OLDEST, NEWEST) for place in ("before", "halfway")),
    (NEWEST, "copied"),
]
UPGRADE = """
import os, signal, sys
from pathlib import Path
from mangrove.connectors.state import database

folder, version, place = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
keep = database._keep_copy

def keep_and_die(path, next_version):
    if next_version == version + 1 and place == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    keep(path, next_version)
    if next_version == version + 1 and place == "copied":
        os.kill(os.getpid(), signal.SIGKILL)

class Dying(tuple):
    def __iter__(self):
        statements = super().__iter__()
        yield next(statements)
        os.kill(os.getpid(), signal.SIGKILL)

database._keep_copy = keep_and_die
steps = [Dying(s) if n == version and place == "halfway" else s
         for n, s in enumerate(database.MIGRATIONS)]
database.StateDatabase.open(folder, steps)
"""


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of the first version that there was, with something in it."""
    folder = tmp_path_factory.mktemp("oldest")
    opened = closing(StateDatabase.open(folder, MIGRATIONS[:OLDEST]))
    with opened as database, database.writing() as connection:
        connection.execute("INSERT INTO used_slugs VALUES ('shop', 'p1')")
        connection.executemany(
            "INSERT INTO run_log VALUES ('r1', ?, 'now', 'text')", [(n,) for n in range(300)]
        )
    return folder


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("version", "place"), KILLS)
def test_a5_an_upgrade_killed_between_its_steps_is_finished_by_the_next_start(
    oldest: Path, tmp_path: Path, version: int, place: str
) -> None:
    folder = tmp_path / "state"
    shutil.copytree(oldest, folder)

    killed = subprocess.run(
        [sys.executable, "-c", UPGRADE, str(folder), str(version), place],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert version_of(folder / FILE_NAME) == version

    StateDatabase.open(folder).close()

    with closing(sqlite3.connect(folder / FILE_NAME)) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert found.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert found.execute("SELECT count(*) FROM run_log").fetchone() == (300,)
        assert found.execute("SELECT * FROM used_slugs").fetchall() == [("shop", "p1")]
    assert version_of(folder / f"{FILE_NAME}.before-v{version + 1}") == version
    assert not list(folder.glob("*.unfinished"))
