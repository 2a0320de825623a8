"""A fresh state.sqlite for each test, and a look into one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mangrove.connectors.state.database import StateDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[StateDatabase]:
    with closing(StateDatabase.open(tmp_path)) as opened:
        yield opened


def version_of(path: Path) -> int:
    """Return the version that a file says it has."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
