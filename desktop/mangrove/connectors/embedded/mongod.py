"""A throw-away MongoDB server of our own: find the program, start it, wait for it, stop it."""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from mangrove.connectors.host.local import free_port
from mangrove.core.errors import EmbeddedServerError

HOST = "127.0.0.1"
MONGOD_VARIABLE = "MANGROVE_MONGOD"
POLL_S = 0.02
LOG_LINES_SHOWN = 5
LOG_TAIL_BYTES = 65536
NO_SPACE = ("No space left on device", "File too large", "Disk quota exceeded")

# 11 MB instead of 301 MB on disk.
# Source: MongoDB manual, "MongoDB Server Parameters" and "mongod" (storage options).
FAST_FLAGS = (
    "--bind_ip",
    HOST,
    "--oplogSize",
    "64",
    "--wiredTigerCacheSizeGB",
    "0.25",
    "--wiredTigerEngineConfigString",
    "log=(prealloc=false,file_max=10MB)",
    "--setParameter",
    "diagnosticDataCollectionEnabled=false",
)
# A replica set member stops at once instead of waiting fifteen seconds for a successor that a
# throw-away server does not have. MongoDB 4.4.2 neither waits nor starts with it (measured).
QUICK_END = "shutdownTimeoutMillisForSignaledShutdown"

# Goes away when it is told to (a line); ends the server when we are gone (end of file), and then
# takes away the folder of a throw-away one: it holds documents. A server that nobody collected
# still has its number, so the wait for it has an end.
WATCHDOG = """
read -r released && exit
kill -TERM "$0"
for turn in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$0" 2>/dev/null || break; sleep 0.5; done
[ -n "$1" ] && rm -rf -- "$1"
"""


def find_mongod(search: Sequence[Path] = ()) -> Path:
    """Return the server program to start.

    The variable MANGROVE_MONGOD wins, then the folders in ``search``, then PATH.

    Raises:
        EmbeddedServerError: There is none, or the variable names something that cannot run.
    """
    if named := os.environ.get(MONGOD_VARIABLE):
        if found := shutil.which(named):
            return Path(found)
        raise EmbeddedServerError(
            f"{MONGOD_VARIABLE} names {named}, which is not a program that can run",
            hint=f"let {MONGOD_VARIABLE} name a mongod program, or unset it",
        )
    if found := shutil.which("mongod", path=os.pathsep.join(map(str, search))):
        return Path(found)
    if found := shutil.which("mongod"):
        return Path(found)
    raise EmbeddedServerError(
        "no mongod program was found on this machine; nothing was started",
        hint=f"install MongoDB Community Server, or let {MONGOD_VARIABLE} name a mongod program",
    )


