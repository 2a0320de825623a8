from collections.abc import Callable

import bson
import pytest

from fakes.deployment import ID_INDEX
from mangrove.core.backup import IndexChoice, Rename, SafetyBackup
from mangrove.core.errors import ConnectionLostError, MangroveError, WriteRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.run import Phase, RunState
from mangrove.jobs.restores.restore import PHASES
from unit.jobs.conftest import NAME_INDEX, ORDERS, USERS, Bench

COPY = "shop_restored_20260301_120000"
OLD_USERS = [{"_id": "old", "name": "kept until the end"}]
WRITES = {"create", "insert", "build_indexes", "replace", "drop", "drop_database"}


@pytest.fixture
def occupied(backed_up: Bench) -> Bench:
    """The target has users of its own, and a collection that the backup does not know."""
    backed_up.target.add("shop.users", *OLD_USERS)
    backed_up.target.add("shop.extra", {"_id": 1})
    return backed_up


def fail_at(operation: str, error: MangroveError, count: int = 0) -> Callable[[str, str], None]:
    left = [count]

    def hook(called: str, _: str) -> None:
        if called == operation:
            left[0] -= 1
            if left[0] < 0:
                raise error

    return hook


def cancel_at(bench: Bench, operation: str) -> Callable[[str, str], None]:
    def hook(called: str, _: str) -> None:
        if called == operation:
            for status in bench.runner.live():
                bench.runner.cancel(status.run_id)

    return hook


def writes(bench: Bench) -> list[tuple[str, str]]:
    return [call for call in bench.target.calls if call[0] in WRITES]


def test_a_restore_goes_into_a_copy_that_is_the_same(backed_up: Bench) -> None:
    status = backed_up.run(backed_up.restore(), *PHASES)

    assert (status.state, status.problem) == (RunState.SUCCEEDED, None)
    assert backed_up.target.content() == {
        f"{COPY}.big_orders": [],
        f"{COPY}.orders": ORDERS,
        f"{COPY}.users": USERS,
    }
    made = backed_up.target.collections
    assert made[Namespace(COPY, "users")].indexes == (ID_INDEX, NAME_INDEX)
    assert bson.decode(made[Namespace(COPY, "big_orders")].options)["viewOn"] == "orders"
    assert status.result is not None
    assert status.result.targets == (COPY,)
    assert ("settle", "") in backed_up.target.calls
    assert backed_up.safety_taken == []


def test_a_view_follows_its_renamed_collection(backed_up: Bench) -> None:
    renames = (
        Rename("shop", "copy"),
        Rename("shop.orders", "copy.old_orders"),
    )

    backed_up.run(backed_up.restore(renames=renames))

    view = backed_up.target.collections[Namespace("copy", "big_orders")]
    assert bson.decode(view.options)["viewOn"] == "old_orders"
    assert backed_up.target.content()["copy.old_orders"] == ORDERS


def test_only_what_is_chosen_is_restored(backed_up: Bench) -> None:
    backed_up.run(backed_up.restore(include=("shop.*",), exclude=("shop.big*", "*.users")))

    assert backed_up.target.names() == [f"{COPY}.orders"]


def test_indexes_are_left_out_when_asked(backed_up: Bench) -> None:
    status = backed_up.run(backed_up.restore(indexes=IndexChoice.NEVER))

    assert status.state is RunState.SUCCEEDED
    assert backed_up.target.collections[Namespace(COPY, "users")].indexes == (ID_INDEX,)


def test_a_lost_connection_half_way_takes_back_what_was_created(backed_up: Bench) -> None:
    error = ConnectionLostError("the connection was lost")
    backed_up.target.hook = fail_at("insert", error)

    status = backed_up.run(backed_up.restore())

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert (status.problem.code, status.problem.message) == ("connection-lost", error.message)
    assert backed_up.target.names() == []
    assert ("drop_database", COPY) in backed_up.target.calls


def test_what_cannot_be_taken_back_is_named(backed_up: Bench) -> None:
    def hook(operation: str, _: str) -> None:
        if operation in ("insert", "drop"):
            raise ConnectionLostError("the connection was lost")

    backed_up.target.hook = hook

    status = backed_up.run(backed_up.restore(include=("shop.users",)))

    assert status.problem is not None
    assert f"{COPY}.users" in status.problem.message


def test_a_cancel_that_could_not_take_everything_back_says_what_is_left(backed_up: Bench) -> None:
    cancel = cancel_at(backed_up, "insert")

    def hook(operation: str, subject: str) -> None:
        cancel(operation, subject)
        if operation in ("insert", "drop"):
            raise ConnectionLostError("the connection was lost")

    backed_up.target.hook = hook

    status = backed_up.run(backed_up.restore(include=("shop.users",)))

    assert status.state is RunState.CANCELLED
    assert status.note == (
        f"cancelled; {COPY}.users stayed there incomplete; list and remove what stayed with: "
        "mangrove profile clean target"
    )


