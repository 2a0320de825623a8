"""Assertions on a real server: asked live, asked of restored copies, kept as signed evidence."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128
from pymongo import MongoClient

from fakes.workstation import PROFILE, Workstation, workstation
from mangrove.app.clock import SystemClock
from mangrove.cli.exit_codes import ExitCode, code_of_run
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.assertion import Measure, Question, Verdict
from mangrove.core.backup import Selection
from mangrove.core.errors import AssertionNotFoundError, InvalidSelectionError, NameTakenError
from mangrove.core.namespace import Namespace
from mangrove.core.run import RunState
from mangrove.core.verification import Evidence, Level, StepName, VerifyRequest

pytestmark = [pytest.mark.mongod, pytest.mark.slow]

ORDERS = Namespace("shop", "orders")
HOUR_S = 3600.0


@pytest.fixture
def desk(tmp_path: Path, fresh_replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    """A workstation with a shop of twenty orders, one an hour, and a vault."""
    now = SystemClock().now()
    orders = [
        {"_id": n, "total": n, "exact": Decimal128("1.5"), "placed_at": now - timedelta(hours=n)}
        for n in range(20)
    ]
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.shop.orders.insert_many(orders)
        client.shop.orders.insert_one({"_id": "odd", "total": "none", "placed_at": "today"})
    with workstation(tmp_path, clock=SystemClock()) as opened:
        opened.add_vault()
        opened.add_profile(fresh_replica_set.uri)
        yield opened


def ask(desk: Workstation, **of: Any) -> tuple[Verdict, float | None, str]:
    question = Question(of.pop("namespace", ORDERS), **of)
    result = desk.services.assertions.try_live(PROFILE, "x", question)
    return result.verdict, result.value, result.problem


def evidence_of(desk: Workstation) -> Evidence:
    (record,) = desk.services.backups.all()
    return desk.services.backups.explain(record.backup).evidence[0]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({"at_least": 21}, 21),
        ({"query": '{"total": {"$lt": 5}}', "at_most": 5}, 5),
        ({"measure": Measure.SUM, "field": "total", "at_least": 190}, 190),
        ({"measure": Measure.AVERAGE, "field": "total", "at_most": 9.5}, 9.5),
        ({"measure": Measure.LEAST, "field": "total", "at_least": 0}, 0),
        ({"measure": Measure.GREATEST, "field": "total", "at_most": 19}, 19),
        ({"measure": Measure.GREATEST, "field": "exact", "at_most": 1.5}, 1.5),
        ({"measure": Measure.SUM, "field": "nowhere", "at_most": 0}, 0),
    ],
    ids=["count", "query", "sum", "average", "least", "greatest", "decimal", "no such field"],
)
def test_a_figure_is_taken_by_the_server(
    desk: Workstation, of: dict[str, Any], expected: float
) -> None:
    assert ask(desk, **of) == (Verdict.HELD, expected, "")


def test_an_age_is_that_of_the_newest_date(desk: Workstation) -> None:
    verdict, value, _ = ask(desk, measure=Measure.AGE, field="placed_at", at_most=HOUR_S)
    assert verdict is Verdict.HELD
    assert value is not None
    assert 0 <= value < HOUR_S / 2

    old = ask(desk, measure=Measure.AGE, field="placed_at", query='{"_id": 5}', at_most=HOUR_S)
    assert old[0] is Verdict.BROKEN


def test_what_is_not_there_breaks_and_what_is_no_question_gets_no_answer(
    desk: Workstation,
) -> None:
    nothing = Namespace("shop", "nothing")
    assert ask(desk, namespace=nothing, at_least=1)[:2] == (Verdict.BROKEN, 0)
    verdict, value, why = ask(desk, measure=Measure.AGE, field="gone", at_most=1)
    assert (verdict, value) == (Verdict.BROKEN, None)
    assert "shop.orders" in why
    verdict, _, why = ask(desk, query='{"$nonsense": 1}', at_least=1)
    assert verdict is Verdict.UNANSWERED
    assert "nonsense" in why
    with pytest.raises(InvalidSelectionError):
        ask(desk, query="{total: 1", at_least=1)


def test_the_restored_copy_is_asked_and_the_answers_are_signed_evidence(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    assertions = desk.services.assertions
    assertions.add(PROFILE, "enough", Question(ORDERS, at_least=21))
    assertions.add(
        PROFILE, "fresh", Question(ORDERS, Measure.AGE, "placed_at", at_most=26 * HOUR_S)
    )
    with pytest.raises(NameTakenError):
        assertions.add(PROFILE, "Enough", Question(ORDERS, at_least=1))
    backup = desk.backup().backup
    assert backup is not None
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.drop_database("shop")  # what lives now says nothing about the copy

    status = desk.verify(VerifyRequest(backup))

    assert status.state is RunState.SUCCEEDED, status
    kept = evidence_of(desk)
    assert {r.name: r.verdict for r in kept.assertions} == {
        "enough": Verdict.HELD,
        "fresh": Verdict.HELD,
    }
    assert kept.passed
    assert dict(kept.amounts)["documents"] == 21
    summary = desk.services.backups.all()[0].evidence[0]
    assert summary.step(StepName.LOAD) is not None
    assert summary.amount("documents") == 21


def test_a_copy_that_is_not_what_its_owner_expects_is_a_finding(desk: Workstation) -> None:
    desk.services.assertions.add(PROFILE, "a million", Question(ORDERS, at_least=1e6))
    backup = desk.backup().backup
    assert backup is not None

    status = desk.verify(VerifyRequest(backup))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    kept = evidence_of(desk)
    assert not kept.passed
    (finding,) = kept.findings
    assert finding.subject == "assertion a million"
    assert code_of_run(status) is ExitCode.BAD_BACKUP
    assert "21" in finding.problem
    assert "at least 1,000,000" in finding.problem


def test_one_without_an_answer_is_told_and_says_nothing_against_the_backup(
    desk: Workstation,
) -> None:
    desk.services.assertions.add(
        PROFILE, "odd", Question(ORDERS, query='{"$nonsense": 1}', at_least=1)
    )
    backup = desk.backup().backup
    assert backup is not None

    status = desk.verify(VerifyRequest(backup))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    (loss,) = status.result.losses
    assert "nonsense" in loss.reason
    assert code_of_run(status) is ExitCode.LOSSES
    assert evidence_of(desk).passed


def test_a_backup_of_a_part_is_not_asked_for_what_it_was_not_meant_to_hold(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    with MongoClient[Any](fresh_replica_set.uri) as client:
        client.hr.people.insert_one({"_id": 1})
    desk.services.assertions.add(PROFILE, "enough", Question(ORDERS, at_least=21))
    status = desk.backup(selection=Selection(databases=("hr",)))
    assert status.backup is not None

    assert desk.verify(VerifyRequest(status.backup)).state is RunState.SUCCEEDED
    kept = evidence_of(desk)
    assert (kept.level, kept.assertions) == (Level.RESTORED, ())


def test_an_assertion_goes_by_name_and_its_profile_by_name(desk: Workstation) -> None:
    assertions = desk.services.assertions
    assertions.add(PROFILE, "Enough", Question(ORDERS, at_least=1))
    assertions.remove(PROFILE, "enough")

    assert assertions.of(PROFILE) == ()
    with pytest.raises(AssertionNotFoundError, match="enough"):
        assertions.remove(PROFILE, "enough")
