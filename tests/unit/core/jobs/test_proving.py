from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.clock import NOON
from fakes.oplog_story import record
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.jobs.proving import to_verify, what_is_wrong
from mangrove.core.run import Loss, RunId, RunKind, RunResult, RunState, RunStatus
from mangrove.core.verification import EvidenceSummary, Level

DAY = timedelta(days=1)


def aged(days: int, looked_at: int | None = None, level: Level = Level.RESTORED) -> BackupRecord:
    """Make a backup so many days old, and looked at so many days ago."""
    at = NOON - days * DAY
    evidence = (
        (EvidenceSummary(level, True, NOON - looked_at * DAY, timedelta(minutes=1), ""),)
        if looked_at is not None
        else ()
    )
    return replace(
        record(1),
        backup=BackupId(f"{days}-days-old"),
        started_at=at,
        finished_at=at,
        data_at=at,
        evidence=evidence,
    )


def chosen(*records: BackupRecord, share: int = 10, level: Level = Level.RESTORED) -> list[str]:
    return [r.backup.split("-")[0] for r in to_verify(records, level, NOON, share)]


def test_the_newest_unproven_backup_comes_first_then_those_nobody_saw_for_longest() -> None:
    proven = [aged(days, looked_at=days) for days in range(2, 12)]

    assert chosen(*proven, aged(1), aged(0, looked_at=0)) == ["1", "11", "10"]


def test_a_share_rotates_through_everything() -> None:
    records = {days: aged(days) for days in range(1, 8)}
    seen = []
    for turn in range(4):
        for name in chosen(*records.values(), share=20):
            seen.append(name)
            again = EvidenceSummary(
                Level.RESTORED, True, NOON + turn * DAY, timedelta(minutes=1), ""
            )
            records[int(name)] = records[int(name)].with_evidence(again)

    assert sorted(set(seen)) == [str(days) for days in range(1, 8)]
    assert seen[0] == "1"


@pytest.mark.parametrize(
    ("share", "expected"), [(0, ["1"]), (1, ["1", "2"]), (50, ["1", "2", "3"]), (100, None)]
)
def test_a_share_is_rounded_up(share: int, expected: list[str] | None) -> None:
    records = [aged(days) for days in range(1, 6)]

    assert chosen(*records, share=share) == (expected or ["1", "2", "3", "4", "5"])


def test_with_everything_proven_the_oldest_proof_is_made_anew_even_without_a_share() -> None:
    assert chosen(aged(1, looked_at=1), aged(2, looked_at=9), share=0) == ["2"]


def test_a_shallower_look_is_no_proof_and_a_deeper_one_is() -> None:
    records = aged(1, 0, Level.STORED), aged(2, 0, Level.DRILLED)

    assert chosen(*records, share=0) == ["1"]


def test_what_cannot_be_read_or_is_not_yet_is_left_alone() -> None:
    unreadable = replace(aged(1), state=BackupState.UNREADABLE)

    assert chosen(unreadable, aged(-1)) == []


@pytest.mark.parametrize(
    ("kind", "losses", "is_wrong"),
    [
        (RunKind.VERIFY, (Loss("shop.users", "is not there"),), True),
        (RunKind.DRILL, (Loss("shop.users", "is not there"),), True),
        (RunKind.CHECK, (Loss("shop.users", "is not there"),), True),
        (RunKind.BACKUP, (Loss("shop.users", "is not there"),), False),
        (RunKind.VERIFY, (), False),
    ],
)
def test_only_a_proof_can_go_wrong(kind: RunKind, losses: tuple[Loss, ...], is_wrong: bool) -> None:
    status = RunStatus(
        RunId("1"),
        kind,
        "t",
        "shop",
        "attic",
        None,
        RunState.SUCCEEDED,
        NOON,
        result=RunResult("it is bad", losses=losses),
    )

    assert ("shop.users: is not there" in what_is_wrong(status)) is is_wrong
