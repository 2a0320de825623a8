"""Lanes in state.sqlite: the processes of one user keep out of each other's way."""

import subprocess
import sys

from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.lanes import SqliteLaneBook
from mangrove.connectors.state.process import birth_of
from mangrove.core.jobs.lane import Claim, Occupied
from mangrove.core.run import RunId

ONE, TWO, THREE = RunId("r1"), RunId("r2"), RunId("r3")
VAULT, SHOP = Claim("vault attic"), Claim("deployment shop", 2)


def test_all_places_are_taken_at_once_or_none(database: StateDatabase) -> None:
    book = SqliteLaneBook(database)
    assert book.enter(ONE, "Back up shop", (VAULT, SHOP)) is None

    assert book.enter(TWO, "Prune attic", (SHOP, VAULT)) == Occupied(
        "vault attic", "Back up shop", 0
    )
    assert book.enter(THREE, "Look at shop", (SHOP,)) is None

    book.leave(ONE)
    assert book.enter(TWO, "Prune attic", (VAULT,)) is None


def test_a_run_of_another_process_is_in_the_way_as_long_as_it_lives(
    database: StateDatabase,
) -> None:
    book = SqliteLaneBook(database)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        book.enter(ONE, "Back up shop", (VAULT,))
        with database.writing() as connection:
            connection.execute(
                "UPDATE lane_places SET owner_pid = ?, owner_birth = ?",
                (other.pid, birth_of(other.pid)),
            )
        assert book.enter(TWO, "Prune", (VAULT,)) == Occupied(
            "vault attic", "Back up shop", other.pid
        )
        other.kill()
    assert book.enter(TWO, "Prune", (VAULT,)) is None


def test_a_place_that_could_not_be_given_back_is_free_all_the_same(
    database: StateDatabase,
) -> None:
    SqliteLaneBook(database).enter(ONE, "Back up shop", (VAULT,))

    assert SqliteLaneBook(database).enter(TWO, "Prune", (VAULT,)) is None


def test_a_person_sets_how_many_may_run_at_once(database: StateDatabase) -> None:
    book = SqliteLaneBook(database)
    book.set_limit(SHOP.lane, 1)
    book.enter(ONE, "Back up shop", (SHOP,))
    assert book.enter(TWO, "Back up shop", (SHOP,)) is not None
    assert book.limits() == {SHOP.lane: 1}

    book.set_limit(SHOP.lane, None)

    assert book.enter(TWO, "Back up shop", (SHOP,)) is None
    assert book.limits() == {}