class EmbeddedMongod:
    """A real mongod on a free loopback port, for as long as a ``with`` block lasts.

    By default it is a one-node replica set, so that it has an oplog and sessions; with
    ``replica_set=None`` it is a standalone server. Between :meth:`stop` and :meth:`start` the
    port and the data stay; a folder that was not given is removed at the end of the block.

    The server never outlives us: a normal exit stops it (``atexit``), and after a crash or a
    SIGKILL of ours a waiting shell, the watchdog, sees its pipe close and stops the server. The
    kernel's own parent-death signal would not do: it fires when the *thread* that started the
    child ends (Source: prctl(2), PR_SET_PDEATHSIG), and jobs start it from short-lived threads.

    Args:
        binary: The program, as :func:`find_mongod` returns it.
        folder: Where data and log go; None makes a temporary folder.
        replica_set: The set's name, or None for a server that is none (or is initiated elsewhere).
        extra_args: More mongod arguments, such as ``--auth`` or TLS.
        uri_options: More options for :attr:`uri`, such as ``tls`` and ``tlsCAFile``.
        environment: Variables for the server besides those it inherits from us.
        start_timeout_s: How long the server may take until it accepts writes.
    """

    def __init__(  # noqa: PLR0913 - independent choices, all but the program with a default
        self,
        binary: Path,
        folder: Path | None = None,
        *,
        replica_set: str | None = "embedded",
        extra_args: Sequence[str] = (),
        uri_options: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        start_timeout_s: float = 60.0,
    ) -> None:
        self._binary = binary
        self._is_temporary = folder is None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="mangrove-mongod-"))
        self._replica_set = replica_set
        self._extra_args = tuple(extra_args)
        self._uri_options = dict(uri_options or {})
        self._environment = dict(environment or {})
        self._start_timeout_s = start_timeout_s
        self._quick_end = ["--setParameter", f"{QUICK_END}=100"]
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def uri(self) -> str:
        """A connection string that reaches exactly this server; it holds no secret."""
        options = {"directConnection": "true", **self._uri_options}
        return f"mongodb://{HOST}:{self.port}/?{urlencode(options)}"

    @property
    def pid(self) -> int | None:
        """The process id while the server runs, else None."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def folder(self) -> Path:
        """Where data and log are."""
        return self._folder

    @property
    def log_path(self) -> Path:
        """The server's log, over all its starts."""
        return self._folder / "mongod.log"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server and wait until it accepts writes.

        Raises:
            EmbeddedServerError: It did not come up; the message ends with its last log lines,
                and no process is left behind.
        """
        if self.pid is not None:
            return
        try:
            self._come_up()
        except EmbeddedServerError:
            if not self._quick_end or not self._refused_quick_end():
                raise
            self._quick_end = []
            self._come_up()

    def _come_up(self) -> None:
        self._spawn()
        deadline = time.monotonic() + self._start_timeout_s
        try:
            self._wait_until_listening(deadline)
            with self._errors_explained():
                self._wait_until_ready(deadline)
        except BaseException:
            self.kill()
            raise

    def death(self, dying_s: float = 0.0) -> EmbeddedServerError | None:
        """Say why the server ended by itself; None while it runs, or if it was stopped.

        Args:
            dying_s: How long to wait for the end of one that may be about to end.
        """
        if self._process is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(dying_s)
        if self._process.returncode is None:
            return None
        is_full = any(words in _tail(self.log_path) for words in NO_SPACE)
        why = "the disk it is on is full" if is_full else f"it ended ({self._process.returncode})"
        return EmbeddedServerError(
            f"the embedded mongod went away in the middle of work: {why}; that says nothing about "
            f"the backup; its last log lines: {_last_lines(self.log_path)}",
            hint="make room in the folder for temporary files (TMPDIR names another one), or "
            "restore on trial to a deployment of yours",
        )

    def stop(self, timeout_s: float = 20.0) -> None:
        """Shut the server down cleanly; after ``timeout_s`` kill it. May be repeated."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reap()

    def kill(self) -> None:
        """End the server without a chance to tidy up, as a power cut would. May be repeated."""
        if self._process is None:
            return
        self._process.kill()
        self._reap()

    def close(self) -> None:
        """Stop the server and remove the folder, if it was a temporary one. May be repeated."""
        self.stop()
        if self._is_temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _spawn(self) -> None:
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        command = [str(self._binary), "--dbpath", str(data), "--port", str(self.port), *FAST_FLAGS]
        if os.name == "posix":
            command.append("--nounixsocket")
        if self._replica_set is not None:
            command += ["--replSet", self._replica_set]
        command += [*self._quick_end, *self._extra_args]
        with self.log_path.open("ab") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **self._environment},
                    start_new_session=True,  # a Ctrl+C is ours to handle; the server waits for stop
                )
            except OSError as error:
                raise EmbeddedServerError(
                    f"{self._binary} could not be run: {error.strerror}; nothing was started",
                    hint=f"let {MONGOD_VARIABLE} name a mongod program made for this machine",
                ) from error
        self._watchdog = _watch(self._process.pid, self._folder if self._is_temporary else None)
        atexit.register(self.close)

    def _refused_quick_end(self) -> bool:
        return f"Unknown --setParameter '{QUICK_END}'" in _last_lines(self.log_path)

    def _reap(self) -> None:
        """Collect the dead server and its watchdog, so that neither stays as a zombie."""
        if self._process is not None:
            self._process.wait()
        if self._watchdog is not None:
            _release(self._watchdog)
        self._process = self._watchdog = None
        atexit.unregister(self.close)

    def _wait_until_listening(self, deadline: float) -> None:
        while not _accepts_connections(self.port):
            self._wait_a_moment(deadline)

    def _wait_until_ready(self, deadline: float) -> None:
        """Make the server a primary, unless it is to be a plain one; wait until it is."""
        with MongoClient[dict[str, Any]](self.uri, serverSelectionTimeoutMS=10_000) as client:
            hello = client.admin.command("hello")
            if self._replica_set is None:
                return
            if "setName" not in hello:
                # Source: MongoDB manual, "replSetInitiate" and "Replica Set Configuration".
                members = [{"_id": 0, "host": f"{HOST}:{self.port}"}]
                config = {"_id": self._replica_set, "members": members}
                client.admin.command("replSetInitiate", config)
            while not client.admin.command("hello")["isWritablePrimary"]:
                self._wait_a_moment(deadline)

    def _wait_a_moment(self, deadline: float) -> None:
        """Wait one poll interval; raise if the server ended or the time is up."""
        if self._process is None:
            raise self._failure("it was stopped while it was starting")
        if time.monotonic() > deadline:
            raise self._failure(f"it was not ready within {self._start_timeout_s:g} s")
        try:
            status = self._process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            return
        raise self._failure(f"it ended with status {status}")

    @contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except PyMongoError as error:
            raise self._failure(f"it did not answer ({type(error).__name__})") from error

    def _failure(self, reason: str) -> EmbeddedServerError:
        return EmbeddedServerError(
            f"the embedded mongod did not come up: {reason}; your deployments were not touched; "
            f"its last log lines: {_last_lines(self.log_path)}",
            hint="look for the reason in these lines; a full disk and a wrong program are common",
        )


def _accepts_connections(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _tail(log: Path) -> str:
    return log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace") if log.exists() else ""


def _last_lines(log: Path) -> str:
    """Return the end of a log in one line, or a word that there is none."""
    tail = _tail(log)
    return " | ".join(tail.splitlines()[-LOG_LINES_SHOWN:]) or "(none)"


def _watch(pid: int, folder: Path | None) -> subprocess.Popen[bytes] | None:
    """Start the shell that ends ``pid`` when we are gone; Windows has to do without.

    Args:
        pid: The server.
        folder: What goes with it; None for a folder that was given to us.
    """
    if os.name != "posix":
        return None
    return subprocess.Popen(  # noqa: S603 - a constant script and a number
        ["/bin/sh", "-c", WATCHDOG, str(pid), str(folder or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _release(watchdog: subprocess.Popen[bytes]) -> None:
    """Let the watchdog go without doing anything."""
    watchdog.communicate(b"\n")
