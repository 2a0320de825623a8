from typing import Any

import pytest

from mangrove.connectors.mongo.account_sink import missing_for_merging
from mangrove.connectors.mongo.account_source import check_accounts
from mangrove.connectors.mongo.listing import Listed, choose
from mangrove.connectors.mongo.privileges import Privileges
from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import Selection
from mangrove.core.errors import InvalidSelectionError, MissingPrivilegeError
from mangrove.core.namespace import Namespace

OPEN = Privileges("", unlimited=True, granted=())
NOBODY = Privileges("x@admin", unlimited=False, granted=())
INCLUDE = UsersAndRoles.INCLUDE


def listed(name: str) -> Listed:
    return Listed(Namespace.parse(name), "collection", b"", "", b"")


def restore_role(*, without: str = "") -> Privileges:
    """What the built-in role restore grants of what is needed (measured on 6.0)."""
    actions = {"createUser", "createRole", "grantRole", "revokeRole", "viewUser", "viewRole"}
    actions |= {"createCollection", "insert", "dropCollection"}
    granted: list[tuple[dict[str, Any], frozenset[str]]] = [
        ({"db": "", "collection": ""}, frozenset(actions - {without})),
        ({"anyResource": True}, frozenset({"listCollections"})),
    ]
    temporary = ("tempusers", "temproles")
    granted += [({"db": "admin", "collection": n}, frozenset({"find"})) for n in temporary]
    return Privileges("restorer@admin", unlimited=False, granted=tuple(granted))


def test_the_role_restore_is_enough_for_merging() -> None:
    assert missing_for_merging(restore_role()) == ()
    assert missing_for_merging(OPEN) == ()


@pytest.mark.parametrize("action", ["createUser", "viewRole"])
def test_a_missing_action_is_named(action: str) -> None:
    assert missing_for_merging(restore_role(without=action)) == (f"{action} on every database",)


def test_reading_users_without_the_role_backup_is_refused_by_name() -> None:
    wanted = Selection(("shop",), users_and_roles=INCLUDE)

    check_accounts(OPEN, wanted, "host")
    check_accounts(NOBODY, Selection(("shop",)), "host")
    with pytest.raises(MissingPrivilegeError, match=r"find on admin\.system\.users"):
        check_accounts(NOBODY, wanted, "host")


def test_users_of_single_collections_are_refused() -> None:
    wanted = Selection(collections=(Namespace("shop", "a"),), users_and_roles=INCLUDE)

    with pytest.raises(InvalidSelectionError, match="whole databases"):
        check_accounts(OPEN, wanted, "host")


def test_password_hashes_are_never_chosen_as_an_ordinary_collection() -> None:
    wanted = Selection(collections=(Namespace("admin", "system.users"),))

    with pytest.raises(InvalidSelectionError, match="no collection to choose"):
        check_accounts(OPEN, wanted, "host")


def test_a_dump_never_takes_what_users_are_merged_from() -> None:
    everything = [listed("shop.a"), listed("admin.tempusers"), listed("admin.system.users")]

    chosen, left_out = choose(Selection(), everything)
    taken, quiet = choose(Selection(users_and_roles=INCLUDE), everything)

    assert [str(c.namespace) for c in chosen] == [str(c.namespace) for c in taken] == ["shop.a"]
    assert {n.what for n in left_out} == {"admin.tempusers", "users and roles"}
    assert {n.what for n in quiet} == {"admin.tempusers"}
