"""Ends calls of the driver that block in other threads."""

import logging
import socket
import threading
import weakref
from typing import Any

from pymongo.synchronous.pool import Connection as Socket
from pymongo.synchronous.pool import Pool
from typing_extensions import override

log = logging.getLogger(__name__)


class Breaker:
    """Knows every socket of one client, and breaks them all.

    The driver's own ``close`` lets blocked calls wait on. What helps, measured with pymongo
    4.20 on a stopped server: shutting the sockets down ends reading and sending at once, and
    an interrupting reset of the pools ends handshakes at the driver's next look, in half a
    second. A call that still waits for the network to open a connection has its timeout only.
    """

    def __init__(self) -> None:
        self._pools: weakref.WeakSet[WatchedPool] = weakref.WeakSet()
        self._lock = threading.Lock()

    def make_pool(self, *args: Any, **options: Any) -> "WatchedPool":
        """Make a pool for the client; it stands in the place of the driver's own class."""
        pool = WatchedPool(*args, **options)
        with self._lock:
            self._pools.add(pool)
        return pool

    def break_all(self) -> None:
        """End every call that goes on."""
        with self._lock:
            pools = list(self._pools)
        for pool in pools:
            for opened in pool.opened():
                _shut_down(opened)
            pool.reset(interrupt_connections=True)


class WatchedPool(Pool):
    """A pool that remembers which sockets are open, also those in use."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._opened: weakref.WeakSet[Socket] = weakref.WeakSet()
        self._opened_lock = threading.Lock()

    @override
    def connect(self, handler: Any = None) -> Socket:
        made = super().connect(handler)
        with self._opened_lock:
            self._opened.add(made)
        return made

    def opened(self) -> list[Socket]:
        """Return what was opened and is still in use or in the pool."""
        with self._opened_lock:
            return list(self._opened)


def _shut_down(opened: Socket) -> None:
    held = opened.conn.get_conn
    try:
        # The socket itself: ending TLS in good order would need an answer.
        socket.socket.shutdown(held, socket.SHUT_RDWR)
    except (OSError, TypeError) as error:  # closed meanwhile
        log.debug("socket was closed already why=%s", type(error).__name__)
