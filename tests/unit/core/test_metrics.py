from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.clock import NOON
from mangrove.core.backup import BackupId, Compression, Consistency
from mangrove.core.metrics import DEFAULT_OBJECTIVE, Exposure, Light, exposure, worst_first
from mangrove.core.vault import BackupRecord, BackupState, VaultId
from mangrove.core.verification import EvidenceSummary, Level

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def record(age: timedelta = HOUR, *evidence: EvidenceSummary, slug: str = "shop") -> BackupRecord:
    at = NOON - age
    return BackupRecord(
        backup=BackupId(f"{at:%Y%m%dT%H%M%SZ}-{slug}-0000"),
        vault_id=VaultId("v1"),
        profile_slug=slug,
        profile_name="Shop",
        state=BackupState.COMPLETE,
        problem="",
        sequence=1,
        started_at=at,
        finished_at=at + HOUR,
        data_at=at,
        achieved=Consistency.SNAPSHOT,
        selection="the whole deployment",
        is_whole=True,
        databases=("shop",),
        namespaces=1,
        documents=1,
        plain_bytes=1,
        stored_bytes=1,
        compression=Compression.ZSTD,
        is_encrypted=True,
        server_version="6.0.5",
        not_included=0,
        evidence=evidence,
    )


def proof(
    age: timedelta = HOUR, level: Level = Level.RESTORED, *, passed: bool = True
) -> EvidenceSummary:
    return EvidenceSummary(level, passed, NOON - age, timedelta(minutes=7), "embedded")


def judged(*records: BackupRecord) -> Exposure:
    return exposure("shop", "Shop", records, NOON)


PARTIAL = replace(record(), is_whole=False)
FILTERED = replace(record(HOUR, proof()), is_filtered=True)
UNREADABLE = replace(record(), state=BackupState.UNREADABLE)
FUTURE = record(-HOUR, proof())
FOREIGN = record(HOUR, proof(), slug="other")


@pytest.mark.parametrize(
    ("records", "light", "age", "reason"),
    [
        ([], Light.EXPOSED, None, "no complete backup"),
        ([PARTIAL], Light.EXPOSED, None, "no complete backup"),
        ([FILTERED], Light.EXPOSED, None, "no complete backup"),
        ([FILTERED, record(3 * HOUR)], Light.UNPROVEN, 3 * HOUR, "never restored"),
        ([UNREADABLE], Light.EXPOSED, None, "no complete backup"),
        ([FUTURE], Light.EXPOSED, None, "no complete backup"),
        ([FOREIGN], Light.EXPOSED, None, "no complete backup"),
        ([record(27 * HOUR, proof())], Light.EXPOSED, 27 * HOUR, "older than the objective"),
        ([record(2 * HOUR)], Light.UNPROVEN, 2 * HOUR, "never restored"),
        ([record(HOUR, proof(level=Level.STORED))], Light.UNPROVEN, HOUR, "never restored"),
        ([record(HOUR, proof(passed=False))], Light.UNPROVEN, HOUR, "last verification"),
        ([record(DAY, proof(31 * DAY))], Light.UNPROVEN, DAY, "more than 30 days ago"),
        ([record(DAY, proof(2 * HOUR), proof(passed=False))], Light.UNPROVEN, DAY, "failed"),
        ([record(HOUR, proof())], Light.PROVEN, HOUR, None),
        ([record(HOUR, proof(level=Level.DRILLED))], Light.PROVEN, HOUR, None),
        ([record(DEFAULT_OBJECTIVE, proof())], Light.PROVEN, DEFAULT_OBJECTIVE, None),
        ([record(HOUR, proof(), proof(2 * HOUR, passed=False))], Light.PROVEN, HOUR, None),
        ([record(DAY, proof()), record(2 * HOUR)], Light.UNPROVEN, 2 * HOUR, "never restored"),
        ([FUTURE, record(3 * HOUR, proof())], Light.PROVEN, 3 * HOUR, None),
        ([PARTIAL, record(3 * HOUR, proof())], Light.PROVEN, 3 * HOUR, None),
    ],
)
def test_a_profile_is_judged_by_its_newest_whole_backup(
    records: list[BackupRecord], light: Light, age: timedelta | None, reason: str | None
) -> None:
    found = judged(*records)

    assert (found.light, found.lose_at_most) == (light, age)
    assert reason in " ".join(found.reasons) if reason else found.reasons == ()


def test_parts_are_counted_and_the_restore_time_is_the_measured_one() -> None:
    found = judged(PARTIAL, record(DAY, proof(HOUR)), record(HOUR))

    assert (found.backups, found.partial) == (3, 1)
    assert found.restore_took == timedelta(minutes=7)


def test_filtered_backups_are_counted_apart_and_prove_no_restore_time() -> None:
    found = judged(FILTERED, record(DAY))

    assert (found.backups, found.partial, found.filtered) == (2, 1, 1)
    assert found.restore_took is None


def test_without_a_trial_no_restore_time_is_invented() -> None:
    assert judged(record(HOUR, proof(level=Level.DECODED))).restore_took is None


def test_the_worst_stands_first_and_absence_is_worst() -> None:
    def named(name: str, *records: BackupRecord) -> Exposure:
        return exposure("shop", name, records, NOON)

    exposures = [
        named("good", record(HOUR, proof())),
        named("unproven", record(HOUR)),
        named("b late", record(40 * HOUR)),
        named("A late", record(40 * HOUR)),
        named("later", record(50 * HOUR)),
        named("none"),
    ]

    assert [e.profile_name for e in worst_first(exposures)] == [
        "none",
        "later",
        "A late",
        "b late",
        "unproven",
        "good",
    ]


def test_captured_oplog_brings_the_newest_data_closer() -> None:
    reached = NOON - timedelta(minutes=2)
    rows = [record(27 * HOUR, proof())]

    found = exposure("shop", "Shop", rows, NOON, reached_at=reached)

    assert found.lose_at_most == timedelta(minutes=2)
    assert found.light is Light.PROVEN
    assert found.reached_at == reached


def test_a_backup_newer_than_the_captured_oplog_counts() -> None:
    found = exposure("shop", "Shop", [record(2 * HOUR)], NOON, reached_at=NOON - timedelta(hours=5))

    assert found.lose_at_most == 2 * HOUR


def test_an_oplog_from_the_future_loses_nothing_and_no_more() -> None:
    found = exposure("shop", "Shop", [record(HOUR)], NOON, reached_at=NOON + timedelta(hours=1))

    assert found.lose_at_most == timedelta(0)


def test_oplog_without_any_backup_protects_nothing() -> None:
    found = exposure("shop", "Shop", [], NOON, reached_at=NOON)

    assert found.lose_at_most is None
    assert found.light is Light.EXPOSED
