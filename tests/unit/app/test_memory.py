import sys
from pathlib import Path

import pytest

from fakes.sample_runs import failed_backup, running_backup
from mangrove.app.memory import give_back_after, share_heaps

MEGABYTE = 1 << 20


def resident_bytes() -> int:
    """Source: proc(5), VmRSS."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_what_a_run_took_is_given_back_when_it_is_over() -> None:
    share_heaps()
    pieces = [bytes(MEGABYTE // 8) for _ in range(512)]
    del pieces
    kept = resident_bytes()

    give_back_after(running_backup())
    still_kept = resident_bytes()
    give_back_after(failed_backup())

    assert still_kept > kept - 8 * MEGABYTE
    assert resident_bytes() < kept - 32 * MEGABYTE