def test_a_collection_that_cannot_be_dropped_keeps_no_other_one(backed_up: Bench) -> None:
    def hook(operation: str, subject: str) -> None:
        if operation == "build_indexes":
            raise WriteRefusedError("no more")
        if (operation, subject) == ("drop", f"{COPY}.users"):
            raise WriteRefusedError("can't drop a system collection")

    backed_up.target.hook = hook

    status = backed_up.run(backed_up.restore())

    assert status.problem is not None
    assert status.problem.message == "no more"
    assert backed_up.target.names() == []
    assert ("drop_database", COPY) in backed_up.target.calls


def test_damage_met_while_loading_fails_the_run(backed_up: Bench) -> None:
    def spoil(operation: str, _: str) -> None:
        if operation == "create":
            backed_up.target.hook = lambda *_: None
            backed_up.damage("users.0000.bson.zst.age", lambda content: content[:-5])

    backed_up.target.hook = spoil

    status = backed_up.run(backed_up.restore(include=("shop.users",)))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "blob-mismatch"
    assert backed_up.target.names() == []


def test_a_damaged_backup_is_refused_before_anything_is_written(backed_up: Bench) -> None:
    backed_up.damage("users.0000.bson.zst.age", lambda content: content[:-5])

    status = backed_up.run(backed_up.restore())

    assert status.problem is not None
    assert status.problem.code == "blob-mismatch"
    assert writes(backed_up) == []


@pytest.mark.parametrize("phase", [p for p in PHASES if p is not Phase.SAFETY])
def test_a_cancel_in_any_phase_leaves_the_target_as_it_was(occupied: Bench, phase: Phase) -> None:
    before = occupied.target.content()
    occupied.cancel_at(phase)

    status = occupied.run(occupied.restore(replace=("shop",), safety=SafetyBackup.SKIP), *PHASES)

    assert status.state is RunState.CANCELLED
    assert occupied.target.content() == before


@pytest.mark.parametrize("operation", ["insert", "build_indexes", "read"])
def test_a_cancel_half_way_takes_back_what_was_created(backed_up: Bench, operation: str) -> None:
    backed_up.target.hook = cancel_at(backed_up, operation)

    status = backed_up.run(backed_up.restore())

    assert status.state is RunState.CANCELLED
    assert backed_up.target.names() == []


def test_a_cancel_before_the_start_asks_nobody(backed_up: Bench) -> None:
    status = backed_up.run_cancelled(backed_up.restore())

    assert status.state is RunState.CANCELLED
    assert backed_up.target.calls == []


def test_an_occupied_target_is_refused_before_anything_is_written(occupied: Bench) -> None:
    renames = (Rename("shop", "shop"),)

    status = occupied.run(occupied.restore(renames=renames))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "target-not-empty"
    assert "--yes-replace shop" in status.problem.hint
    assert writes(occupied) == []


def test_a_replaced_collection_is_backed_up_first_and_swapped_last(occupied: Bench) -> None:
    status = occupied.run(occupied.restore(replace=("shop",)), *PHASES)

    assert status.state is RunState.SUCCEEDED, status.problem
    assert occupied.safety_taken == [(Namespace("shop", "users"),)]
    assert status.result is not None
    assert status.result.safety_backup == "a-safety-backup"
    assert status.result.summary.endswith(
        "; what was replaced is in the safety backup a-safety-backup"
    )
    assert occupied.target.content() == {
        "shop.big_orders": [],
        "shop.extra": [{"_id": 1}],
        "shop.orders": ORDERS,
        "shop.users": USERS,
    }
    operations = [operation for operation, _ in writes(occupied)]
    assert operations[-1] == "replace"
    assert "drop" not in operations


def test_what_a_view_will_not_find_is_a_warning_of_the_run_too(bench: Bench) -> None:
    pipeline = [{"$lookup": {"from": "users", "as": "who"}}]
    options = bson.encode({"viewOn": "orders", "pipeline": pipeline})
    bench.shop.add("shop.joined", kind="view", options=options, indexes=())
    assert bench.run(bench.backup()).problem is None

    status = bench.run(bench.restore(renames=(Rename("shop.users", "shop.people"),)))

    assert status.result is not None, status.problem
    (warning,) = [w for w in status.result.warnings if "will find nothing" in w]
    assert "reads in $lookup shop.users" in warning


def test_a_collection_takes_the_place_of_a_view(backed_up: Bench) -> None:
    backed_up.target.add("shop.users", kind="view", options=bson.encode({"viewOn": "x"}))

    status = backed_up.run(backed_up.restore(replace=("shop",)))

    assert status.state is RunState.SUCCEEDED, status.problem
    assert backed_up.target.content()["shop.users"] == USERS


def test_what_may_be_the_only_copy_is_never_dropped(backed_up: Bench) -> None:
    backed_up.target.add("shop.users", kind="view", options=bson.encode({"viewOn": "x"}))
    backed_up.target.hook = fail_at("replace", WriteRefusedError("no more"))

    status = backed_up.run(backed_up.restore(replace=("shop",), include=("shop.users",)))

    assert status.problem is not None
    (left,) = backed_up.target.names()
    assert left in status.problem.message
    assert backed_up.target.content()[left] == USERS


