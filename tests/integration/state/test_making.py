import subprocess
import sys
from pathlib import Path

import mangrove
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.making import SqliteMakingRegister
from mangrove.core.namespace import Namespace
from mangrove.core.profile import ProfileId
from mangrove.core.restores.unfinished import Unfinished

SHOP, OTHER = ProfileId("p1"), ProfileId("p2")
ORDERS, USERS = Namespace("killed", "orders"), Namespace("killed", "users")
CHILD = """
import sys
from pathlib import Path
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.making import SqliteMakingRegister
from mangrove.core.namespace import Namespace
from mangrove.core.profile import ProfileId
from mangrove.core.restores.unfinished import Unfinished
register = SqliteMakingRegister(StateDatabase.open(Path(sys.argv[1])))
orders = Namespace("killed", "orders")
register.begin("load", ProfileId("p1"), [Unfinished(orders, "", 9, in_new_database=True)])
register.identify("load", ProfileId("p1"), {orders: "abc"})
"""


def test_what_a_process_that_is_gone_was_making_is_abandoned(
    database: StateDatabase, tmp_path: Path
) -> None:
    source_root = Path(mangrove.__path__[0]).parent
    subprocess.run([sys.executable, "-c", CHILD, tmp_path], check=True, cwd=source_root)
    register = SqliteMakingRegister(database)

    assert register.abandoned(SHOP) == (Unfinished(ORDERS, "abc", 9, in_new_database=True),)
    assert register.abandoned(OTHER) == ()

    register.forget(SHOP, [ORDERS])
    assert register.abandoned(SHOP) == ()


def test_what_a_load_could_not_take_back_is_abandoned_and_nothing_else(
    database: StateDatabase,
) -> None:
    register = SqliteMakingRegister(database)
    register.begin("one", SHOP, [Unfinished(ORDERS), Unfinished(USERS)])
    register.begin("two", OTHER, [Unfinished(ORDERS)])
    register.identify("two", SHOP, {ORDERS: "not of this load"})
    register.identify("one", SHOP, {ORDERS: "abc"})
    assert register.abandoned(SHOP) == ()

    register.end("one", [ORDERS])

    assert register.abandoned(SHOP) == (Unfinished(ORDERS, "abc"),)
    assert register.abandoned(OTHER) == ()


def test_a_name_that_is_made_anew_is_only_the_new_ones(database: StateDatabase) -> None:
    register = SqliteMakingRegister(database)
    register.begin("one", SHOP, [Unfinished(ORDERS, "old")])
    register.end("one", [ORDERS])

    register.begin("two", SHOP, [Unfinished(ORDERS)])
    register.end("two")

    assert register.abandoned(SHOP) == ()
