from mangrove.core.backup import OnExisting, Rename
from mangrove.core.errors import ConnectionLostError
from mangrove.core.namespace import Namespace
from mangrove.core.restores.unfinished import Unfinished
from mangrove.core.run import RunState
from unit.jobs.conftest import ORDERS, USERS, Bench

SAME = (Rename("shop", "shop"),)


def test_what_is_made_is_noted_before_it_is_created_and_struck_off_in_the_end(
    backed_up: Bench,
) -> None:
    noted: dict[str, list[Unfinished]] = {}

    def look(operation: str) -> None:
        (held,) = backed_up.making.open.values()
        noted.setdefault(operation, []).extend(held.values())

    backed_up.target.hook = lambda operation, _subject: (
        look(operation) if operation in ("create", "build_indexes") else None
    )
    status = backed_up.run(backed_up.restore(renames=SAME))

    assert status.state is RunState.SUCCEEDED, status.problem
    made = {str(u.namespace): (u.documents, u.in_new_database) for u in noted["create"]}
    assert made == {
        "shop.orders": (len(ORDERS), True),
        "shop.users": (len(USERS), True),
        "shop.big_orders": (None, True),
    }
    told = {str(u.namespace): u.identity for u in noted["build_indexes"]}
    held = backed_up.target.collections
    assert told == {str(n): c.uuid for n, c in held.items()}
    assert backed_up.making.open == {}
    assert backed_up.making.left == {}


def test_what_cannot_be_taken_back_stays_noted(backed_up: Bench) -> None:
    def refuse(operation: str, subject: str) -> None:
        if operation == "build_indexes" or (operation, subject) == ("drop", "shop.orders"):
            raise ConnectionLostError("the server is gone")

    backed_up.target.hook = refuse
    status = backed_up.run(backed_up.restore(renames=SAME))

    assert status.state is RunState.FAILED
    assert Namespace("shop", "orders") in backed_up.making.left
    assert backed_up.making.open == {}


def test_what_exists_and_is_filled_up_is_never_noted(backed_up: Bench) -> None:
    orders = Namespace("shop", "orders")
    backed_up.target.add("shop.orders", ORDERS[0])
    backed_up.making.left[orders] = Unfinished(orders, "from a killed restore")
    seen: set[Namespace] = set()
    backed_up.target.hook = lambda _operation, _subject: seen.update(
        *(held.keys() for held in backed_up.making.open.values())
    )

    status = backed_up.run(backed_up.restore(renames=SAME, on_existing=OnExisting.ONLY_MISSING))

    assert status.state is RunState.SUCCEEDED, status.problem
    assert Namespace("shop", "users") in seen
    assert orders not in seen
    assert backed_up.making.left == {}
