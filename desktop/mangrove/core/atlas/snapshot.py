"""Snapshots that Atlas keeps: what a list shows, and what their states mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType

AtlasSnapshotId = NewType("AtlasSnapshotId", str)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class SnapshotState(StrEnum):
    """Where a snapshot stands; the values are Atlas' ``status``, Flex' words turned into them."""

    QUEUED = "queued"
    IN_PROGRESS = "inProgress"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (SnapshotState.COMPLETED, SnapshotState.FAILED)


class Frequency(StrEnum):
    """How often a policy item takes snapshots; the values are Atlas' ``frequencyType``."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    ON_DEMAND = "ondemand"


@dataclass(frozen=True, slots=True)
class AtlasSnapshot:
    """A snapshot of a cluster; of a sharded one it stands for the parts of all shards.

    Attributes:
        created_at: When it was taken: the moment its data stand at, as far as Atlas tells.
        expires_at: When Atlas deletes it.
        is_on_demand: Whether somebody asked for it.
        size_bytes: Of the data on disk; 0 when Atlas does not tell.
        parts: The replica sets that it holds, for a sharded cluster.
        copies: Regions that hold a copy.
    """

    snapshot_id: AtlasSnapshotId
    state: SnapshotState
    created_at: datetime | None = None
    expires_at: datetime | None = None
    frequency: Frequency | None = None
    is_on_demand: bool = False
    size_bytes: int = 0
    version: str = ""
    description: str = ""
    is_sharded: bool = False
    parts: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether it can be restored."""
        return self.state is SnapshotState.COMPLETED and self.created_at is not None

    @property
    def origin(self) -> str:
        """Say where it comes from: its policy item, or somebody's wish."""
        if self.is_on_demand:
            return "on demand"
        return str(self.frequency) if self.frequency else "scheduled"

    def keeps_for(self, now: datetime) -> timedelta | None:
        """How long it still stays; None when Atlas does not tell."""
        return max(self.expires_at - now, timedelta(0)) if self.expires_at else None


def newest_first(snapshots: Sequence[AtlasSnapshot]) -> tuple[AtlasSnapshot, ...]:
    """Order snapshots as a list shows them; those without a moment yet are the newest."""
    begun = [s for s in snapshots if s.created_at is not None]
    waiting = [s for s in snapshots if s.created_at is None]
    begun.sort(key=lambda s: (s.created_at or _LONG_AGO, s.snapshot_id), reverse=True)
    return (*waiting, *begun)
