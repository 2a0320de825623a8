"""The overview over years of hourly backups: what it takes must not grow with the years."""

import sys
from pathlib import Path

import pytest

from bench.history import make, measure

PROFILES = 10
DAYS = 35  # a little more than the period that figures look at one by one
MOST_S = 1.5  # of processor time; half a second is the aim on a quiet machine


@pytest.mark.bench
@pytest.mark.slow
def test_an_overview_of_many_hourly_backups_is_worked_out_quickly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = make(tmp_path, PROFILES, DAYS)

    first, second, backups = measure(paths)

    with capsys.disabled():
        sys.stdout.write(f"\noverview of {backups:,} backups: {first:.2f} s, then {second:.2f} s\n")
    assert backups == PROFILES * DAYS * 24
    assert min(first, second) < MOST_S