def test_a_view_can_be_replaced(backed_up: Bench) -> None:
    backed_up.target.add("shop.big_orders", kind="view", options=bson.encode({"viewOn": "x"}))

    status = backed_up.run(backed_up.restore(replace=("shop",)))

    assert status.state is RunState.SUCCEEDED, status.problem
    view = backed_up.target.collections[Namespace("shop", "big_orders")]
    assert bson.decode(view.options)["viewOn"] == "orders"
    assert not [name for name in backed_up.target.names() if "mangrove_" in name]


def test_no_safety_backup_is_taken_when_the_person_says_so(occupied: Bench) -> None:
    occupied.run(occupied.restore(replace=("shop",), safety=SafetyBackup.SKIP))

    assert occupied.safety_taken == []


@pytest.mark.parametrize("operation", ["create", "insert", "build_indexes", "read", "settle"])
def test_a_failure_before_the_swap_leaves_the_old_data_untouched(
    occupied: Bench, operation: str
) -> None:
    before = occupied.target.content()
    occupied.target.hook = fail_at(operation, WriteRefusedError("no more"))

    status = occupied.run(occupied.restore(replace=("shop",)))

    assert status.state is RunState.FAILED
    assert occupied.target.content() == before


def test_a_failure_within_the_swap_names_what_was_replaced(occupied: Bench) -> None:
    occupied.target.add("shop.orders", {"_id": "old order"})
    occupied.target.hook = fail_at("replace", WriteRefusedError("no more"), count=1)

    status = occupied.run(occupied.restore(replace=("shop",)))

    assert status.problem is not None
    assert "replaced before that: shop.orders" in status.problem.message
    assert occupied.target.content()["shop.users"] == OLD_USERS
    assert not [name for name in occupied.target.names() if "mangrove_" in name]


def test_refused_documents_are_losses_with_their_ids(backed_up: Bench) -> None:
    backed_up.target.refused = {3, 7}

    status = backed_up.run(backed_up.restore(include=("shop.users",)))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    (loss,) = status.result.losses
    assert (loss.subject, loss.count) == (f"{COPY}.users", 2)
    assert sorted(loss.ids) == ['{"_id":{"$numberInt":"3"}}', '{"_id":{"$numberInt":"7"}}']
    assert dict(status.result.figures)["documents_failed"] == 2
    assert len(backed_up.target.content()[f"{COPY}.users"]) == len(USERS) - 2


def test_an_index_that_fails_is_a_loss_and_keeps_the_data(backed_up: Bench) -> None:
    backed_up.target.failing_indexes = {"name_1"}

    status = backed_up.run(backed_up.restore())

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == [f"{COPY}.users index name_1"]
    assert backed_up.target.content()[f"{COPY}.users"] == USERS


def test_a_copy_that_differs_in_content_is_a_loss(backed_up: Bench) -> None:
    def add_one(operation: str, subject: str) -> None:
        if (operation, subject) == ("build_indexes", f"{COPY}.users"):
            users = backed_up.target.collections[Namespace(COPY, "users")]
            users.documents.append(bson.encode({"_id": "stranger"}))

    backed_up.target.hook = add_one

    status = backed_up.run(backed_up.restore())

    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == [f"{COPY}.users"]
    assert "10 documents, the backup 9" in status.result.losses[0].reason


def test_missing_privileges_stop_the_restore_before_it_writes(backed_up: Bench) -> None:
    backed_up.target.hook = fail_at("check_privileges", WriteRefusedError("not allowed"))

    status = backed_up.run(backed_up.restore())

    assert status.state is RunState.FAILED
    assert writes(backed_up) == []


def test_a_capped_collection_keeps_its_order(bench: Bench) -> None:
    documents = [{"_id": n, "name": "x" * 50} for n in range(200)]
    options = bson.encode({"capped": True, "size": 100_000})
    bench.shop.add("shop.log", *documents, options=options)
    bench.run(bench.backup())

    status = bench.run(bench.restore(include=("shop.log",)))

    assert status.state is RunState.SUCCEEDED, status.problem
    restored = bench.target.collections[Namespace(COPY, "log")].documents
    assert [bson.decode(d)["_id"] for d in restored] == list(range(200))


def test_a_collection_that_the_server_does_not_take_is_a_loss_and_the_others_go_on(
    backed_up: Bench,
) -> None:
    backed_up.target.uncreatable.add("users")

    status = backed_up.run(backed_up.restore())

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    (loss,) = status.result.losses
    assert (loss.subject, loss.count) == (f"{COPY}.users", len(USERS))
    assert backed_up.target.content() == {f"{COPY}.big_orders": [], f"{COPY}.orders": ORDERS}


def test_a_database_that_differs_only_in_case_stops_the_run_before_it_writes(
    backed_up: Bench,
) -> None:
    backed_up.target.add("SHOP.other", {"_id": 1})

    status = backed_up.run(backed_up.restore(renames=(Rename("shop", "shop"),)))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "namespace-conflict"
    assert "shop beside SHOP" in status.problem.message
    assert backed_up.target.names() == ["SHOP.other"]
