"""Which snapshots stay and which go: the rule of backups, asked about snapshots."""

from collections.abc import Iterable
from datetime import datetime

from mangrove.core.retention.policy import RetentionPolicy
from mangrove.core.retention.rule import Entry, Judgement, Policies, ZoneOf, judge
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.core.verification import Level


def judge_snapshots(
    snapshots: Iterable[Snapshot], policy: RetentionPolicy, now: datetime, zone_of: ZoneOf
) -> Judgement:
    """Decide about every snapshot; the preview and the deletion both ask this.

    Those of different profiles, machines and providers never replace each other.
    """
    return judge(map(_entry, snapshots), Policies(policy), (), now, zone_of)


def _entry(snapshot: Snapshot) -> Entry:
    return Entry(
        backup=snapshot.snapshot,
        series=f"{snapshot.profile_slug}/{snapshot.place}/{snapshot.provider}",
        finished_at=snapshot.taken_at,
        stored_bytes=snapshot.used_bytes,
        proof_depth=Level.RESTORED.depth if snapshot.proven else -1,
        problem=snapshot.problem or ("its last verification failed" if snapshot.is_failed else ""),
        pin=snapshot.pin,
    )
