"""Capture of a busy server, measured: processor, memory, and whether it keeps up."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes import capture_process
from fakes.workstation import PROFILE, VAULT, Workstation, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod

pytestmark = [pytest.mark.bench, pytest.mark.mongod, pytest.mark.slow]

SECONDS = 6.0
BATCH = 250
WANTED_PER_S = 5_000
TICKS = os.sysconf("SC_CLK_TCK")


class Load(threading.Thread):
    """Inserts small documents at a steady rate, as far as the machine allows."""

    def __init__(self, uri: str) -> None:
        super().__init__(name="load")
        self._uri = uri
        self.count = 0
        self.took_s = 0.0

    def run(self) -> None:
        document = {"customer": 1, "state": "new", "note": "x" * 120}
        with MongoClient[Any](self._uri) as client:
            busy = client["bench_capture"]["orders"]
            begin = time.monotonic()
            pause = threading.Event()
            while (now := time.monotonic() - begin) < SECONDS:
                busy.insert_many([dict(document) for _ in range(BATCH)], ordered=False)
                self.count += BATCH
                pause.wait(max(0.0, self.count / WANTED_PER_S - now))
            self.took_s = time.monotonic() - begin


def cpu_s(pid: int) -> float:
    """Return what a process has used so far, all threads, from proc(5)."""
    fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mb(pid: int) -> float:
    """Return the most memory it ever held."""
    status = (Path("/proc") / str(pid) / "status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


def captured(desk: Workstation) -> int:
    return sum(piece.entries - 1 for piece in desk.services.points._slices.slices(PROFILE))


@pytest.mark.skipif(sys.platform != "linux", reason="reads proc(5)")
def test_capture_keeps_up_with_a_busy_server(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod, capsys: pytest.CaptureFixture[str]
) -> None:
    with workstation(tmp_path, clock=SystemClock()) as desk:
        desk.add_profile(fresh_replica_set.uri)
        desk.add_vault()
        desk.capture()  # the chain begins before the load does
        process = capture_process.start(desk, PROFILE, VAULT, 2)
        try:
            threading.Event().wait(1.0)
            idle = cpu_s(process.pid)
            load = Load(fresh_replica_set.uri)
            load.start()
            load.join()
            used = cpu_s(process.pid) - idle
            peak = peak_mb(process.pid)
        finally:
            capture_process.end(process)
        desk.capture()
        share = used / load.took_s
        rate = load.count / load.took_s
        with capsys.disabled():
            told = f"{rate:,.0f} documents/s: {share:.1%} of a core, {peak:.0f} MB at most"
            sys.stdout.write(f"\n{told}\n")

        assert captured(desk) >= load.count
        assert peak < 150
        # Of the load itself a known part: the bound is for the rate that was reached.
        assert share < 0.15 * max(1.0, rate / WANTED_PER_S) * 2  # twice, for a busy machine
