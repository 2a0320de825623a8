"""Keeps the machine awake, in the way of each operating system."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from typing_extensions import override

from mangrove.core.ports.agent import Wakefulness

log = logging.getLogger(__name__)
WHO = "Mangrove"
CAFFEINATE = "/usr/bin/caffeinate"
ES_CONTINUOUS = 0x80000000  # Windows API, SetThreadExecutionState
ES_SYSTEM_REQUIRED = 0x00000001
END_DEADLINE_S = 5.0


class NoWakefulness(Wakefulness):
    """For systems that nobody can keep awake."""

    @override
    @contextmanager
    def hold(self, why: str) -> Iterator[bool]:
        yield False


class Caffeinated(Wakefulness):
    """Runs macOS's own ``caffeinate``, which ends when we do.

    Source: caffeinate(8): ``-i`` prevents idle sleep, ``-s`` sleep on mains power, ``-w`` ends it
    with a process.
    """

    def __init__(self, program: str = CAFFEINATE) -> None:
        self._program = program

    @override
    @contextmanager
    def hold(self, why: str) -> Iterator[bool]:
        command = [self._program, "-i", "-s", "-w", str(os.getpid())]
        try:
            child = subprocess.Popen(  # noqa: S603 - our own words, and no shell
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        except OSError as error:
            log.info("machine may fall asleep reason=%s", error)
            yield False
            return
        try:
            yield True
        finally:
            child.terminate()
            child.wait(END_DEADLINE_S)


@dataclass(frozen=True, slots=True)
class ExecutionState(Wakefulness):
    """Tells Windows that the system is needed, on the thread that holds it.

    Source: Microsoft, "SetThreadExecutionState": the state belongs to the calling thread and
    lasts until ``ES_CONTINUOUS`` alone is set; the return value is 0 on failure.

    Attributes:
        set_state: The function of the system.
    """

    set_state: Callable[[int], int]

    @override
    @contextmanager
    def hold(self, why: str) -> Iterator[bool]:
        agreed = bool(self.set_state(ES_CONTINUOUS | ES_SYSTEM_REQUIRED))
        try:
            yield agreed
        finally:
            self.set_state(ES_CONTINUOUS)


class LateLogind(Wakefulness):
    """Asks systemd's logind; its library is loaded when something runs for the first time."""

    @override
    def hold(self, why: str) -> AbstractContextManager[bool]:
        from mangrove.connectors.machine.logind import Inhibitor  # noqa: PLC0415 - see above

        return Inhibitor().hold(why)


def wakefulness() -> Wakefulness:
    """Return the way of this operating system."""
    if sys.platform == "darwin":
        return Caffeinated()
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only this system has what is asked for

        return ExecutionState(ctypes.windll.kernel32.SetThreadExecutionState)
    return LateLogind() if sys.platform == "linux" else NoWakefulness()
