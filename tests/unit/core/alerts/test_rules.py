"""The rules of alerts: each kind found when it should be, and silent when it should not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.nightly import nightly
from mangrove.core.alerts.alert import AlertKind, Severity, Trouble
from mangrove.core.alerts.facts import Watched, WatchedJob, WatchedVault
from mangrove.core.alerts.rules import outage_between, troubles_in
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, JobKind
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.profile import ProfileId

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHTLY = replace(nightly(NOW - 30 * DAY), profile_id=ProfileId("p1"))
CAPTURE = replace(
    NIGHTLY,
    job_id=JobId("oplog"),
    name="oplog",
    kind=JobKind.CAPTURE,
    schedule=parse_schedule("every 15 minutes", "UTC"),
)
TODAY_AT_TWO = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
ATTIC = WatchedVault("attic", backups=3)


def fired(
    state: FiringState, slot_at: datetime = TODAY_AT_TWO, problem: str = "", code: str = ""
) -> Firing:
    return Firing(
        JobId("nightly"),
        slot_at,
        slot_at,
        state,
        slot_at + timedelta(minutes=3),
        problem=problem,
        problem_code=code,
    )


GOOD = fired(FiringState.SUCCEEDED)
FAILED = fired(FiringState.FAILED, problem="cannot reach db1", code="server-unreachable")
LOCKED = fired(FiringState.FAILED, problem="the keyring is locked", code="keyring-locked")


def found(
    *,
    job: Job = NIGHTLY,
    firings: tuple[Firing, ...] = (GOOD,),
    vault: WatchedVault = ATTIC,
    has_agent: bool = True,
    now: datetime = NOW,
) -> dict[AlertKind, Trouble]:
    watched = Watched(now, (WatchedJob(job, firings),), (), (vault,), has_agent)
    return {trouble.kind: trouble for trouble in troubles_in(watched)}


def test_nothing_is_wrong_where_everything_is_as_it_should_be() -> None:
    assert found() == {}


# --- jobs --------------------------------------------------------------------------------


def test_failure_is_told_with_its_reason_and_is_critical_from_the_third_in_a_row_on() -> None:
    once = found(firings=(FAILED, GOOD))[AlertKind.FAILED]
    often = found(firings=(FAILED, FAILED, FAILED, GOOD))[AlertKind.FAILED]

    assert once.severity is Severity.WARNING
    assert once.sentence == "the job nightly failed: cannot reach db1"
    assert (once.key, once.job_id) == (often.key, JobId("nightly"))
    assert often.severity is Severity.CRITICAL
    assert "3 times in a row" in often.sentence


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (FiringState.INTERRUPTED, AlertKind.FAILED),
        (FiringState.SUCCEEDED_WITH_WARNINGS, AlertKind.LOSSES),
        (FiringState.CANCELLED, None),
        (FiringState.SUCCEEDED, None),
    ],
)
def test_an_ending_is_judged_by_its_state(state: FiringState, kind: AlertKind | None) -> None:
    assert set(found(firings=(fired(state),))) == ({kind} if kind else set())


def test_a_skipped_or_running_time_says_nothing_about_the_last_ending() -> None:
    skipped = fired(FiringState.SKIPPED)

    assert AlertKind.FAILED in found(firings=(skipped, FAILED))


@pytest.mark.parametrize("code", ["keyring-locked", "keyring-unavailable"])
def test_a_keyring_that_cannot_be_used_is_one_critical_alert_for_all_jobs(code: str) -> None:
    locked = replace(LOCKED, problem_code=code)
    jobs = tuple(
        WatchedJob(replace(NIGHTLY, job_id=JobId(name), name=name), (locked,))
        for name in ("one", "two")
    )

    (trouble,) = troubles_in(Watched(NOW, jobs))

    assert (trouble.kind, trouble.severity) == (AlertKind.KEYRING, Severity.CRITICAL)
    assert "2 jobs could not run" in trouble.sentence
    assert "(one, two)" in trouble.sentence


def test_a_job_that_waits_for_the_keyring_is_told_while_it_waits() -> None:
    waiting = replace(LOCKED, state=FiringState.RUNNING)
    tries = replace(waiting, problem="", problem_code="")

    assert AlertKind.KEYRING in found(firings=(waiting, GOOD))
    assert AlertKind.KEYRING not in found(firings=(tries, GOOD))
    assert AlertKind.KEYRING in found(firings=(tries, LOCKED))


def test_a_missed_time_is_known_from_the_schedule_alone() -> None:
    yesterday = replace(GOOD, slot_at=TODAY_AT_TWO - DAY, begun_at=TODAY_AT_TWO - DAY)

    missed = found(firings=(yesterday,))[AlertKind.MISSED]

    assert missed.sentence == "the job nightly was due 10 h ago, and nothing began"
    assert found(firings=()).keys() >= {AlertKind.MISSED}  # it never ran at all


@pytest.mark.parametrize(
    ("job", "firings", "now"),
    [
        (NIGHTLY, (GOOD,), NOW),
        (replace(NIGHTLY, paused_until=NOW + DAY), (), NOW),
        (NIGHTLY, (fired(FiringState.RUNNING, TODAY_AT_TWO - DAY),), NOW),
        (
            replace(NIGHTLY, created_at=TODAY_AT_TWO - HOUR),
            (),
            TODAY_AT_TWO + timedelta(minutes=19),
        ),
    ],
    ids=["served", "paused", "still running", "within patience"],
)
def test_no_time_is_missed(job: Job, firings: tuple[Firing, ...], now: datetime) -> None:
    assert AlertKind.MISSED not in found(job=job, firings=firings, now=now)


def test_a_frequent_job_is_missed_after_twenty_minutes_not_at_each_new_time() -> None:
    served = replace(GOOD, slot_at=NOW - timedelta(minutes=40))

    trouble = found(job=CAPTURE, firings=(served,))[AlertKind.MISSED]

    assert "was due 30 min ago, and 2 times since, and nothing began" in trouble.sentence


# --- the agent ---------------------------------------------------------------------------


def test_without_an_agent_nothing_runs_by_itself() -> None:
    assert found(has_agent=False)[AlertKind.AGENT].severity is Severity.CRITICAL
    assert AlertKind.AGENT not in found(
        job=replace(NIGHTLY, paused_until=NOW + DAY), has_agent=False
    )


@pytest.mark.parametrize(
    ("hours", "slots", "severity"),
    [(11, 1, Severity.NOTE), (60, 3, Severity.CRITICAL)],
    ids=["a night asleep", "dead for days"],
)
def test_an_outage_is_told_until_the_job_was_done_again(
    hours: int, slots: int, severity: Severity
) -> None:
    nightly = WatchedJob(NIGHTLY, ())
    outage = outage_between(NOW - hours * HOUR, NOW, (nightly,))
    assert outage is not None
    assert outage.slots == slots

    def told(*firings: Firing, later: timedelta = timedelta()) -> list[Severity]:
        watched = Watched(NOW + later, (WatchedJob(NIGHTLY, firings),), outage=outage)
        return [t.severity for t in troubles_in(watched) if t.kind is AlertKind.AGENT]

    assert told() == [severity]
    assert told(replace(GOOD, begun_at=NOW, state=FiringState.FAILED)) == [severity]
    assert told(replace(GOOD, begun_at=NOW), later=HOUR) == []


def test_nothing_is_missed_between_two_times_or_by_jobs_that_rest() -> None:
    resting = replace(NIGHTLY, paused_until=NOW + HOUR)

    assert outage_between(NOW - 9 * HOUR, NOW, (WatchedJob(NIGHTLY, ()),)) is None
    assert outage_between(NOW - 60 * HOUR, NOW, (WatchedJob(resting, ()),)) is None


# --- vaults ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "lasts", "severity"),
    [
        (None, None, None),
        (10_000, None, None),
        (10_000, 13 * DAY, Severity.WARNING),
        (2_500, None, Severity.WARNING),
        (999, 90 * DAY, Severity.CRITICAL),
    ],
)
def test_room_in_a_vault(
    free: int | None, lasts: timedelta | None, severity: Severity | None
) -> None:
    vault = replace(
        ATTIC, free_bytes=free, full_at=NOW + lasts if lasts else None, largest_bytes=1_000
    )

    trouble = found(vault=vault).get(AlertKind.VAULT_FULL)

    assert (trouble.severity if trouble else None) == severity
