"""The watchdog: a process of its own that unlocks a server, whatever happens to us.

It is told everything on standard input, so that no secret stands in its arguments or environment:
one line of JSON, then ``armed`` before the lock is asked for and ``released`` once it is gone. When
the time is up, or standard input ends before ``released``, it unlocks, and it does not give up
while the server cannot be reached. It answers ``ready`` (connected and signed in), ``armed``,
``unlocked`` and ``was not locked``, or ``failed`` with the reason.
"""

import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO

from pymongo.errors import PyMongoError

from mangrove.connectors.mongo.client import Connection, open_connection
from mangrove.connectors.mongo.snapshots.fsync import unlock_for_certain
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.connectors.state.codec import decoded, encoded
from mangrove.core.errors import MangroveError
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret, SecretRef

READY, ARMED, RELEASED, FAILED = "ready", "armed", "released", "failed"
UNLOCKED, NOT_LOCKED = "unlocked", "was not locked"
AGAIN_S = 1.0
GIVE_UP_S = 24 * 3600.0
ARM_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """What the watchdog is to do; only ever sent through a pipe.

    Attributes:
        profile: The one server, without secrets.
        limit: How long after ``armed`` it unlocks.
        token: The comment of the command that locks.
    """

    profile: Profile
    limit: timedelta
    token: str


def order_line(order: Order, secrets: SecretStore) -> str:
    """Return the first line for a watchdog, secrets included: it goes into its pipe only."""
    refs = order.profile.secret_refs
    given = {ref.name: secrets.fetch(ref).reveal() for ref in refs}
    return json.dumps({"order": encoded(order), "secrets": given}) + "\n"


def run_watchdog(orders: TextIO, answers: TextIO) -> int:
    """Do what the lines on ``orders`` say; returns the exit status: 0 unless it had to unlock."""
    _stay()
    first = json.loads(orders.readline() or "{}")
    if not first:
        return 0
    order, secrets = decoded(Order, first["order"]), SessionSecrets()
    for name, text in first["secrets"].items():
        secrets.store(SecretRef(name), Secret(text))
    lines = _lines_of(orders)
    try:
        with open_connection(order.profile, secrets) as connection:
            _answer(answers, READY)
            if _next(lines, ARM_WITHIN_S) != ARMED:
                return 0
            _answer(answers, ARMED)
            if _next(lines, order.limit.total_seconds()) == RELEASED:
                return 0
            was_locked = _unlock(connection, order)
    except MangroveError as error:
        _answer(answers, f"{FAILED} {error.message}")
        return 1
    if was_locked is None:
        was_locked = _unlock_anew(order, secrets)
    _answer(answers, UNLOCKED if was_locked else NOT_LOCKED)
    return 3 if was_locked else 0


def _unlock(connection: Connection, order: Order) -> bool | None:
    """Unlock on the connection that stands; None if it broke."""
    try:
        return unlock_for_certain(connection, order.token, threading.Event())
    except PyMongoError:
        return None


def _unlock_anew(order: Order, secrets: SecretStore) -> bool:
    """Connect again until the server answers: a locked server must not stay locked."""
    give_up_at, patience = time.monotonic() + GIVE_UP_S, threading.Event()
    while time.monotonic() < give_up_at:
        with suppress(MangroveError), open_connection(order.profile, secrets) as connection:
            done = _unlock(connection, order)
            if done is not None:
                return done
        patience.wait(AGAIN_S)
    return False


def _stay() -> None:
    """Outlive what ends a terminal's programs; the pipe says when it is over."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _lines_of(orders: TextIO) -> "queue.SimpleQueue[str]":
    """Read on a thread of its own: not every system can wait for a pipe with a time limit."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in orders:
            lines.put(line.strip())
        lines.put("")

    threading.Thread(target=read, name="watchdog-orders", daemon=True).start()
    return lines


def _next(lines: "queue.SimpleQueue[str]", within_s: float) -> str:
    """Return the next order; "" if there is none in time, or nobody left to give one."""
    try:
        return lines.get(timeout=within_s)
    except queue.Empty:
        return ""


def _answer(answers: TextIO, text: str) -> None:
    with suppress(OSError, ValueError):  # nobody may be there to hear it
        answers.write(text + "\n")
        answers.flush()


def main() -> int:
    """Serve the process that started us."""
    logging.disable(logging.CRITICAL)
    with _own_output() as answers:
        return run_watchdog(sys.stdin, answers)


@contextmanager
def _own_output() -> Iterator[TextIO]:
    """Keep what libraries print away from the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    quiet = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(quiet, number)
    try:
        yield answers
    finally:
        with suppress(OSError):
            answers.close()
