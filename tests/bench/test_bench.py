"""A small run of the benchmark, so that it keeps working and gross regressions show."""

import sys

import pytest

from bench.run import measure, table

MEGABYTES = 40
MEASURED = ("drain", "backup zstd+age", "backup plain", "restore")
MAX_PEAK_BYTES = 250e6
MAX_RATIO = 12.0  # start-up weighs heavily on so little data; the real figures need 500 MB


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.mongod
def test_backup_stays_near_the_floor_and_within_memory(capsys: pytest.CaptureFixture[str]) -> None:
    rows = measure(MEGABYTES, repeats=1, steps=MEASURED)

    with capsys.disabled():
        sys.stdout.write("\n" + table(rows) + "\n")
    floor = rows[0]["wall_s"]
    backups = [row for row in rows if row["step"].startswith("backup")]
    assert all(row["peak_rss_bytes"] < MAX_PEAK_BYTES for row in rows)
    assert all(row["wall_s"] < MAX_RATIO * floor + 2.0 for row in backups)
