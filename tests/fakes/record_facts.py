"""The facts about backups, worked out from records in memory: what a catalog has to agree with."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby

from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.cover import Cover
from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.figures.facts import BackupFacts, DayTotal, Group, GroupId
from mangrove.core.figures.protection import Moment
from mangrove.core.vaults.vault import VaultId

_BEFORE = 2
_Key = tuple[str, VaultId, Cover]


class RecordFacts(BackupFacts):
    """Answers from a sequence of records."""

    def __init__(self, records: Sequence[BackupRecord]) -> None:
        self._records = records
        complete = [r for r in records if r.state is BackupState.COMPLETE]
        keys = list(dict.fromkeys(map(_key, complete)))
        self._ids = {key: GroupId(f"{key[0]}/{key[1]}/{n}") for n, key in enumerate(keys)}
        self._groups: dict[_Key, list[BackupRecord]] = {key: [] for key in keys}
        for record in complete:
            self._groups[_key(record)].append(record)

    @override
    def groups(self, now: datetime) -> Sequence[Group]:
        return tuple(_group(self._ids[key], key, held, now) for key, held in self._groups.items())

    @override
    def count(self, groups: Sequence[Group]) -> int:
        wanted = {group.group_id for group in groups}
        return sum(len(held) for key, held in self._groups.items() if self._ids[key] in wanted)

    @override
    def moments(self, since: datetime) -> Mapping[GroupId, Sequence[Moment]]:
        found = {}
        for key, held in self._groups.items():
            ordered = sorted(held, key=lambda r: (r.data_at, r.finished_at))
            before = [r for r in ordered if r.data_at < since]
            chosen = [*before[-_BEFORE:], *(r for r in ordered if r.data_at >= since)]
            found[self._ids[key]] = tuple(Moment(r.data_at, r.finished_at) for r in chosen)
        return found

    @override
    def evidence(self, since: datetime) -> Mapping[GroupId, Sequence[EvidenceFact]]:
        found = {}
        for key, held in self._groups.items():
            facts = [fact for record in held for fact in evidence_of(record)]
            found[self._ids[key]] = tuple(e for e in facts if e.finished_at >= since)
        return found

    @override
    def test_restores(self, most: int) -> Mapping[GroupId, Sequence[EvidenceFact]]:
        found = {}
        for key, held in self._groups.items():
            facts = [fact for record in held for fact in evidence_of(record)]
            restores = sorted(
                (fact for fact in facts if fact.is_test_restore),
                key=lambda e: e.finished_at,
                reverse=True,
            )
            found[self._ids[key]] = tuple(restores[:most])
        return found

    @override
    def days(self, since: date) -> Sequence[DayTotal]:
        ordered = sorted(self._records, key=_day_key)
        return tuple(
            _total(slug, vault, day, list(held))
            for (day, slug, vault), held in groupby(ordered, _day_key)
            if day >= since
        )

    @override
    def totals(self) -> Sequence[DayTotal]:
        ordered = sorted(self._records, key=_day_key)
        pairs = dict.fromkeys((r.profile_slug, r.vault_id) for r in ordered)
        found = []
        for slug, vault in pairs:
            held = [r for r in ordered if (r.profile_slug, r.vault_id) == (slug, vault)]
            found.append(_total(slug, vault, _day(held[0]), held))
        return tuple(found)

    @override
    def newest(self, groups: Sequence[GroupId], by: datetime) -> str | None:
        held = [r for key, rs in self._groups.items() if self._ids[key] in groups for r in rs]
        past = (r for r in held if r.data_at <= by)
        found = max(past, key=lambda r: (r.data_at, r.backup), default=None)
        return found.backup if found else None

    @override
    def find(self, backup: str) -> BackupRecord | None:
        return next((r for r in self._records if r.backup == backup), None)


def evidence_of(record: BackupRecord) -> tuple[EvidenceFact, ...]:
    """Return the verifications of one backup."""
    return tuple(
        EvidenceFact(
            backup=BackupId(record.backup),
            level=e.level,
            passed=e.passed,
            finished_at=e.finished_at,
            took=e.duration,
            target=e.target,
            stored_bytes=record.stored_bytes,
            plain_bytes=record.plain_bytes,
            documents=record.documents,
            steps=e.steps,
        )
        for e in record.evidence
    )


def _key(record: BackupRecord) -> _Key:
    return record.profile_slug, record.vault_id, record.protects


def _group(group_id: GroupId, key: _Key, held: Sequence[BackupRecord], now: datetime) -> Group:
    slug, vault_id, cover = key
    newest = max((r for r in held if r.data_at <= now), key=lambda r: r.data_at, default=None)
    return Group(
        group_id=group_id,
        profile_slug=slug,
        vault_id=vault_id,
        cover=cover,
        newest=newest.backup if newest else None,
        newest_at=newest.data_at if newest else None,
    )


def _day(record: BackupRecord) -> date:
    return record.finished_at.astimezone(UTC).date()


def _day_key(record: BackupRecord) -> tuple[date, str, VaultId]:
    return _day(record), record.profile_slug, record.vault_id


def _total(slug: str, vault: VaultId, day: date, held: Sequence[BackupRecord]) -> DayTotal:
    complete = [r for r in held if r.state is BackupState.COMPLETE]
    newest = max(held, key=lambda r: (r.finished_at, r.backup))
    return DayTotal(
        profile_slug=slug,
        vault_id=vault,
        day=day,
        complete=len(complete),
        unreadable=len(held) - len(complete),
        proven=sum(r.is_restored for r in complete),
        disproven=sum(r.failed_evidence is not None for r in complete),
        stored_bytes=sum(r.stored_bytes for r in held),
        newest_bytes=newest.stored_bytes,
    )
