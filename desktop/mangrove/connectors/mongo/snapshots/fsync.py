"""fsyncLock and fsyncUnlock on one connection, and what the server says about them."""

import threading
from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import UNAUTHORIZED

NOT_LOCKED = "not locked"
ANSWER_S = 20.0
QUIET_LOOKS = 5
LOOK_EVERY_S = 0.2


def lock_writes(connection: Connection, token: str, limit_s: float) -> None:
    """Flush and hold back all writes; errors are the driver's own.

    Source: MongoDB manual, "fsync" (``lock``, ``comment`` from 4.4): writes wait until
    ``fsyncUnlock``; each lock counts, so each needs one unlock.
    """
    with pymongo.timeout(limit_s):
        connection.run("admin", {"fsync": 1, "lock": True, "comment": token})


def unlock_writes(connection: Connection) -> bool:
    """Take one lock away; False if there was none. Other errors are the driver's own.

    Source: MongoDB server 6.0, ``fsync.cpp``: "fsyncUnlock called when not locked", no code.
    """
    try:
        with pymongo.timeout(ANSWER_S):
            connection.run("admin", {"fsyncUnlock": 1})
    except OperationFailure as error:
        # Whoever may not unlock could not lock either: preflight asks for both.
        is_not_ours = error.code == UNAUTHORIZED
        if is_not_ours or NOT_LOCKED in str((error.details or {}).get("errmsg", error)):
            return False
        raise
    return True


def is_locking(connection: Connection, token: str) -> bool:
    """Whether our lock is still being asked for.

    A user without any privilege may see the operations of its own.
    Source: MongoDB manual, "$currentOp", ``allUsers: false``.
    """
    stages = [{"$currentOp": {"allUsers": False}}, {"$match": {"command.comment": token}}]
    command: dict[str, Any] = {"aggregate": 1, "pipeline": stages, "cursor": {}}
    try:
        with pymongo.timeout(ANSWER_S):
            return bool(connection.run("admin", command)["cursor"]["firstBatch"])
    except PyMongoError:
        return False


def unlock_for_certain(connection: Connection, token: str, patience: threading.Event) -> bool:
    """Unlock, also a lock that is only just being taken; False if there is and comes none.

    Args:
        connection: To the server.
        token: The comment of the command that locks.
        patience: Waited on between two looks; never set.
    """
    quiet_looks = 0
    while True:
        if unlock_writes(connection):
            return True
        quiet_looks = 0 if is_locking(connection, token) else quiet_looks + 1
        if quiet_looks >= QUIET_LOOKS:
            return False
        patience.wait(LOOK_EVERY_S)
