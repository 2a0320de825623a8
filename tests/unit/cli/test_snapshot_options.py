from datetime import timedelta
from pathlib import Path

import pytest

from mangrove.cli.snapshot_options import TakeOptions, size_of, ssh_of, time_of
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.snapshots.snapshot import DEFAULT_LOCK_LIMIT, LockUse


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("30s", 30), ("2m", 120), ("1.5 min", 90)]
)
def test_time_is_read(text: str, seconds: float) -> None:
    assert time_of(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("text", "size"), [("5", 5), ("20G", 20 << 30), ("500 MiB", 500 << 20)])
def test_size_is_read(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "soon", "-1", "5h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidSelectionError):
        time_of(text)


def test_key_without_a_machine_is_refused() -> None:
    with pytest.raises(InvalidSelectionError, match="no machine"):
        ssh_of(None, None, Path("/x"))


def test_nothing_said_means_a_lock_of_a_minute_at_most() -> None:
    request = TakeOptions().request("shop")

    assert request.lock is LockUse.LOCK
    assert request.lock_limit == DEFAULT_LOCK_LIMIT
    assert TakeOptions(no_lock=True).request("shop").lock is LockUse.NO_LOCK
