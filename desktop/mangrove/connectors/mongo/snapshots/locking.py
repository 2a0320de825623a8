"""Holds a server's writes back for a moment, with a watchdog that was ready before."""

import logging
import queue
import secrets as random
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

from pymongo.errors import PyMongoError

from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import working
from mangrove.connectors.mongo.snapshots.fsync import lock_writes, unlock_for_certain, unlock_writes
from mangrove.connectors.mongo.snapshots.lock_watchdog import (
    ARMED,
    FAILED,
    READY,
    RELEASED,
    Order,
    order_line,
)
from mangrove.connectors.mongo.snapshots.standing import standing
from mangrove.core.errors import MangroveError, SnapshotLockError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.snapshot import LockEnd
from mangrove.core.profile import Profile

log = logging.getLogger(__name__)
READY_WITHIN_S = 60.0
END_WITHIN_S = 10.0


class ServerLock:
    """A lock that is held; see the port ``HeldLock``."""

    def __init__(self, connection: Connection, begun_s: float) -> None:
        self._connection = connection
        self._begun_s = begun_s
        self._end: LockEnd | None = None

    def standing(self) -> OplogTimestamp | None:
        """Return the newest entry that whoever opens the files will find; None if not certain."""
        return standing(self._connection)

    def release(self) -> LockEnd:
        """Unlock; calling it again tells the same.

        Raises:
            SnapshotLockError: If the server does not answer; the watchdog goes on trying.
        """
        if self._end is None:
            try:
                was_kept = unlock_writes(self._connection)
            except PyMongoError as error:
                raise SnapshotLockError(
                    f"{self._connection.hosts} did not answer the unlock; the watchdog goes on "
                    "until it is unlocked",
                    hint="to unlock it by hand: db.fsyncUnlock() in mongosh",
                ) from error
            self._end = LockEnd(timedelta(seconds=time.monotonic() - self._begun_s), was_kept)
        return self._end


@contextmanager
def locked(
    connection: Connection,
    profile: Profile,
    secrets: SecretStore,
    limit: timedelta,
    watchdog: Sequence[str],
) -> Iterator[ServerLock]:
    """Lock a server while the block lasts, and never longer than the limit.

    Args:
        connection: To that one server.
        profile: Leads to that one server; the watchdog goes the same way.
        secrets: Asked for what the watchdog signs in with.
        limit: When the watchdog unlocks.
        watchdog: The command that starts one.

    Raises:
        SnapshotLockError: Nothing is locked then.
    """
    token = f"mangrove snapshot {random.token_hex(8)}"
    with _watched(watchdog, Order(profile, limit, token), secrets) as dog:
        dog.tell(ARMED, expected=ARMED)
        begun_s = time.monotonic()
        _take(connection, token, limit, dog)
        lock = ServerLock(connection, begun_s)
        try:
            yield lock
        finally:
            lock.release()
            dog.release()


def _take(connection: Connection, token: str, limit: timedelta, dog: "_WatchdogProcess") -> None:
    """Lock; if that fails, the watchdog is let go only once nothing is locked for certain."""
    try:
        with working(connection.hosts):
            lock_writes(connection, token, limit.total_seconds())
    except MangroveError as error:
        with suppress(PyMongoError):
            unlock_for_certain(connection, token, threading.Event())
            dog.release()
        raise SnapshotLockError(
            f"{connection.hosts} could not be locked: {error.message}; nothing was taken",
            hint="the user needs the role hostManager; long-running work may hold a lock up",
        ) from error


@contextmanager
def _watched(
    command: Sequence[str], order: Order, secrets: SecretStore
) -> Iterator["_WatchdogProcess"]:
    dog = _WatchdogProcess(command)
    try:
        dog.begin(order_line(order, secrets))
        yield dog
    finally:
        dog.end()


class _WatchdogProcess:
    """The watchdog as its master sees it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # what ends our terminal or group must not end it
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise _not_ready(f"its program could not be started: {error.strerror}") from error
        self._reader = threading.Thread(target=self._read, name="watchdog-answers", daemon=True)
        self._reader.start()

    def begin(self, order: str) -> None:
        """Hand over the order, and wait until it is connected and signed in."""
        with suppress(OSError):  # one that has ended already says so below
            self._say(order)
        self._expect(READY)

    def tell(self, word: str, expected: str) -> None:
        """Say a word and wait for the answer."""
        self._say(word + "\n")
        self._expect(expected)

    def release(self) -> None:
        """Let it go without doing anything."""
        with suppress(OSError, ValueError):
            self._say(RELEASED + "\n")

    def end(self) -> None:
        """Close the pipe: one that was armed and not released unlocks now."""
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            # It may still be unlocking a server that does not answer: it is not ours to end.
            log.info("watchdog goes on pid=%d", self._process.pid)
            return
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _say(self, text: str) -> None:
        if self._process.stdin is None:
            raise AssertionError("the watchdog was started with a pipe")
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _expect(self, word: str) -> None:
        try:
            answer = self._answers.get(timeout=READY_WITHIN_S)
        except queue.Empty:
            raise _not_ready("it did not answer in time") from None
        if answer != word:
            raise _not_ready(answer.removeprefix(FAILED).strip() or "it ended")

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._answers.put(line.strip())
        self._answers.put("")


def _not_ready(reason: str) -> SnapshotLockError:
    return SnapshotLockError(
        f"the watchdog that would unlock the server is not ready: {reason}; nothing was locked",
        hint="test the connection; a snapshot without the lock needs no watchdog",
    )
