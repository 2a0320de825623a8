"""Locks as small objects in the storage (FORMAT.md, "Locks").

Each holder writes an object of its own name, then looks who else is there, and steps back if
anybody is in the way. Of two that come at once at least one sees the other, as long as a listing
shows what was written before it began; no storage need create conditionally for that.
"""

import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    BlobNotFoundError,
    CorruptBackupError,
    ManifestCorruptError,
    VaultLockedError,
)
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.lock import LockMode, LockOwner, VaultLock, in_the_way
from mangrove.vault.blob_name import checked
from mangrove.vault.codecs.strict_json import (
    MalformedDocumentError,
    decode_document,
    encode_document,
    encode_moment,
)
from mangrove.vault.layout import LOCKS_PATH
from mangrove.vault.transfer import fetch_whole

log = logging.getLogger(__name__)
LIMIT_BYTES = 16 << 10
FORMAT_NAME = "mangrove lock"
_NAME = re.compile(r"_locks/(?P<mode>[a-z]+)-(?P<token>[0-9a-f]{16})-(?P<beat>\d{6,})\.json")
_FIELDS = ("format", "version", "mode", "purpose", "since", "refreshed_at", *("host", "user"))
_MORE = ("pid", "birth", "workstation")
_UNKNOWN = LockOwner("an unknown host", "somebody", 0)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Locking:
    """What locks need to know of the process and the machine.

    Attributes:
        owner: This process.
        is_dead: Whether the process of a lock is known to be gone; only ever true for those of
            this workstation.
        live: Tokens of the locks that this process holds.
    """

    owner: LockOwner
    clock: Clock
    is_dead: Callable[[LockOwner], bool]
    live: set[str] = field(default_factory=set)

    def is_over(self, lock: VaultLock) -> bool:
        """Whether nobody holds a lock any more: its process died, or is ours and let it go."""
        is_ours = lock.owner == self.owner and bool(lock.owner.birth)
        return self.is_dead(lock.owner) or (is_ours and lock.token not in self.live)


class StorageLocks:
    """The locks of one vault. Safe for several threads."""

    def __init__(self, storage: Storage, locking: Locking) -> None:
        self._storage = storage
        self._locking = locking

    def all(self) -> tuple[VaultLock, ...]:
        """Return all locks, also stale ones, oldest first; of each its newest sign of life."""
        return tuple(sorted(self._held().values(), key=lambda lock: (lock.since, lock.token)))

    def take(self, mode: LockMode, purpose: str) -> "StorageLease":
        """Take a lock.

        Raises:
            VaultLockedError: If another one is in the way; nothing is left of ours.
        """
        self._remove_dead()
        self._refuse_others(mode, "")
        now = self._locking.clock.now()
        token = secrets.token_hex(8)
        lock = VaultLock(token, mode, purpose, self._locking.owner, now, now)
        lease = StorageLease(self._storage, self._locking, lock)
        try:
            self._refuse_others(mode, token)
        except BaseException:
            lease.release()
            raise
        return lease

    def break_stale(self) -> tuple[VaultLock, ...]:
        """Remove the stale locks; returns them."""
        now = self._locking.clock.now()
        stale = tuple(lock for lock in self.all() if lock.is_stale(now))
        self._remove(lock.token for lock in stale)
        return stale

    def _held(self) -> dict[str, VaultLock]:
        found: dict[str, VaultLock] = {}
        for info in self._storage.list(LOCKS_PATH):
            lock = self._lock_in(info)
            if lock is None:
                continue
            other = found.get(lock.token)
            if other is None or other.refreshed_at <= lock.refreshed_at:
                found[lock.token] = lock
        return found

    def _lock_in(self, info: BlobInfo) -> VaultLock | None:
        """Read a lock; one that cannot be understood keeps everybody out until it is stale."""
        match = _NAME.fullmatch(info.name)
        if match is None:
            return None
        try:
            lock = _decode(fetch_whole(self._storage, info.name, LIMIT_BYTES), match["token"])
        except BlobNotFoundError:  # released or renewed since it was listed
            return None
        except CorruptBackupError:
            at = info.modified_at or _LONG_AGO
            return VaultLock(match["token"], LockMode.EXCLUSIVE, "something", _UNKNOWN, at, at)
        seen_at = max(lock.refreshed_at, info.modified_at or lock.refreshed_at)
        return replace(lock, refreshed_at=seen_at)

    def _refuse_others(self, mode: LockMode, own_token: str) -> None:
        blocking = in_the_way(self.all(), mode, own_token)
        if not blocking:
            return
        lock, now = blocking[0], self._locking.clock.now()
        stale = lock.is_stale(now)
        raise VaultLockedError(
            f"the vault is in use: {lock.describe(now)}; nothing was written",
            hint="if that Mangrove is surely gone: mangrove vault unlock VAULT --break-lock"
            if stale
            else "wait until it is done, or stop it there",
            stale=int(stale),
        )

    def _remove_dead(self) -> None:
        dead = [lock for lock in self.all() if self._locking.is_over(lock)]
        for lock in dead:
            log.info("lock of a dead process removed pid=%d", lock.owner.pid)
        self._remove(lock.token for lock in dead)

    def _remove(self, tokens: Iterable[str]) -> None:
        gone = frozenset(tokens)
        if not gone:
            return
        for info in tuple(self._storage.list(LOCKS_PATH)):
            match = _NAME.fullmatch(info.name)
            if match is not None and match["token"] in gone:
                self._storage.delete(info.name)


