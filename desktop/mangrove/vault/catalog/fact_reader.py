"""Answers questions about all backups from the narrow rows of the catalog."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from threading import RLock

from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.cover import Cover
from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.figures.facts import BackupFacts, DayTotal, Group, GroupId
from mangrove.core.figures.protection import Moment
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Level
from mangrove.vault.catalog.covers import read_covers
from mangrove.vault.catalog.facts import EPOCH, microseconds
from mangrove.vault.catalog.groups import group_keys

_EvidenceRow = tuple[str, str, int, int, int, str, int, int, int, str]
_DAY_ONE = EPOCH.date()
_TABLES = ("facts", "gone")
_BEFORE = 2
"""So many moments before a period are returned: the last may not have been complete yet."""
_COUNT = "SELECT count(*) FROM facts WHERE profile_slug = ? AND vault_id = ? AND cover = ?"
_NEWEST = """
SELECT backup, data_us FROM facts
WHERE profile_slug = ? AND vault_id = ? AND cover = ? AND data_us <= ?
ORDER BY data_us DESC, backup DESC LIMIT 1
"""
_MOMENTS = """
SELECT data_us, finished_us FROM {table}
WHERE profile_slug = ? AND vault_id = ? AND cover = ? AND data_us >= ?
"""
_EARLIER = """
SELECT data_us, finished_us FROM {table}
WHERE profile_slug = ? AND vault_id = ? AND cover = ? AND data_us < ?
ORDER BY data_us DESC, finished_us DESC LIMIT ?
"""
_EVIDENCE = """
SELECT profile_slug, vault_id, cover, backup, level, passed, finished_us, took_us, target,
  stored_bytes, plain_bytes, documents, steps FROM evidence
"""
_RECENT = f"{_EVIDENCE} WHERE finished_us >= ?"
_RESTORES = f"""{_EVIDENCE}
WHERE is_restore AND profile_slug = ? AND vault_id = ? AND cover = ?
ORDER BY finished_us DESC LIMIT ?
"""
_DAYS = """
SELECT profile_slug, vault_id, day, complete, unreadable, restored, disproven, stored_bytes,
  newest_bytes FROM days WHERE day >= ? ORDER BY day, profile_slug, vault_id
"""
_TOTALS = """
SELECT profile_slug, vault_id, min(day), sum(complete), sum(unreadable), sum(restored),
  sum(disproven), sum(stored_bytes), 0 FROM days GROUP BY profile_slug, vault_id
"""


class CatalogFacts(BackupFacts):
    """Answers from the catalog's file; each question walks an index.

    Threads: takes turns with the catalog on its connection.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: RLock,
        find: Callable[[BackupId], BackupRecord | None],
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._find = find
        with lock:
            self._covers: Mapping[int, Cover] = read_covers(connection)
            keys = dict.fromkeys(key for table in _TABLES for key in group_keys(connection, table))
        self._keys = {GroupId("/".join(map(str, key))): key for key in keys}
        self._ids = {key: group_id for group_id, key in self._keys.items()}

    @override
    def groups(self, now: datetime) -> Sequence[Group]:
        found = []
        with self._lock:
            for group_id, key in self._keys.items():
                row = self._connection.execute(_NEWEST, (*key, microseconds(now))).fetchone()
                slug, vault_id, cover = key
                newest, at = row or (None, None)
                found.append(
                    Group(
                        group_id=group_id,
                        profile_slug=slug,
                        vault_id=VaultId(vault_id),
                        cover=self._covers[cover],
                        newest=newest,
                        newest_at=None if at is None else _moment(at),
                    )
                )
        return found

    @override
    def count(self, groups: Sequence[Group]) -> int:
        with self._lock:
            counts = (
                self._connection.execute(_COUNT, self._keys[group.group_id]).fetchone()
                for group in groups
            )
            return sum(count for (count,) in counts)

    @override
    def moments(self, since: datetime) -> Mapping[GroupId, Sequence[Moment]]:
        found = {}
        begin = microseconds(since)
        with self._lock:
            for group_id, key in self._keys.items():
                rows = [
                    row
                    for table in _TABLES
                    for query, values in (
                        (_EARLIER, (*key, begin, _BEFORE)),
                        (_MOMENTS, (*key, begin)),
                    )
                    for row in self._connection.execute(query.format(table=table), values)
                ]
                found[group_id] = [
                    Moment(_moment(data_us), _moment(finished_us))
                    for data_us, finished_us in sorted(rows)
                ]
        return found

    @override
    def evidence(self, since: datetime) -> Mapping[GroupId, Sequence[EvidenceFact]]:
        found: dict[GroupId, list[EvidenceFact]] = defaultdict(list)
        begin = microseconds(since)
        with self._lock:
            rows = self._connection.execute(_RECENT, (begin,)).fetchall()
        for row in rows:
            found[self._ids[row[:3]]].append(_fact(row[3:]))
        return found

    @override
    def test_restores(self, most: int) -> Mapping[GroupId, Sequence[EvidenceFact]]:
        with self._lock:
            return {
                group_id: [
                    _fact(row[3:])
                    for row in self._connection.execute(_RESTORES, (*key, most)).fetchall()
                ]
                for group_id, key in self._keys.items()
            }

    @override
    def days(self, since: date) -> Sequence[DayTotal]:
        with self._lock:
            rows = self._connection.execute(_DAYS, ((since - _DAY_ONE).days,)).fetchall()
        return [_total(row) for row in rows]

    @override
    def totals(self) -> Sequence[DayTotal]:
        with self._lock:
            rows = self._connection.execute(_TOTALS).fetchall()
        return [_total(row) for row in rows]

    @override
    def newest(self, groups: Sequence[GroupId], by: datetime) -> str | None:
        with self._lock:
            rows = [
                row
                for group_id in groups
                for row in self._connection.execute(
                    _NEWEST, (*self._keys[group_id], microseconds(by))
                )
            ]
        found = max(rows, key=lambda row: (row[1], row[0]), default=None)
        return found[0] if found else None

    @override
    def find(self, backup: str) -> BackupRecord | None:
        return self._find(BackupId(backup))


def _moment(number: int) -> datetime:
    return EPOCH + timedelta(microseconds=number)


def _total(row: tuple[str, str, int, int, int, int, int, int, int]) -> DayTotal:
    slug, vault_id, day, *counts = row
    return DayTotal(slug, VaultId(vault_id), _DAY_ONE + timedelta(days=day), *map(int, counts))


def _fact(row: _EvidenceRow) -> EvidenceFact:
    backup, level, passed, finished_us, took_us, target, stored, plain, documents, steps = row
    return EvidenceFact(
        backup=BackupId(backup),
        level=Level(level),
        passed=bool(passed),
        finished_at=_moment(finished_us),
        took=timedelta(microseconds=took_us),
        target=target,
        stored_bytes=stored,
        plain_bytes=plain,
        documents=documents,
        steps=tuple((name, timedelta(microseconds=us)) for name, us in json.loads(steps)),
    )
