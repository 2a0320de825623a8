"""What a policy will look like later: the backups that will have come by then, judged with it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from mangrove.core.backup import BackupId
from mangrove.core.retention.chains import Chain
from mangrove.core.retention.rule import Entry, Judgement, Policies, ZoneOf, judge

EXPECTED = "expected-"
LOOK_BACK = 12
PATIENCE = 3
MOST_EXPECTED = 5_000
LEAST_GAP = timedelta(minutes=15)


def is_expected(backup: BackupId) -> bool:
    """Whether a backup of a forecast does not exist yet."""
    return backup.startswith(EXPECTED)


def forecast(
    entries: Iterable[Entry],
    policies: Policies,
    chains: tuple[Chain, ...],
    now: datetime,
    zone_of: ZoneOf,
    after: timedelta = timedelta(days=30),
) -> Judgement:
    """Judge the backups of now and those to be expected at a later moment.

    Each series goes on at the pace of its last backups, unless it has stopped. What is judged to
    go by then has gone by then, for rules only ever take the newest of each period.
    """
    held = list(entries)
    later = now + after
    coming = [entry for series in _by_series(held) for entry in _coming(series, now, later)]
    lasting = tuple((policy, until) for policy, until in policies.former if until > later)
    return judge([*held, *coming], Policies(policies.present, lasting), chains, later, zone_of)


def _by_series(entries: list[Entry]) -> list[list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda e: e.finished_at, reverse=True):
        found.setdefault(entry.series, []).append(entry)
    return list(found.values())


def _coming(series: list[Entry], now: datetime, later: datetime) -> list[Entry]:
    past = [e for e in series if e.finished_at <= now and not e.problem][:LOOK_BACK]
    gaps = [a.finished_at - b.finished_at for a, b in pairwise(past)]
    if not gaps:
        return []
    gap = max(LEAST_GAP, timedelta(seconds=median(g.total_seconds() for g in gaps)))
    newest = past[0]
    if now - newest.finished_at > PATIENCE * gap:
        return []
    number = min(MOST_EXPECTED, int((later - newest.finished_at) / gap))
    return [
        replace(
            newest,
            backup=BackupId(f"{EXPECTED}{newest.series}-{n:05d}"),
            finished_at=newest.finished_at + n * gap,
            proof_depth=-1,
            pin=None,
            hold=None,
            busy="",
            is_deleted=False,
        )
        for n in range(1, number + 1)
    ]
