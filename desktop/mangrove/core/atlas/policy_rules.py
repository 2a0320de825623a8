"""The rules that Atlas enforces on a schedule, so that nothing is sent that it would refuse."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from mangrove.core.atlas.cluster import AtlasCluster
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.policy import LAST_DAY, BackupSchedule, PolicyItem
from mangrove.core.atlas.snapshot import Frequency
from mangrove.core.errors import InvalidAtlasPolicyError
from mangrove.core.wording import counted

HOURS = (1, 2, 4, 6, 8, 12)
NVME_HOURS = (12,)
_ONCE = (Frequency.HOURLY, Frequency.DAILY)
_ORDER = (
    Frequency.HOURLY,
    Frequency.DAILY,
    Frequency.WEEKLY,
    Frequency.MONTHLY,
    Frequency.YEARLY,
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a schedule breaks.

    Attributes:
        sentence: Which, in words.
        item: The place of the item concerned; None for the schedule as a whole.
    """

    sentence: str
    item: int | None = None


def broken_rules(
    schedule: BackupSchedule, cluster: AtlasCluster, compliance: CompliancePolicy | None = None
) -> tuple[Broken, ...]:
    """Return every rule that a schedule breaks.

    Source: Atlas documentation, "Manage Backup Policies", and the Administration API's
    description of a schedule: intervals, the order of retentions, and the restore window.
    """
    found = [
        *_of_times(schedule),
        *_of_items(schedule, cluster),
        *_of_order(schedule),
        *_of_window(schedule, cluster),
        *_of_copies(schedule, cluster),
    ]
    if compliance is not None and compliance.is_active:
        found += [Broken(sentence) for sentence in compliance.shortfalls(schedule)]
    return tuple(found)


def require_valid(
    schedule: BackupSchedule, cluster: AtlasCluster, compliance: CompliancePolicy | None = None
) -> None:
    """Refuse a schedule that Atlas would refuse.

    Raises:
        InvalidAtlasPolicyError: Naming every broken rule.
    """
    broken = broken_rules(schedule, cluster, compliance)
    if broken:
        raise InvalidAtlasPolicyError(
            "; ".join(b.sentence for b in broken),
            hint="nothing was sent to Atlas; change these lines",
        )


def _of_times(schedule: BackupSchedule) -> Iterator[Broken]:
    if not (0 <= schedule.hour <= 23 and 0 <= schedule.minute <= 59):  # noqa: PLR2004 - a clock's
        yield Broken("the time of the day lies between 00:00 and 23:59")
    if not schedule.items:
        yield Broken("a schedule needs at least one line")


def _of_items(schedule: BackupSchedule, cluster: AtlasCluster) -> Iterator[Broken]:
    seen: set[tuple[Frequency, int]] = set()
    for place, item in enumerate(schedule.items):
        key = (item.frequency, 0 if item.frequency in _ONCE else item.interval)
        if key in seen:
            yield Broken(f"there can be one line for snapshots {item.when} only", place)
        seen.add(key)
        if sentence := _interval_problem(item, cluster):
            yield Broken(sentence, place)
        if item.keep.value < 1:
            yield Broken(f"snapshots {item.when} must be kept at least a day", place)
        elif item.keep.length < item.period:
            yield Broken(
                f"snapshots {item.when} kept {item.keep.text} would be gone before the next one",
                place,
            )


def _interval_problem(item: PolicyItem, cluster: AtlasCluster) -> str:
    if item.frequency is Frequency.HOURLY and cluster.is_nvme:
        return "" if item.interval in NVME_HOURS else _NVME_ONLY
    allowed, sentence = _INTERVALS[item.frequency]
    return "" if item.interval in allowed else sentence


_NVME_ONLY = "a cluster with local NVMe disks takes hourly snapshots every 12 hours only"
_INTERVALS: Mapping[Frequency, tuple[Collection[int], str]] = {
    Frequency.HOURLY: (HOURS, "hourly snapshots come every 1, 2, 4, 6, 8 or 12 hours, no other"),
    Frequency.DAILY: ((1,), "a daily snapshot comes every day, no other"),
    Frequency.WEEKLY: (range(1, 8), "a weekly snapshot's day is one of 1 (Monday) to 7"),
    Frequency.MONTHLY: (
        (*range(1, 29), LAST_DAY),
        "a monthly snapshot's day is one of 1 to 28, or the last",
    ),
    Frequency.YEARLY: (range(1, 13), "a yearly snapshot's month is one of 1 to 12"),
    Frequency.ON_DEMAND: ((), "snapshots on demand are no line of a schedule"),
}


def _of_order(schedule: BackupSchedule) -> Iterator[Broken]:
    """Yield where a rarer item is kept for a shorter time than a more frequent one."""
    numbered = sorted(
        ((p, i) for p, i in enumerate(schedule.items) if i.frequency in _ORDER),
        key=lambda pair: _ORDER.index(pair[1].frequency),
    )
    for (_, often), (place, seldom) in combinations(numbered, 2):
        if often.frequency is seldom.frequency or seldom.keep.length >= often.keep.length:
            continue
        yield Broken(
            f"{seldom.frequency} snapshots kept {seldom.keep.text} must stay at least as long as "
            f"{often.frequency} ones, which are kept {often.keep.text}",
            place,
        )


def _of_window(schedule: BackupSchedule, cluster: AtlasCluster) -> Iterator[Broken]:
    days = schedule.restore_window_days
    if days is None or not cluster.has_continuous:
        return
    if days < 1:
        yield Broken("the restore window is at least one day")
    hourly = schedule.item(Frequency.HOURLY)
    if hourly is not None and days > hourly.keep.length.days:
        yield Broken(
            f"the restore window of {counted(days, 'day')} is longer than hourly snapshots "
            f"are kept ({hourly.keep.text})"
        )


def _of_copies(schedule: BackupSchedule, cluster: AtlasCluster) -> Iterator[Broken]:
    kinds = {i.frequency for i in schedule.items} | {Frequency.ON_DEMAND}
    for copy in schedule.copies:
        where = f"{copy.provider} {copy.region}"
        if missing := [f for f in copy.frequencies if f not in kinds]:
            yield Broken(f"the copy to {where} names {', '.join(missing)}: no line takes those")
        if not copy.frequencies:
            yield Broken(f"the copy to {where} names no snapshots")
        if copy.copies_oplog and not cluster.has_continuous:
            yield Broken(f"the copy to {where} cannot have the oplog: continuous backup is off")
    places = [(c.provider, c.region, c.zone_id) for c in schedule.copies]
    if len(set(places)) < len(places):
        yield Broken("two copies go to the same region")
