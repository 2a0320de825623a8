"""A fresh state.sqlite for each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mangrove.connectors.state.database import StateDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[StateDatabase]:
    with closing(StateDatabase.open(tmp_path)) as opened:
        yield opened
