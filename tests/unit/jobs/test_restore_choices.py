import pytest

from fakes.deployment import ID_INDEX
from mangrove.core.backup import IndexChoice, OnExisting, OnRefusal, Rename
from mangrove.core.errors import ConnectionLostError
from mangrove.core.namespace import Namespace
from mangrove.core.run import RunState
from unit.jobs.conftest import NAME_INDEX, ORDERS, USERS, Bench

SAME = (Rename("shop", "shop"),)


@pytest.fixture
def half_full(backed_up: Bench) -> Bench:
    """The target has the first order as somebody changed it, and users of another kind of index."""
    backed_up.target.add("shop.orders", {**ORDERS[0], "changed": True})
    backed_up.target.add("shop.users", *USERS)
    return backed_up


def test_an_index_that_fails_ends_the_run_when_asked(backed_up: Bench) -> None:
    backed_up.target.failing_indexes = {"name_1"}

    status = backed_up.run(backed_up.restore(on_refusal=OnRefusal.STOP))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert "index name_1: two documents have the same key" in status.problem.message
    assert status.problem.code == "write-refused"
    assert backed_up.target.names() == []


def test_a_refused_document_ends_the_run_when_asked(backed_up: Bench) -> None:
    backed_up.target.refused = {ORDERS[1]["_id"]}

    stopped = backed_up.run(backed_up.restore(on_refusal=OnRefusal.STOP))
    went_on = backed_up.run(backed_up.restore())

    assert stopped.problem is not None
    assert "stops at the first refusal" in stopped.problem.message
    assert went_on.state is RunState.SUCCEEDED_WITH_WARNINGS


def test_indexes_are_built_before_the_documents_when_asked(backed_up: Bench) -> None:
    status = backed_up.run(backed_up.restore(renames=SAME, indexes=IndexChoice.BEFORE))

    assert status.state is RunState.SUCCEEDED
    calls = [what for what, subject in backed_up.target.calls if subject == "shop.users"]
    assert calls[:3] == ["create", "build_indexes", "insert"]
    assert calls.count("build_indexes") == 1
    users = backed_up.target.collections[Namespace("shop", "users")]
    assert users.indexes == (ID_INDEX, NAME_INDEX)


def test_only_what_is_missing_is_added_and_counted(half_full: Bench) -> None:
    request = half_full.restore(renames=SAME, on_existing=OnExisting.ONLY_MISSING)

    status = half_full.run(request)

    assert status.state is RunState.SUCCEEDED, status
    orders = half_full.target.content()["shop.orders"]
    assert {**ORDERS[0], "changed": True} in orders
    assert len(orders) == len(ORDERS)
    users = half_full.target.collections[Namespace("shop", "users")]
    assert users.indexes == (ID_INDEX,)
    made = {subject for what, subject in half_full.target.calls if what == "create"}
    assert made == {"shop.big_orders"}
    assert status.result is not None
    assert dict(status.result.figures)["documents_already_there"] == 1 + len(USERS)
    assert "2 existing collections were not compared" in status.result.summary
    assert half_full.safety_taken == []


def test_a_run_that_fails_leaves_what_existed_and_says_what_it_added(half_full: Bench) -> None:
    request = half_full.restore(renames=SAME, on_existing=OnExisting.ONLY_MISSING)

    def hook(operation: str, subject: str) -> None:
        if (operation, subject) == ("create", "shop.big_orders"):
            raise ConnectionLostError("the connection was lost")

    half_full.target.hook = hook

    status = half_full.run(request)

    assert status.problem is not None
    assert f"stay: shop.orders ({len(ORDERS) - 1:,})" in status.problem.message
    assert half_full.target.names() == ["shop.orders", "shop.users"]
