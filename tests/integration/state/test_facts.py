"""The facts about runs and firings, and the schedules that were in force."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.facts import SqliteFiringFacts, SqliteRunFacts
from mangrove.connectors.state.jobs import SqliteJobs
from mangrove.connectors.state.objectives import SqliteObjectives, SqliteSightings
from mangrove.connectors.state.runs import SqliteRuns
from mangrove.core.figures.objectives import Objectives
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, JobKind
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.profile import ProfileId
from mangrove.core.run import Loss, RunId, RunKind, RunResult, RunState, RunStatus
from mangrove.core.vaults.vault import VaultId

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JOB = Job(
    JobId("j1"),
    "hourly",
    JobKind.BACKUP,
    parse_schedule("hourly", "UTC"),
    VaultId("v1"),
    NOON - DAY,
)


def a_run(name: str, kind: RunKind, state: RunState, age: timedelta, profile: str) -> RunStatus:
    at = NOON - age
    result = RunResult("done", figures=(("seconds", 60.0), ("bson_bytes", 1000)))
    return RunStatus(
        RunId(name), kind, name, profile, "nas", None, state, at, at, at + HOUR, result=result
    )


def test_a_restore_with_losses_measures_nothing(database: StateDatabase) -> None:
    runs = SqliteRuns(database)
    good = a_run("good", RunKind.RESTORE, RunState.SUCCEEDED, HOUR, "shop")
    lost = replace(
        a_run("lossy", RunKind.COPY, RunState.SUCCEEDED_WITH_WARNINGS, HOUR, "shop"),
        result=RunResult("done", losses=(Loss("a.b", "refused"),), figures=(("seconds", 1.0),)),
    )
    for run in (good, lost, a_run("bad", RunKind.RESTORE, RunState.FAILED, HOUR, "shop")):
        runs.save(run)

    (measured,) = SqliteRunFacts(database).restores()

    assert (measured.target, measured.took) == ("shop", timedelta(seconds=60))


def test_failed_backups_are_counted_by_profile_and_day(database: StateDatabase) -> None:
    runs = SqliteRuns(database)
    for name, kind, state, age in (
        ("a", RunKind.BACKUP, RunState.FAILED, HOUR),
        ("b", RunKind.BACKUP, RunState.INTERRUPTED, 2 * HOUR),
        ("c", RunKind.BACKUP, RunState.SUCCEEDED, 3 * HOUR),
        ("d", RunKind.VERIFY, RunState.FAILED, 4 * HOUR),
        ("e", RunKind.BACKUP, RunState.FAILED, 20 * DAY),
    ):
        runs.save(a_run(name, kind, state, age, "shop"))

    failed = SqliteRunFacts(database).failed_backups(date(2026, 3, 15))

    assert failed == {"shop": {date(2026, 3, 20): 2}}


def test_the_newest_run_that_is_over_is_found_for_each_profile(database: StateDatabase) -> None:
    runs = SqliteRuns(database)
    for name, state, age, profile in (
        ("running", RunState.RUNNING, 0 * HOUR, "shop"),
        ("new", RunState.FAILED, HOUR, "shop"),
        ("old", RunState.SUCCEEDED, 5 * HOUR, "shop"),
        ("other", RunState.SUCCEEDED, 50 * DAY, "billing"),
    ):
        runs.save(a_run(name, RunKind.BACKUP, state, age, profile))

    found = SqliteRunFacts(database).newest(RunKind.BACKUP)

    assert [(run.profile, run.run_id) for run in found] == [("billing", "other"), ("shop", "new")]


def test_a_changed_schedule_leaves_what_was_expected_before(database: StateDatabase) -> None:
    jobs = SqliteJobs(database)
    jobs.save(JOB)
    early, late = NOON - HOUR, NOON + HOUR
    paused = replace(JOB, paused_until=NOON + DAY)
    daily = replace(JOB, schedule=parse_schedule("daily 02:00", "UTC"))

    jobs.save_firing(Firing(JOB.job_id, early, early, FiringState.SUCCEEDED, early))
    jobs.save(paused, NOON - HOUR / 2)
    jobs.save(paused, NOON - HOUR / 4)  # nothing about its times is different
    jobs.save(daily, NOON)
    jobs.save_firing(Firing(JOB.job_id, early, late, FiringState.FAILED, late, problem="full"))

    facts = SqliteFiringFacts(database)
    versions = facts.schedule_versions()[JOB.job_id]
    assert [(v.number, v.since, v.schedule.cron) for v in versions] == [
        (1, JOB.created_at, "0 * * * *"),
        (2, NOON - HOUR / 2, "0 * * * *"),
        (3, NOON, "0 2 * * *"),
    ]
    fired = facts.fired(NOON - DAY)[JOB.job_id]
    assert [(f.slot_at, f.version) for f in fired] == [(early, 1), (early, 1)]


def test_a_job_from_before_there_were_versions_gets_its_first_one(
    database: StateDatabase,
) -> None:
    jobs = SqliteJobs(database)
    jobs.save(JOB)
    with database.writing() as connection:
        connection.execute("DELETE FROM schedule_versions")

    jobs.save(replace(JOB, schedule=parse_schedule("daily 02:00", "UTC")), NOON)

    versions = SqliteFiringFacts(database).schedule_versions()[JOB.job_id]
    assert [(v.number, v.since) for v in versions] == [(1, JOB.created_at), (2, NOON)]


def test_what_becomes_of_a_firing_shows_at_once(database: StateDatabase) -> None:
    jobs = SqliteJobs(database)
    jobs.save(JOB)
    begun = Firing(JOB.job_id, NOON, NOON, FiringState.RUNNING)
    jobs.save_firing(begun)

    jobs.save_firing(replace(begun, state=FiringState.FAILED, ended_at=NOON + HOUR, problem="full"))

    (fired,) = SqliteFiringFacts(database).fired(NOON - HOUR)[JOB.job_id]
    assert (fired.state, fired.ended_at) == (FiringState.FAILED, NOON + HOUR)
    assert fired.problem == "full"


def test_objectives_come_back_and_empty_ones_go(database: StateDatabase) -> None:
    store, shop = SqliteObjectives(database), ProfileId("shop")
    store.save(shop, "", Objectives(rpo=HOUR))
    store.save(shop, "billing", Objectives(rto=2 * HOUR, evidence_age=7 * DAY))

    assert store.all() == {
        shop: {"": Objectives(rpo=HOUR), "billing": Objectives(rto=2 * HOUR, evidence_age=7 * DAY)}
    }

    store.save(shop, "", Objectives())

    assert list(store.all()[shop]) == ["billing"]


def test_a_database_keeps_when_it_was_first_seen(database: StateDatabase) -> None:
    store, shop = SqliteSightings(database), ProfileId("shop")
    store.note_databases(shop, {"shop": 3, "old": 1}, NOON - DAY)
    store.note_databases(shop, {"shop": 5, "new": 2}, NOON)

    seen = {d.name: d for d in store.databases()[shop]}

    assert (seen["shop"].first_seen, seen["shop"].last_seen) == (NOON - DAY, NOON)
    assert seen["shop"].collections == 5
    assert seen["old"].last_seen == NOON - DAY
    assert seen["new"].first_seen == NOON


def test_backups_that_failed_within_a_time_are_found_by_their_end(database: StateDatabase) -> None:
    runs = SqliteRuns(database)
    long_one = a_run("long", RunKind.BACKUP, RunState.FAILED, 9 * DAY, "shop")
    for run in (
        a_run("a", RunKind.BACKUP, RunState.FAILED, 2 * HOUR, "shop"),
        a_run("b", RunKind.BACKUP, RunState.INTERRUPTED, 3 * HOUR, "billing"),
        a_run("c", RunKind.BACKUP, RunState.SUCCEEDED, 3 * HOUR, "shop"),
        a_run("d", RunKind.VERIFY, RunState.FAILED, 3 * HOUR, "shop"),
        a_run("early", RunKind.BACKUP, RunState.FAILED, 3 * DAY, "shop"),
        a_run("late", RunKind.BACKUP, RunState.FAILED, timedelta(minutes=30), "shop"),
        replace(long_one, ended_at=NOON - 4 * HOUR),
    ):
        runs.save(run)

    found = SqliteRunFacts(database).failed_within(NOON - DAY, NOON)

    assert [run.run_id for run in found] == ["long", "b", "a"]
