"""A copy whose source is lost on the way, forgets its moment, or has users, over memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bson
import pytest

from fakes.deployment import ID_INDEX
from mangrove.core.accounts import AccountKind, UsersAndRoles
from mangrove.core.backup import (
    Consistency,
    IndexChoice,
    OnExisting,
    Rename,
    RestoreRequest,
    Selection,
)
from mangrove.core.errors import ConnectionLostError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.backup import Contents
from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.jobs.restores.copy import CopyBody
from mangrove.jobs.restores.restore import RestoreBody
from unit.jobs.conftest import NAME_INDEX, SHORT_WAITS_S, Bench, profile_of

SAME = (Rename("shop", "shop"),)
PHOTOS = "shop.photos"
LARGE = [{"_id": n, "name": f"photo {n}", "photo": bytes(2 << 20)} for n in range(6)]
"""Two of them fill a batch, so that some are in the target when the third chunk breaks."""


@pytest.fixture
def photos(bench: Bench) -> Bench:
    """The shop has photos too."""
    bench.shop.add(PHOTOS, *LARGE, indexes=(ID_INDEX, NAME_INDEX))
    return bench


def copy(bench: Bench, *, consistency: Consistency = Consistency.AUTO, **choices: Any) -> RunStatus:
    request = RestoreRequest("", "target", **({"renames": SAME} | choices))
    selection = Selection(("shop",), users_and_roles=request.users_and_roles)

    def body_for(contents: Contents) -> RestoreBody:
        return replace(bench.restore(), request=request, vault=contents)

    return bench.run(
        CopyBody(
            "shop",
            lambda: bench.gate.open_source(profile_of("shop")),
            selection,
            consistency,
            body_for,
            bench.clock,
        )
    )


def breaking_at(namespace: str, *chunks: int) -> Callable[[str, str], None]:
    """Break the line at these chunks of a collection, counted over all its readings."""
    seen = 0

    def hook(operation: str, subject: str) -> None:
        nonlocal seen
        if (operation, subject) == ("read", namespace):
            seen += 1
            if seen in chunks:
                raise ConnectionLostError("the connection was lost")

    return hook


def test_a_copy_goes_through_no_phase_for_what_is_stored(bench: Bench) -> None:
    status = copy(bench)

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert bench.target.content() == bench.shop.content()
    assert Phase.CHECK_STORED not in {seen.phase for seen in bench.seen}


def test_what_a_copy_says_it_moved_is_what_it_read_not_what_was_expected(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = bench.shop.describe
    monkeypatch.setattr(
        bench.shop, "describe", lambda name: replace(describe(name), estimated_bytes=1)
    )

    status = copy(bench)

    read = sum(len(bson.encode(d)) for found in bench.shop.content().values() for d in found)
    assert figures(status)["bson_bytes"] == read


def figures(status: RunStatus) -> dict[str, float]:
    assert status.result is not None, status.problem
    return dict(status.result.figures)


def test_the_buckets_of_a_time_series_are_not_called_documents(bench: Bench) -> None:
    plain = sum(map(len, bench.shop.content().values()))
    bench.shop.add("shop.sales", {"_id": 1}, {"_id": 2}, kind="timeseries")

    status = copy(bench)

    assert status.result is not None, status.problem
    words = f" with {plain} documents and 2 buckets of time series are in shop on target"
    assert words in status.result.summary
    assert figures(status)["documents"] == plain + 2
    assert figures(status)["buckets_of_time_series"] == 2


@pytest.mark.parametrize("indexes", [IndexChoice.AFTER, IndexChoice.BEFORE])
def test_a_collection_whose_place_is_lost_is_emptied_and_read_again(
    photos: Bench, indexes: IndexChoice
) -> None:
    photos.shop.hook = breaking_at(PHOTOS, 3)

    status = copy(photos, indexes=indexes)

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert photos.target.content() == photos.shop.content()
    assert photos.target.collections[Namespace("shop", "photos")].indexes == (ID_INDEX, NAME_INDEX)
    calls = [what for what, subject in photos.target.calls if subject == PHOTOS]
    assert calls.index("insert") < calls.index("drop") < len(calls) - calls[::-1].index("create")
    assert ("drop", "shop.users") not in photos.target.calls
    everything = sum(map(len, photos.shop.content().values()))
    assert figures(status)["documents"] == everything


def test_an_index_that_fails_again_is_reported_once(photos: Bench) -> None:
    photos.shop.hook = breaking_at(PHOTOS, 3)
    photos.target.failing_indexes = {"name_1"}

    status = copy(photos, indexes=IndexChoice.BEFORE)

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS, (status.problem, status.result)
    assert status.result is not None
    lost = [loss.subject for loss in status.result.losses]
    assert sorted(lost) == [f"{PHOTOS} index name_1", "shop.users index name_1"]


def test_what_is_filled_up_keeps_what_it_got_and_is_counted_once(photos: Bench) -> None:
    photos.target.add(PHOTOS, {"_id": 4, "name": "of its own"})
    photos.shop.hook = breaking_at(PHOTOS, 3)

    status = copy(photos, on_existing=OnExisting.ONLY_MISSING)

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert ("drop", PHOTOS) not in photos.target.calls
    found = photos.target.content()[PHOTOS]
    assert [d["name"] for d in found if d["_id"] == 4] == ["of its own"]
    assert len(found) == len(LARGE)
    assert figures(status)["documents_already_there"] == 1
    everything = sum(map(len, photos.shop.content().values()))
    assert figures(status)["documents"] == everything - 1


def test_a_replaced_collection_stays_until_the_new_one_is_whole(photos: Bench) -> None:
    photos.target.add(PHOTOS, {"_id": "old"})
    photos.shop.hook = breaking_at(PHOTOS, 3)

    status = copy(photos, replace=("shop",))

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert photos.target.content() == photos.shop.content()
    assert ("drop", PHOTOS) not in photos.target.calls
    assert photos.target.calls.index(("replace", PHOTOS)) > max(
        n for n, (what, _) in enumerate(photos.target.calls) if what == "insert"
    )


def test_a_source_that_is_lost_again_and_again_ends_the_copy_and_leaves_nothing(
    photos: Bench,
) -> None:
    photos.shop.hook = breaking_at(PHOTOS, *range(3, 100))

    status = copy(photos)

    assert status.problem is not None
    assert status.problem.code == "connection-lost"
    assert photos.target.names() == []
    assert photos.shop.calls.count(("reconnect", "")) == len(SHORT_WAITS_S)


def test_a_collection_that_goes_away_while_it_is_read_is_a_loss_and_the_others_come(
    photos: Bench,
) -> None:
    photos.target.add(PHOTOS, {"_id": "old"})
    photos.shop.dropped = {Namespace("shop", "photos")}

    status = copy(photos, replace=("shop",))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS, (status.problem, status.result)
    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == [PHOTOS]
    expected = photos.shop.content() | {PHOTOS: [{"_id": "old"}]}
    assert photos.target.content() == expected
    assert figures(status)["documents"] == sum(map(len, expected.values())) - 1


def test_a_collection_that_goes_away_while_it_fills_another_leaves_what_it_brought(
    photos: Bench,
) -> None:
    photos.target.add(PHOTOS, {"_id": 4, "name": "of its own"})
    photos.shop.dropped = {Namespace("shop", "photos")}

    status = copy(photos, on_existing=OnExisting.ONLY_MISSING)

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS, (status.problem, status.result)
    assert figures(status)["documents_already_there"] == 1
    assert ("drop", PHOTOS) not in photos.target.calls


def test_the_only_collection_going_away_fails_the_copy(bench: Bench) -> None:
    del bench.shop.collections[Namespace("shop", "orders")]
    del bench.shop.collections[Namespace("shop", "big_orders")]
    bench.shop.dropped = {Namespace("shop", "users")}

    status = copy(bench)

    assert status.problem is not None
    assert "was dropped while it was dumped" in status.problem.message
    assert bench.target.names() == []


def test_a_forgotten_moment_is_done_without_and_told(photos: Bench) -> None:
    photos.shop.forgotten = {Namespace("shop", "photos")}

    status = copy(photos)

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert photos.target.content() == photos.shop.content()
    assert status.result is not None
    assert any("forgot the cluster time" in warning for warning in status.result.warnings)


def test_a_forgotten_moment_that_was_asked_for_ends_the_copy(photos: Bench) -> None:
    photos.shop.forgotten = {Namespace("shop", "photos")}

    status = copy(photos, consistency=Consistency.SNAPSHOT)

    assert status.problem is not None
    assert status.problem.code == "snapshot-lost"
    assert photos.target.names() == []


# --- users and roles ---------------------------------------------------------------------

WITH_USERS = UsersAndRoles.INCLUDE


def user(name: str, database: str = "shop", **more: object) -> bytes:
    """Make the document of a user as a server keeps it."""
    roles = [{"role": "read", "db": database}]
    named = {"_id": f"{database}.{name}", "user": name, "db": database, "roles": roles}
    return bson.encode(named | more)


@pytest.fixture
def staffed(bench: Bench) -> Bench:
    """The shop has users of its own and one of the deployment; the target knows one of them."""
    bench.shop.accounts[AccountKind.USER] = [user("ann"), user("bob"), user("root", "admin")]
    bench.target.accounts[AccountKind.USER] = [user("bob", mine=True)]
    return bench


def names_at_target(bench: Bench) -> list[str]:
    return [bson.decode(d)["_id"] for d in bench.target.accounts[AccountKind.USER]]


def test_users_of_the_copied_database_are_added_and_existing_ones_stay(staffed: Bench) -> None:
    status = copy(staffed, users_and_roles=WITH_USERS)

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert names_at_target(staffed) == ["shop.bob", "shop.ann"]
    assert bson.decode(staffed.target.accounts[AccountKind.USER][0])["mine"]
    assert (figures(status)["users_added"], figures(status)["users_and_roles_unchanged"]) == (1, 1)


def test_users_are_read_once_so_that_those_come_that_were_planned(staffed: Bench) -> None:
    def hook(operation: str, _: str) -> None:
        if operation == "open" or staffed.shop.accounts[AccountKind.USER] == []:
            return
        if operation == "read":  # the documents, which are read after the users
            staffed.shop.accounts[AccountKind.USER] = []

    staffed.shop.hook = hook

    status = copy(staffed, users_and_roles=WITH_USERS)

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert names_at_target(staffed) == ["shop.bob", "shop.ann"]


def test_nobody_comes_along_unasked(staffed: Bench) -> None:
    status = copy(staffed)

    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert names_at_target(staffed) == ["shop.bob"]
    assert not [call for call in staffed.target.calls if call[0] == "merge"]


def test_users_of_a_database_that_gets_another_name_are_refused_before_anything_is_written(
    staffed: Bench,
) -> None:
    status = copy(staffed, users_and_roles=WITH_USERS, renames=(Rename("shop", "other"),))

    assert status.problem is not None
    assert status.problem.code == "invalid-selection"
    assert "users and roles of shop cannot go along" in status.problem.message
    assert staffed.target.names() == []


def test_the_log_of_a_copy_speaks_of_no_restore(bench: Bench) -> None:
    status = copy(bench)

    said = [line.text for line in bench.runs.log(status.run_id)]
    assert [line for line in said if line.startswith("Copy ")]
    assert not [line for line in said if line.startswith("Restore")]
