"""Short stories about an oplog: slices, breaks and bases written as plain numbers.

One entry per second: entry 7 has the timestamp ``7:1``.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fakes.sample_data import OFFICE_NAS, RECORDS
from mangrove.core.backup import BackupId, Compression, Consistency
from mangrove.core.backup_record import BackupRecord
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import ChainId, OplogPosition, OplogTimestamp
from mangrove.core.pitr.planning import Base, base_of
from mangrove.core.pitr.slices import BreakKind, ChainBreak, OplogSlice
from mangrove.core.vaults.vault import VaultId

CHAIN = ChainId("20261123T000000Z-0001")
OTHER = ChainId("20261124T000000Z-0002")


def ts(second: int) -> OplogTimestamp:
    """Return the timestamp of an entry."""
    return OplogTimestamp(second, 1)


def at(second: int) -> datetime:
    """Return the wall clock of an entry."""
    return datetime.fromtimestamp(second, UTC)


def piece(
    first: int,
    last: int,
    *,
    chain: ChainId = CHAIN,
    term: int = 1,
    opens: bool = False,
    vault: VaultId = OFFICE_NAS,
) -> OplogSlice:
    """Make a slice of the entries from one second to another."""
    name = f"shop/oplog/{chain}/{first:010d}-0000000001_{last:010d}-0000000001.bson.zst.age"
    return OplogSlice(
        vault_id=vault,
        profile_slug="shop",
        chain=chain,
        first=OplogPosition(ts(first), term),
        last=OplogPosition(ts(last), term),
        entries=last - first + 1,
        blob=StoredBlob(name, 900, f"{last:064x}", 4000),
        compression=Compression.ZSTD,
        previous="" if opens else f"{first:064x}",
        captured_at=at(last),
        headroom=timedelta(hours=3),
    )


def damaged(first: int, last: int, chain: ChainId = CHAIN) -> OplogSlice:
    """Make a slice of which only the name is known."""
    return replace(piece(first, last, chain=chain), problem="its signature does not hold")


def record(
    second: int,
    *,
    whole: bool = True,
    achieved: Consistency = Consistency.SNAPSHOT,
    vault: VaultId = OFFICE_NAS,
) -> BackupRecord:
    """Make the row of a backup that stands at an entry."""
    return replace(
        RECORDS[0],
        backup=BackupId(f"20261123T{second:06d}Z-shop-0001"),
        vault_id=vault,
        profile_slug="shop",
        started_at=at(second),
        finished_at=at(second + 1),
        data_at=at(second),
        achieved=achieved,
        selection="the whole deployment" if whole else "shop.orders",
        is_whole=whole,
        is_filtered=False,
        consistent_at=None if achieved is Consistency.NONE else ts(second),
    )


def base(second: int, *, whole: bool = True, vault: VaultId = OFFICE_NAS) -> Base:
    """Make a base that stands at an entry."""
    return base_of(record(second, whole=whole, vault=vault))


def cut(kind: BreakKind, start: int, end: int, chain: ChainId | None = None) -> ChainBreak:
    """Make a break."""
    return ChainBreak(OFFICE_NAS, "shop", kind, chain, ts(start), ts(end), at(end))
