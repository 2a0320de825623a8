"""Jobs on real parts: create, verify, and say so when a step fails."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import PROFILE, VAULT, MovedClock, Workstation, fill, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.assertion import Question
from mangrove.core.backup import Selection
from mangrove.core.errors import InvalidScheduleError, JobNotFoundError
from mangrove.core.jobs.job import FiringState, JobKind, Rest
from mangrove.core.jobs.proving import PROOF_FAILED
from mangrove.core.namespace import Namespace
from mangrove.core.run import RunKind
from mangrove.core.verification import Level
from mangrove.services.jobs import JobDraft

pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def desk(
    tmp_path: Path, clock: MovedClock, fresh_replica_set: EmbeddedMongod
) -> Iterator[Workstation]:
    """A workstation with a vault, a small shop, and a clock that a test moves."""
    with MongoClient[Any](fresh_replica_set.uri) as client:
        fill(client, "shop", 1)
    with workstation(tmp_path, clock=clock) as opened:
        opened.add_vault()
        opened.add_profile(fresh_replica_set.uri + "&serverSelectionTimeoutMS=500")
        yield opened


def nightly(**choices: Any) -> JobDraft:
    return JobDraft("nightly", JobKind.BACKUP, VAULT, "daily 02:00", "UTC", PROFILE, **choices)


def test_a_night_takes_a_backup_proves_it_and_keeps_what_became_of_it(
    desk: Workstation, clock: MovedClock
) -> None:
    jobs = desk.services.jobs
    jobs.add(nightly(level=Level.DECODED))
    assert jobs.look_once() == ()

    clock.ahead = timedelta(days=3)
    assert jobs.look_once() == ("nightly",)

    last = jobs.find("Nightly").last
    assert last is not None
    assert (last.state, last.missed) == (FiringState.SUCCEEDED, 2)
    kinds = [desk.services.activity.status(run_id).kind for run_id in last.steps]
    assert kinds == [RunKind.BACKUP, RunKind.VERIFY]
    (record,) = desk.services.backups.all()
    assert record.proven is not None
    assert record.proven.level is Level.DECODED
    assert jobs.look_once() == ()


def test_a_server_that_is_gone_fails_the_night_with_its_reason(
    desk: Workstation, clock: MovedClock, fresh_replica_set: EmbeddedMongod
) -> None:
    jobs = desk.services.jobs
    jobs.add(nightly(level=Level.DECODED))
    fresh_replica_set.kill()
    clock.ahead = timedelta(days=1)
    jobs.close()  # nobody waits for minutes here: the tries that follow are given up

    firing = jobs.run("nightly")

    assert firing.state is FiringState.FAILED
    assert str(fresh_replica_set.port) in firing.problem
    assert len(firing.steps) == 1


def test_a_verification_job_takes_the_newest_unproven_backup_and_a_share_of_the_others(
    desk: Workstation,
) -> None:
    oldest, older, newest = (desk.backup().backup for _ in range(3))
    jobs = desk.services.jobs
    draft = JobDraft("proof", JobKind.VERIFY, VAULT, "sundays 05:00", "UTC", level=Level.STORED)
    jobs.add(draft)  # a tenth of the two others is one of them

    for expected in ([newest, older], [oldest, newest], [older]):
        firing = jobs.run("proof")
        assert firing.state is FiringState.SUCCEEDED
        done = [desk.services.activity.status(run_id).backup for run_id in firing.steps]
        assert done == expected


def test_a_bad_backup_fails_the_proof_and_is_told_after_all_were_looked_at(
    desk: Workstation,
) -> None:
    sound, bad = desk.backup().backup, desk.backup().backup
    assert sound is not None
    assert bad is not None
    segment = next(p for p in desk.vault_folder.rglob("*.0000.bson.*") if bad in str(p))
    segment.write_bytes(segment.read_bytes()[:-1])
    jobs = desk.services.jobs
    jobs.add(JobDraft("proof", JobKind.VERIFY, VAULT, "sundays 05:00", "UTC", level=Level.STORED))

    firing = jobs.run("proof")

    assert firing.state is FiringState.FAILED
    assert bad in firing.problem
    assert firing.problem_code == PROOF_FAILED
    assert len(firing.steps) == 2


def test_create_verify_rotate_stops_where_the_proof_fails(
    desk: Workstation,
) -> None:
    jobs = desk.services.jobs
    orders = Question(Namespace("shop", "big"), at_least=10**9)
    desk.services.assertions.add(PROFILE, "enough", orders)
    jobs.add(nightly(level=Level.RESTORED, prunes=True))

    firing = jobs.run("nightly")

    assert firing.state is FiringState.FAILED
    assert "enough" in firing.problem
    kinds = [desk.services.activity.status(run_id).kind for run_id in firing.steps]
    assert kinds == [RunKind.BACKUP, RunKind.VERIFY]  # nothing was rotated
    desk.services.assertions.remove(PROFILE, "enough")
    again = jobs.run("nightly")
    kinds = [desk.services.activity.status(run_id).kind for run_id in again.steps]
    assert kinds == [RunKind.BACKUP, RunKind.VERIFY, RunKind.PRUNE]
    assert again.state is FiringState.SUCCEEDED


def test_drills_and_checks_are_jobs_like_any_other(desk: Workstation) -> None:
    desk.backup()
    jobs = desk.services.jobs
    jobs.add(JobDraft("drill", JobKind.DRILL, VAULT, "monthly on 1 at 05:30", "UTC", PROFILE))
    jobs.add(JobDraft("check", JobKind.CHECK, VAULT, "monthly on 15 at 06:00", "UTC"))

    for name, kind in (("drill", RunKind.DRILL), ("check", RunKind.CHECK)):
        firing = jobs.run(name)
        assert firing.state is FiringState.SUCCEEDED, firing
        assert [desk.services.activity.status(r).kind for r in firing.steps] == [kind]


def test_a_vault_that_lost_an_object_fails_its_check(desk: Workstation) -> None:
    desk.backup()
    desk.file(".0000.bson.zst.age").unlink()
    jobs = desk.services.jobs
    jobs.add(JobDraft("check", JobKind.CHECK, VAULT, "monthly on 15 at 06:00", "UTC"))

    firing = jobs.run("check")

    assert firing.state is FiringState.FAILED
    assert "big.0000.bson.zst.age" in firing.problem


def test_a_night_may_end_with_pruning_and_an_oplog_is_captured_by_the_clock(
    desk: Workstation, clock: MovedClock
) -> None:
    jobs = desk.services.jobs
    jobs.add(nightly(prunes=True))
    jobs.add(JobDraft("oplog", JobKind.CAPTURE, VAULT, "every 15 minutes", "UTC", PROFILE))
    clock.ahead = timedelta(days=1)

    assert jobs.look_once() == ("nightly", "oplog")

    for name, kinds in (
        ("nightly", [RunKind.BACKUP, RunKind.PRUNE]),
        ("oplog", [RunKind.CAPTURE]),
    ):
        last = jobs.find(name).last
        assert last is not None
        assert last.state is FiringState.SUCCEEDED, last
        assert [desk.services.activity.status(run_id).kind for run_id in last.steps] == kinds


def test_the_recommended_plan_is_made_once(desk: Workstation) -> None:
    jobs = desk.services.jobs

    made = jobs.add_recommended(PROFILE, VAULT, "Europe/Berlin")

    plan = {job.kind: job.schedule.describe() for job in made.made}
    assert made.covered == ()
    assert {*plan} == {*JobKind} - {JobKind.PRUNE}  # which follows each backup
    assert plan[JobKind.CAPTURE].startswith("Every 15th minute")
    again = jobs.add_recommended(PROFILE, VAULT, "Europe/Berlin")
    assert again.made == ()
    assert {one.kind for one in again.covered} == {*plan}


def test_the_plan_adds_no_second_daily_backup_and_says_which_one_is_there(
    desk: Workstation,
) -> None:
    jobs = desk.services.jobs
    shop = Selection(databases=("shop",))
    jobs.add(replace(nightly(selection=shop), name="part"))  # covers less than the plan
    jobs.add(replace(nightly(), name="rarely", schedule="sundays 01:00"))  # not often enough
    jobs.add(replace(nightly(), name="early", schedule="daily 01:15"))
    jobs.add(JobDraft("oplog", JobKind.CAPTURE, VAULT, "every 1 hours", "UTC", PROFILE))

    planned = jobs.add_recommended(PROFILE, VAULT, "Europe/Berlin")

    assert [(one.kind, one.job) for one in planned.covered] == [(JobKind.BACKUP, "early")]
    assert {job.kind for job in planned.made} == {*JobKind} - {JobKind.PRUNE, JobKind.BACKUP}
    jobs.remove("early")
    again = jobs.add_recommended(PROFILE, VAULT, "Europe/Berlin")
    assert [job.kind for job in again.made] == [JobKind.BACKUP]


def test_a_pause_of_all_jobs_is_seen_on_each_of_them(desk: Workstation) -> None:
    services = desk.services
    services.jobs.add(nightly())
    until = clock_now(desk) + timedelta(days=9)

    services.agent.rest_until(until, "moving house")

    (view,) = services.jobs.all()
    assert view.rest == Rest(until, "moving house")
    assert view.next_at is not None
    assert until < view.next_at <= until + timedelta(days=1)
    services.agent.end_rest()
    (view,) = services.jobs.all()
    assert view.rest is None


def test_what_makes_no_job_is_refused_and_nothing_is_saved(desk: Workstation) -> None:
    jobs = desk.services.jobs

    with pytest.raises(InvalidScheduleError, match="needs a profile"):
        jobs.add(JobDraft("x", JobKind.BACKUP, VAULT, "daily 02:00", "UTC"))
    with pytest.raises(InvalidScheduleError, match="needs a profile"):
        jobs.add(JobDraft("x", JobKind.DRILL, VAULT, "daily 02:00", "UTC"))
    with pytest.raises(InvalidScheduleError, match="percent"):
        jobs.add(JobDraft("x", JobKind.VERIFY, VAULT, "daily 02:00", "UTC", share_percent=101))
    with pytest.raises(InvalidScheduleError, match="not to one backup"):
        jobs.add(nightly(level=Level.DRILLED))
    shop = Selection(databases=("shop",))
    with pytest.raises(InvalidScheduleError, match="takes no selection"):
        jobs.add(JobDraft("x", JobKind.PRUNE, VAULT, "daily 02:00", "UTC", selection=shop))
    with pytest.raises(InvalidScheduleError, match="is no schedule"):
        jobs.add(JobDraft("x", JobKind.VERIFY, VAULT, "when it rains", "UTC"))
    with pytest.raises(JobNotFoundError):
        jobs.pause("x", clock_now(desk), "")

    assert jobs.all() == ()


def clock_now(desk: Workstation) -> datetime:
    return desk.services.clock.now()


def test_a_job_whose_vault_was_forgotten_says_so(desk: Workstation) -> None:
    jobs = desk.services.jobs
    jobs.add(nightly())
    desk.services.vaults.remove(VAULT)

    firing = jobs.run("nightly")

    assert firing.state is FiringState.FAILED
    assert "vault is not known" in firing.problem
    assert jobs.find("nightly").vault == "(gone)"
