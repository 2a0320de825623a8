"""Tells whether a process is alive, and whether it is still the same one."""

import os
import sys
from pathlib import Path

_PROC = Path("/proc")
_STILL_ACTIVE = 259  # Windows API, GetExitCodeProcess
_QUERY_LIMITED_INFORMATION = 0x1000  # Windows API, OpenProcess


def birth_of(pid: int) -> str:
    """Return a mark that no later process with the same number shares; "" where unknown.

    Source: proc(5): ``stat`` field 22 is the start time in clock ticks since boot; the command
    name in field 2 may hold spaces and brackets, so reading starts after the last one.
    """
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else f"{boot}:{rest[18]}"


def is_alive(pid: int, birth: str) -> bool:
    """Whether the process that had this number and birth mark still runs.

    Where no mark is known the number alone decides.
    """
    if pid <= 0:
        return False
    if birth:
        return birth_of(pid) == birth
    return _number_is_in_use(pid)


if sys.platform == "win32":
    import ctypes

    def _number_is_in_use(pid: int) -> bool:
        # os.kill would end the process here instead of asking
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, 0, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        try:
            return bool(kernel.GetExitCodeProcess(handle, ctypes.byref(code))) and (
                code.value == _STILL_ACTIVE
            )
        finally:
            kernel.CloseHandle(handle)

else:

    def _number_is_in_use(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
