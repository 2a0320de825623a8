"""A small run of the benchmark, so that it keeps working and gross regressions show."""

import sys
from typing import Any

import pytest

from bench.run import measure, table

MEGABYTES = 40
MEASURED = ("drain", "backup zstd+age", "backup plain", "restore")
MAX_PEAK_BYTES = 250e6
ATTEMPTS = 4  # what else the machine does may fall on any step
MAX_RATIO = 12.0  # start-up weighs heavily on so little data; the real figures need 500 MB


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.mongod
def test_backup_stays_near_the_floor_and_within_memory(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(ATTEMPTS):
        rows = measure(MEGABYTES, repeats=1, steps=MEASURED)

        with capsys.disabled():
            sys.stdout.write("\n" + table(rows) + "\n")
        assert all(row["peak_rss_bytes"] < MAX_PEAK_BYTES for row in rows)
        if is_near_the_floor(rows):
            return
    pytest.fail("a backup took too long each time")


def is_near_the_floor(rows: list[dict[str, Any]]) -> bool:
    """Whether the backups took no more than they may, beside what it takes to read alone."""
    most_s = MAX_RATIO * rows[0]["wall_s"] + 2.0
    return all(row["wall_s"] < most_s for row in rows if row["step"].startswith("backup"))
