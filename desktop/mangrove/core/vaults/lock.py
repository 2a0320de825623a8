"""Locks on a vault: who works there, beside whom that is allowed, and when nobody does any more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.explain import duration_text

REFRESH_EVERY_S = 60.0
GIVE_UP_AFTER_S = 300.0
"""A run that could not renew its lock for so long ends itself, long before others call it stale."""
STALE_AFTER = timedelta(minutes=30)


class LockMode(StrEnum):
    """Beside whom a lock is allowed: shared ones beside each other, an exclusive one alone.

    Backups share: each writes into a folder and under a number of its own. What deletes is alone.
    """

    SHARED = "shared"
    EXCLUSIVE = "exclusive"

    def goes_with(self, other: "LockMode") -> bool:
        """Whether both may be held at once."""
        return self is other is LockMode.SHARED


@dataclass(frozen=True, slots=True)
class LockOwner:
    """A process that may hold locks.

    Attributes:
        birth: Tells it from a later process of the same number; "" where unknown.
        workstation: A random mark of the Mangrove it belongs to, for machines of the same name.
    """

    host: str
    user: str
    pid: int
    birth: str = ""
    workstation: str = ""


@dataclass(frozen=True, slots=True)
class VaultLock:
    """One lock as it lies in a storage; it keeps others out and vouches for nothing.

    Attributes:
        token: Its random name.
        purpose: What its holder does, such as "backup of shop".
        refreshed_at: The last sign of life.
    """

    token: str
    mode: LockMode
    purpose: str
    owner: LockOwner
    since: datetime
    refreshed_at: datetime

    def is_stale(self, now: datetime) -> bool:
        """Whether its holder is most likely gone; it is still never removed without asking."""
        return now - self.refreshed_at > STALE_AFTER

    def describe(self, now: datetime) -> str:
        """Say who holds it and since when."""
        owner = self.owner
        seen = duration_text(max(now - self.refreshed_at, timedelta(0)))
        return (
            f"{self.purpose} by {owner.user} on {owner.host} (process {owner.pid}) since "
            f"{self.since:%Y-%m-%d %H:%M} UTC, last sign of life {seen} ago"
        )


def in_the_way(
    locks: Iterable[VaultLock], mode: LockMode, own_token: str = ""
) -> tuple[VaultLock, ...]:
    """Return the locks of others that a lock of this mode cannot be held beside."""
    others = (lock for lock in locks if lock.token != own_token)
    return tuple(lock for lock in others if not mode.goes_with(lock.mode))
