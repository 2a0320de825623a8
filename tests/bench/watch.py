"""What a step takes: time by the clock, and of the processors, ours and the server's."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient

Figures = dict[str, float]
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_USER_TIME, _SYSTEM_TIME = 13, 14  # counted from 0, as proc(5) counts from 1


def watched(uri: str, work: Callable[[], Figures]) -> Figures:
    """Do work against the server at ``uri`` and return its figures with what it took.

    Figures: ``wall_s``; ``cpu_s`` of this process; ``server_cpu_s`` of the server's.
    """
    stat = _stat_of_server(uri)
    started, ours, servers = time.perf_counter(), time.process_time(), _cpu_s(stat)
    figures = work()
    return figures | {
        "wall_s": time.perf_counter() - started,
        "cpu_s": time.process_time() - ours,
        "server_cpu_s": _cpu_s(stat) - servers,
    }


def _stat_of_server(uri: str) -> Path:
    with MongoClient[Any](uri) as client:
        return Path("/proc") / str(client.admin.command("serverStatus")["pid"]) / "stat"


def _cpu_s(stat: Path) -> float:
    """Source: proc(5), /proc/pid/stat: utime and stime, in clock ticks."""
    # The command's name may hold blanks, so it is counted from the bracket behind it.
    fields = stat.read_text().rpartition(")")[2].split()
    before = 2  # pid and name
    return (int(fields[_USER_TIME - before]) + int(fields[_SYSTEM_TIME - before])) / _TICKS_PER_S
