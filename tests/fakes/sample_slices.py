"""A believable captured oplog: production's, with a night when capture was off and a rollover."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fakes.sample_data import NOW, OFFICE_NAS
from mangrove.core.backup import Compression
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import ChainId, OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import BreakKind, ChainBreak, OplogSlice

LENGTH = timedelta(minutes=15)
OLD, MIDDLE, NEW = (ChainId(f"202611{day}T000000Z-{day}aa") for day in ("09", "15", "21"))


@dataclass
class FakeSlices:
    """Slices and breaks in lists."""

    rows: list[OplogSlice] = field(default_factory=list)
    cuts: list[ChainBreak] = field(default_factory=list)

    def slices(self, profile_slug: str) -> tuple[OplogSlice, ...]:
        return tuple(row for row in self.rows if row.profile_slug == profile_slug)

    def breaks(self, profile_slug: str) -> tuple[ChainBreak, ...]:
        return tuple(cut for cut in self.cuts if cut.profile_slug == profile_slug)


def chain_of(chain: ChainId, start: datetime, end: datetime) -> list[OplogSlice]:
    """Make slices that join, from one moment to another."""
    found: list[OplogSlice] = []
    at = start
    while at < end:
        until = min(at + LENGTH, end)
        found.append(piece(chain, at, until, found[-1].blob.sha256 if found else ""))
        at = until
    return found


def piece(chain: ChainId, start: datetime, end: datetime, previous: str) -> OplogSlice:
    """Make one slice of production's oplog."""
    first, last = (OplogTimestamp(int(at.timestamp()), 1) for at in (start, end))
    digest = f"{first.seconds:064x}"
    name = f"production/oplog/{chain}/{first}_{last}.bson.zst.age"
    return OplogSlice(
        vault_id=OFFICE_NAS,
        profile_slug="production",
        chain=chain,
        first=OplogPosition(first, 3),
        last=OplogPosition(last, 3),
        entries=1 + 4 * int((end - start).total_seconds()),
        blob=StoredBlob(name, 190_000, digest, 880_000),
        compression=Compression.ZSTD,
        previous=previous,
        captured_at=end,
        headroom=timedelta(hours=31),
    )


def captured() -> FakeSlices:
    """Return twelve days of capture with two gaps, following up to two minutes ago."""
    off = datetime(2026, 11, 14, 23, 40, tzinfo=UTC)
    back = datetime(2026, 11, 15, 7, 10, tzinfo=UTC)
    lost = datetime(2026, 11, 20, 21, 5, tzinfo=UTC)
    again = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
    lost_ts = OplogTimestamp(int(lost.timestamp()), 1)
    return FakeSlices(
        [
            *chain_of(OLD, NOW - timedelta(days=12), off),
            *chain_of(MIDDLE, back, lost),
            *chain_of(NEW, again, NOW - timedelta(minutes=2)),
        ],
        [
            ChainBreak(
                OFFICE_NAS, "production", BreakKind.ROLLED_OVER, MIDDLE, lost_ts, lost_ts, again
            )
        ],
    )
