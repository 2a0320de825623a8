"""This machine: runs commands, streams what they print, and serves from a copy of the files."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from typing_extensions import override

from mangrove.connectors.host.words import ended_badly, leashed, not_started, too_slow
from mangrove.core.errors import SnapshotCommandError
from mangrove.core.ports.snapshot import Ran, Served, SnapshotHost

HERE = "127.0.0.1"
CHUNK_BYTES = 1 << 20
END_WITHIN_S = 30.0
SHOWN_BYTES = 4096


class LocalHost(SnapshotHost):
    """This machine. Threads: safe for several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_aborted = False

    @property
    @override
    def name(self) -> str:
        return "this computer"

    @override
    def run(self, command: Sequence[str], limit_s: float) -> Ran:
        with self._started(command) as process:
            try:
                out, err = process.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired:
                _end_group(process)
                with suppress(subprocess.TimeoutExpired):  # stuck in the kernel: leave it there
                    process.communicate(timeout=1)
                raise too_slow(command, limit_s) from None
        return Ran(process.returncode, _text(out), _text(err))

    @override
    def stream(self, command: Sequence[str]) -> Iterator[bytes]:
        with self._started(command) as process:
            if process.stdout is None or process.stderr is None:
                raise AssertionError("started with pipes")
            while chunk := process.stdout.read(CHUNK_BYTES):
                yield chunk
            complaint = _text(process.stderr.read(SHOWN_BYTES))
            if process.wait() != 0:
                raise ended_badly(command, Ran(process.returncode, "", complaint).last_words)

    @contextmanager
    @override
    def serve(self, command: Sequence[str]) -> Iterator[Served]:
        port = free_port()
        leash = leashed(command, port)
        with self._started(leash, stdin=subprocess.PIPE, quiet=True) as process:
            try:
                yield Served(port, lambda: process.poll() is not None)
            finally:
                _close(process.stdin)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(END_WITHIN_S)

    @override
    def abort(self) -> None:
        with self._lock:
            self._is_aborted = True
            running = tuple(self._running)
        for process in running:
            _end_group(process)

    @contextmanager
    def _started(
        self, command: Sequence[str], stdin: int = subprocess.DEVNULL, *, quiet: bool = False
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a process while the block lasts; what still runs at its end is ended."""
        output = subprocess.DEVNULL if quiet else subprocess.PIPE
        with self._lock:
            if self._is_aborted:
                raise SnapshotCommandError("the work on this computer was ended")
            try:
                process = subprocess.Popen(  # noqa: S603 - planned commands, no shell of ours
                    list(command),
                    stdin=stdin,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    env={**os.environ, "LC_ALL": "C"},
                )
            except OSError as error:
                raise not_started(command, error.strerror or type(error).__name__) from error
            self._running.add(process)
        try:
            yield process
        finally:
            if process.poll() is None:
                _end_group(process)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(1)
            with self._lock:
                self._running.discard(process)
            for pipe in (process.stdin, process.stdout, process.stderr):
                _close(pipe)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(OSError):
            pipe.close()


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def free_port() -> int:
    """Return a port of this machine that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port: int = probe.getsockname()[1]
        return port
