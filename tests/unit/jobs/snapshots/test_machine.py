"""The shell of a machine: what is said when a person's own command fails."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from mangrove.core.errors import SnapshotCommandError
from mangrove.core.ports.snapshot import Ran, SnapshotHost
from mangrove.jobs.snapshots.machine import HostShell

LEFT = "no snapshot is registered"


def shell_that(ends: Ran | SnapshotCommandError) -> HostShell:
    """Return the shell of a machine on which the person's command ends so."""

    def run(command: Sequence[str], _limit_s: float) -> Ran:
        if command != ("sh", "-c", "snap vol-1"):
            return Ran(0, "0", "")  # it asks who it is
        if isinstance(ends, SnapshotCommandError):
            raise ends
        return ends

    return HostShell(cast("SnapshotHost", SimpleNamespace(name="db1", run=run)))


def test_an_own_command_that_fails_is_named_with_its_last_line_and_what_was_not_touched() -> None:
    shell = shell_that(Ran(3, "", "connecting\nquota exceeded\n"))

    with pytest.raises(SnapshotCommandError) as caught:
        shell.must_own("take", "snap vol-1", 10, LEFT)

    words = "your --take-command failed on db1: quota exceeded; no snapshot is registered"
    assert caught.value.message == words
    assert "snap vol-1" in caught.value.hint


def test_an_own_command_that_hangs_is_named_too() -> None:
    shell = shell_that(SnapshotCommandError("sh did not end within 2 s and was ended", hint="h"))

    with pytest.raises(SnapshotCommandError) as caught:
        shell.must_own("mount", "snap vol-1", 2, LEFT)

    assert caught.value.message.startswith("your --mount-command did not end within 2 s")
    assert caught.value.message.endswith(LEFT)


def test_an_own_command_that_ends_well_gives_what_it_printed() -> None:
    assert shell_that(Ran(0, "/mnt/a\n", "")).must_own("mount", "snap vol-1", 9, LEFT) == "/mnt/a\n"
