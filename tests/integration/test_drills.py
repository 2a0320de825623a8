"""Drills on real parts: to a moment by lot, to a named one, and against a younger backup."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson.timestamp import Timestamp
from pymongo import MongoClient

from fakes.workstation import PROFILE, WAIT_S, Workstation, databases, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.assertion import Question, Verdict
from mangrove.core.backup import Consistency
from mangrove.core.drill import DrillRequest
from mangrove.core.errors import PointNotReachableError, ProfileNotFoundError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.run import Phase, RunKind, RunState, RunStatus
from mangrove.core.verification import Evidence, Level, StepName

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
ORDERS = Namespace("shop", "orders")


@pytest.fixture
def desk(tmp_path: Path, fresh_replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    """A shop with a backup, and captured oplog of a hundred orders after it."""
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.shop.orders.insert_many({"_id": n, "state": "new"} for n in range(50))
        client.shop.orders.create_index("state")
    with workstation(tmp_path, clock=SystemClock()) as opened:
        opened.add_vault()
        opened.add_profile(fresh_replica_set.uri)
        opened.add_profile(fresh_replica_set.uri, "again")
        assert opened.backup().state is RunState.SUCCEEDED
        yield opened


def sell(server: EmbeddedMongod) -> OplogTimestamp:
    """Change what is there, and make a database that the backup does not know."""
    with MongoClient[Any](server.uri) as client:
        client.shop.orders.update_many({"_id": {"$lt": 10}}, {"$set": {"state": "paid"}})
        client.shop.orders.insert_many({"_id": n, "state": "new"} for n in range(50, 150))
        client.later.people.insert_one({"_id": 1, "name": "Ann"})
        client.later.people.create_index("name", unique=True)
        (entry,) = client.local["oplog.rs"].find({"op": {"$ne": "n"}}).sort("$natural", -1).limit(1)
        ts: Timestamp = entry["ts"]
        return OplogTimestamp(ts.time, ts.inc)


def drill(desk: Workstation, **choices: Any) -> RunStatus:
    run_id = desk.services.drills.start(DrillRequest(PROFILE, **choices))
    return desk.services.activity.wait(run_id, WAIT_S)


def evidence(desk: Workstation, status: RunStatus) -> Evidence:
    assert status.backup is not None
    return desk.services.backups.explain(status.backup).evidence[0]


def test_a_drill_goes_to_a_drawn_moment_and_keeps_what_each_step_took(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    sell(fresh_replica_set)
    assert desk.capture().state is RunState.SUCCEEDED

    status = drill(desk, seed="first")

    assert (status.state, status.kind) == (RunState.SUCCEEDED, RunKind.DRILL), status
    kept = evidence(desk, status)
    assert (kept.level, kept.passed, kept.target) == (Level.DRILLED, True, "embedded")
    assert kept.drill is not None
    assert kept.drill.seed == "first"
    plan = desk.services.drills.plan(DrillRequest(PROFILE, seed="first"))
    assert plan.drill.limit == kept.drill.limit  # the same seed goes there again
    steps = {name for name, _ in kept.steps}
    assert steps >= {StepName.LOCATE, StepName.STORED, StepName.LOAD, StepName.CLEAN_UP}
    record = next(r for r in desk.services.backups.all() if r.backup == status.backup)
    assert record.proven is not None
    assert record.proven.level is Level.DRILLED
    assert status.result is not None
    assert "recovery to before" in status.result.summary


def test_a_drill_to_a_named_moment_asks_the_copy_as_it_was_then(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    sold = sell(fresh_replica_set)
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.shop.orders.delete_many({})
    desk.capture()
    assertions = desk.services.assertions
    assertions.add(PROFILE, "all sold", Question(ORDERS, at_least=150, at_most=150))
    people = Namespace("later", "people")
    assertions.add(PROFILE, "people", Question(people, at_least=1))

    status = drill(desk, at=sold.following, target="again")

    assert status.state is RunState.SUCCEEDED, status
    kept = evidence(desk, status)
    assert [r.verdict for r in kept.assertions] == [Verdict.HELD, Verdict.HELD]
    amounts = dict(kept.amounts)
    assert amounts["documents"] == 50
    assert amounts["operations"] >= 111
    assert amounts["slices"] == 1
    assert amounts["indexes"] == 2  # on state and on name
    assert dict(kept.steps)[StepName.REPLAY].total_seconds() > 0
    assert databases(fresh_replica_set) == {"shop", "later"}


def test_replaying_up_to_a_younger_backup_comes_to_the_very_same(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    desk.capture()
    sell(fresh_replica_set)
    younger = desk.backup(consistency=Consistency.SNAPSHOT).backup
    sell_more = {"_id": "afterwards"}
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.shop.orders.insert_one(sell_more)
    desk.capture()

    status = drill(desk, against=younger)

    assert status.state is RunState.SUCCEEDED, status
    assert status.backup != younger
    kept = evidence(desk, status)
    assert kept.drill is not None
    assert kept.drill.compared_with == younger
    assert StepName.REFERENCE in dict(kept.steps)


def test_what_the_replay_does_not_bring_back_is_found(
    desk: Workstation, fresh_replica_set: EmbeddedMongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.capture()
    sell(fresh_replica_set)
    younger = desk.backup(consistency=Consistency.SNAPSHOT).backup
    desk.capture()
    lost = "mangrove.connectors.mongo.replay_sink.MongoReplaySink.apply"
    monkeypatch.setattr(lost, lambda *_: None)

    status = drill(desk, against=younger)

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    kept = evidence(desk, status)
    assert not kept.passed
    assert any("shop.orders" in f.subject for f in kept.findings)


def test_without_captured_oplog_a_backup_itself_is_drilled(desk: Workstation) -> None:
    status = drill(desk)

    assert status.state is RunState.SUCCEEDED, status
    kept = evidence(desk, status)
    assert kept.drill is not None
    assert kept.level is Level.DRILLED
    assert kept.drill.limit is not None
    assert dict(kept.amounts)["slices"] == 0


def test_a_moment_that_cannot_be_had_starts_nothing(desk: Workstation) -> None:
    with pytest.raises(PointNotReachableError):
        drill(desk, at=OplogTimestamp(1_000_000_000, 1))


def test_a_drill_that_has_nowhere_to_go_is_not_even_planned(desk: Workstation) -> None:
    with pytest.raises(ProfileNotFoundError, match="nope"):
        desk.services.drills.plan(DrillRequest(PROFILE, target="nope"))


def test_a_cancelled_drill_leaves_nothing_and_says_nothing_of_the_backup(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    sold = sell(fresh_replica_set)
    desk.capture()
    asked = desk.at_phase(Phase.REPLAY, desk.cancel)

    status = drill(desk, at=sold.following, target="again")

    assert asked.is_set()
    assert status.state is RunState.CANCELLED
    assert databases(fresh_replica_set) == {"shop", "later"}
    (record,) = desk.services.backups.all()
    assert record.evidence == ()
