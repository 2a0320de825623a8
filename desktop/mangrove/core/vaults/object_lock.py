"""What a storage keeps although it was told to remove it: versions, and locks on objects."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mangrove.core.errors import InvalidPolicyError
from mangrove.core.explain import size_text
from mangrove.core.wording import counted, is_or_are

MOST_DAYS = 36_500
"""What Amazon S3 takes at most. Source: Amazon S3 user guide, "Object Lock considerations"."""


class ObjectLockMode(StrEnum):
    """Who may lift a lock early: whoever has the right to, or nobody.

    Source: Amazon S3 user guide, "Locking objects with Object Lock", retention modes.
    """

    GOVERNANCE = "governance"
    COMPLIANCE = "compliance"


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """For how many days a bucket refuses to remove what was written, and whom it refuses that."""

    days: int
    mode: ObjectLockMode = ObjectLockMode.GOVERNANCE

    @property
    def words(self) -> str:
        """Say it in a few words."""
        whom = "nobody can" if self.mode is ObjectLockMode.COMPLIANCE else "only its owner can"
        return f"locked for {counted(self.days, 'day')} ({whom} lift that)"


def checked_object_lock(lock: ObjectLock) -> ObjectLock:
    """Return a lock that a bucket takes.

    Raises:
        InvalidPolicyError: If its days make no sense.
    """
    if not 1 <= lock.days <= MOST_DAYS:
        raise InvalidPolicyError(
            f"objects are locked for 1 to {MOST_DAYS:,} days; nothing was changed",
            hint="take at least as many days as the shortest rule of the retention policy",
        )
    return lock


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a storage does with what is removed or written over, as it says itself.

    Attributes:
        has_versions: Whether what is removed stays as an earlier version.
        has_lock: Whether objects in it can be locked.
        default_lock: What it locks by itself; None when nothing.
        clears_after_days: Its own rule removes earlier versions so many days after; None without.
        problem: Why it did not say; "" when it did.
    """

    has_versions: bool = False
    has_lock: bool = False
    default_lock: ObjectLock | None = None
    clears_after_days: int | None = None
    problem: str = ""

    @property
    def sentence(self) -> str:
        """Say it in a few words; "" for a storage that simply removes."""
        if self.problem:
            return f"not known whether versions are kept: {self.problem}"
        if not self.has_versions:
            return ""
        said = ["keeps earlier versions of what is removed"]
        if self.default_lock is not None:
            said.append(f"everything is {self.default_lock.words}")
        elif self.has_lock:
            said.append("objects can be locked")
        if self.clears_after_days is None:
            said.append("no rule of its own ever removes earlier versions")
        else:
            said.append(f"they go {counted(self.clears_after_days, 'day')} later by its own rule")
        return "; ".join(said)


KEEPS_NOTHING = Keeping()


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is still in a storage of what was removed: earlier versions that no listing shows.

    Attributes:
        versions, size_bytes: How many, and what they take.
        locked_until: Until then nobody but the bucket's owner can remove them; None when unlocked.
        is_known: Whether the storage told; else only that something is left is known.
    """

    versions: int
    size_bytes: int
    locked_until: datetime | None = None
    is_known: bool = True

    @property
    def is_nothing(self) -> bool:
        """Whether what was removed is gone."""
        return self.is_known and not self.versions

    @property
    def sentence(self) -> str:
        """Say that it was not removed, and what it waits for; "" if it is gone."""
        if self.is_nothing:
            return ""
        if not self.is_known:
            return "what was removed is hidden, not removed: the bucket keeps earlier versions"
        what = f"{counted(self.versions, 'earlier version')} of {size_text(self.size_bytes)}"
        said = f"{what} {is_or_are(self.versions)} hidden, not removed"
        if self.locked_until is None:
            return f"{said}: the bucket keeps versions until a rule of its own removes them"
        until = f"{self.locked_until:%Y-%m-%d %H:%M}"
        return f"{said} until {until} UTC at least: the bucket locks them"

    def left_of(self, removed_bytes: int) -> int:
        """Return how much of what was removed the storage really got back."""
        return max(0, removed_bytes - self.size_bytes) if self.is_known else 0

    def joined(self, other: "Hidden") -> "Hidden":
        """Return both as one."""
        ends = [end for end in (self.locked_until, other.locked_until) if end is not None]
        return Hidden(
            self.versions + other.versions,
            self.size_bytes + other.size_bytes,
            max(ends, default=None),
            self.is_known and other.is_known,
        )


def keeping_words(keeping: Keeping | None, lock: ObjectLock | None) -> str:
    """Say for a table what a vault's storage keeps: nothing, versions, or locked ones."""
    if keeping is None or not keeping.has_versions:
        return "-"
    days = lock or keeping.default_lock
    return "versions" if days is None else f"versions, locked {counted(days.days, 'day')}"


NOTHING_HIDDEN = Hidden(0, 0)
