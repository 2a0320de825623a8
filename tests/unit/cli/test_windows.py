"""What ``windows`` says of the backups that moments are rebuilt from, and of kept snapshots."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from fakes.oplog_story import at, base
from fakes.sample_data import NOW, evidence_summary
from mangrove.cli.commands.windows import base_row
from mangrove.cli.kept_words import kept_lines
from mangrove.core.elsewhere import Elsewhere, KeptPoint
from mangrove.core.verification import Level


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        ((True,), (f"restored {at(5):%Y-%m-%d}", "yes")),
        ((True, False), (f"FAILED (stored) {at(6):%Y-%m-%d}", "in doubt: its last check failed")),
        ((), ("none", "yes")),
    ],
)
def test_base_has_one_verdict(passed: tuple[bool, ...], said: tuple[str, str]) -> None:
    levels = (Level.RESTORED, Level.STORED)
    proofs = [evidence_summary(levels[n], at(5 + n), passed=ok) for n, ok in enumerate(passed)]
    one = base(5)
    one = replace(one, record=replace(one.record, evidence=tuple(reversed(proofs))))

    assert base_row(one, UTC)[2:] == said


def test_failed_snapshot_is_told_and_not_counted() -> None:
    hour = timedelta(hours=1)
    points = (
        KeptPoint("sound", NOW - 2 * hour, NOW - 2 * hour, "a snapshot"),
        KeptPoint("bad", NOW - hour, NOW - hour, "a snapshot", problem="its check failed"),
    )
    by = Elsewhere("The file system", "volumes", points, NOW, restore_command="restore sound")

    said = list(kept_lines(by, UTC))

    assert said[0].startswith("The file system keeps 1 snapshot of volumes, the newest of")
    assert f"{NOW - 2 * hour:%H:%M:%S}" in said[0]
    assert said[1].startswith("FAILED: bad, ")
    assert "restore sound" in said[2]