class StorageLease:
    """A lock that this process holds. Each sign of life is a new object; the one before goes."""

    def __init__(self, storage: Storage, locking: Locking, lock: VaultLock) -> None:
        self._storage = storage
        self._locking = locking
        self._lock = lock
        self._beat = 0
        self._is_released = False
        self._guard = threading.Lock()
        locking.live.add(lock.token)
        self._write()

    @property
    def lock(self) -> VaultLock:
        """Return it as others see it."""
        return self._lock

    def refresh(self) -> None:
        """Give a sign of life.

        Raises:
            VaultLockedError: If somebody has taken the lock away.
        """
        with self._guard:
            if self._is_released:
                return
            held = self._name
            if not any(info.name == held for info in self._storage.list(held)):
                raise VaultLockedError(
                    "somebody took our lock on the vault away; nothing more was written",
                    hint="look who else works with this vault, then run this again",
                )
            self._beat += 1
            self._lock = replace(self._lock, refreshed_at=self._locking.clock.now())
            self._write()
            self._storage.delete(held)

    def release(self) -> None:
        """Remove it."""
        with self._guard:
            self.abandon()
            self._storage.delete(self._name)

    def abandon(self) -> None:
        """Let it go where the storage does not answer; whoever of us comes next removes it."""
        self._is_released = True
        self._locking.live.discard(self._lock.token)

    @property
    def _name(self) -> BlobName:
        mode, token = self._lock.mode.value, self._lock.token
        return checked(f"{LOCKS_PATH}{mode}-{token}-{self._beat:06d}.json")

    def _write(self) -> None:
        self._storage.put(self._name, [_encode(self._lock)])


def _encode(lock: VaultLock) -> bytes:
    owner = lock.owner
    return encode_document(
        {
            "format": FORMAT_NAME,
            "version": 1,
            "mode": lock.mode,
            "purpose": lock.purpose,
            "since": encode_moment(lock.since),
            "refreshed_at": encode_moment(lock.refreshed_at),
            "host": owner.host,
            "user": owner.user,
            "pid": owner.pid,
            "birth": owner.birth,
            "workstation": owner.workstation,
        }
    )


def _decode(data: bytes, token: str) -> VaultLock:
    try:
        record = decode_document(data, LIMIT_BYTES).record((*_FIELDS, *_MORE))
        return VaultLock(
            token=token,
            mode=record["mode"].choice(LockMode),
            purpose=record["purpose"].text(),
            owner=LockOwner(
                record["host"].text(),
                record["user"].text(),
                record["pid"].integer(),
                record["birth"].text(),
                record["workstation"].text(),
            ),
            since=record["since"].moment(),
            refreshed_at=record["refreshed_at"].moment(),
        )
    except MalformedDocumentError as error:
        raise ManifestCorruptError(f"a lock cannot be understood: {error}") from None
