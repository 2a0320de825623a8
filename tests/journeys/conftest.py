"""Journeys run the program again and again, each time in a process of its own."""

from pathlib import Path

import pytest

LIMIT_S = 900  # half a minute where nothing else runs; every single command has a limit, too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a journey more time than other tests, for a busy machine starts programs slowly."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(LIMIT_S))
