"""Resource documents are read as the server reads them."""

import pytest

from mangrove.connectors.mongo.privileges import BYPASS, Privileges, findings, restore_finding
from mangrove.core.deployment import PrivilegeFinding
from mangrove.core.namespace import Namespace


def _with(resource: dict[str, object], *actions: str) -> Privileges:
    return Privileges("ann@admin", unlimited=False, granted=((resource, frozenset(actions)),))


def _findings(found: Privileges, *databases: str) -> tuple[PrivilegeFinding, ...]:
    return findings(found, databases, has_oplog=True)


@pytest.mark.parametrize(
    ("resource", "database", "collection", "covered"),
    [
        ({"anyResource": True}, "shop", "system.buckets.x", True),
        ({"db": "", "collection": ""}, "shop", "orders", True),
        ({"db": "", "collection": ""}, "shop", "system.js", False),
        ({"db": "shop", "collection": ""}, "shop", "orders", True),
        ({"db": "shop", "collection": ""}, "other", "orders", False),
        ({"db": "shop", "collection": "orders"}, "shop", "orders", True),
        ({"db": "shop", "collection": "orders"}, "shop", "bills", False),
        ({"db": "shop", "collection": "orders"}, "shop", "", False),
        ({"db": "", "collection": "system.js"}, "shop", "system.js", True),
        ({"system_buckets": ""}, "shop", "system.buckets.heat", True),
        ({"system_buckets": "heat"}, "shop", "system.buckets.cold", False),
        ({"db": "shop", "system_buckets": ""}, "other", "system.buckets.heat", False),
        ({"system_buckets": ""}, "shop", "orders", False),
        ({"cluster": True}, "shop", "orders", False),
    ],
)
def test_resource_covers_a_namespace_or_not(
    resource: dict[str, object], database: str, collection: str, covered: bool
) -> None:
    assert _with(resource, "find").allows("find", database, collection) is covered


def test_action_that_was_not_granted_is_not_allowed() -> None:
    assert not _with({"anyResource": True}, "find").allows("insert", "shop", "orders")


def test_findings_name_what_is_missing_and_the_role_that_has_it() -> None:
    found = {f.purpose: f for f in _findings(_with({"db": "shop", "collection": ""}, "find"))}

    assert not found["dump"].allowed
    assert "listCollections on every database" in found["dump"].missing
    roles = (found["dump"].role, found["restore"].role)
    assert roles == ("backup", "restore and readAnyDatabase")


def test_without_access_control_everything_is_allowed() -> None:
    everything = _findings(Privileges("", unlimited=True, granted=()), "shop")

    assert all(f.allowed and not f.missing and not f.role for f in everything)


def test_nothing_is_said_of_an_oplog_that_is_not_there() -> None:
    everything = findings(Privileges("", unlimited=True, granted=()), ("shop",), has_oplog=False)

    assert [f.purpose for f in everything] == ["dump", "restore"]


def test_who_reads_one_database_may_dump_only_some_of_it() -> None:
    reader = _with({"db": "shop", "collection": ""}, "listCollections", "find", "listIndexes")
    heat = Namespace("shop", "heat")

    (plain, *_) = findings(reader, ("shop",), has_oplog=False)
    (cut, *_) = findings(reader, ("shop",), has_oplog=False, series=(heat,))

    assert (plain.allowed, plain.some) == (False, ("shop",))
    assert plain.missing == ("listDatabases on the cluster",)
    assert cut.some == ("shop without its time series",)
    assert cut.missing[-1] == "find on shop.system.buckets.heat"


def test_who_reads_everything_may_dump_everything() -> None:
    granted = (
        ({"db": "", "collection": ""}, frozenset({"listCollections", "find", "listIndexes"})),
        ({"db": "", "system_buckets": ""}, frozenset({"find"})),
        ({"cluster": True}, frozenset({"listDatabases"})),
    )
    reader = Privileges("ann@admin", unlimited=False, granted=granted)

    (dump, *_) = findings(reader, ("shop",), has_oplog=False, series=(Namespace("shop", "heat"),))

    assert (dump.allowed, dump.some, dump.missing) == (True, (), ())


def test_past_validators_a_privilege_of_its_own_is_needed_and_only_there() -> None:
    write = ("createCollection", "createIndex", "dropCollection", "insert", "find", "listIndexes")
    writer = _with({"db": "shop", "collection": ""}, *write)

    plain, validated = (restore_finding(writer, ("shop",), names) for names in ((), ("shop",)))

    assert plain.allowed
    assert validated.missing == (f"{BYPASS} on shop, where a collection has a validator",)
    assert validated.role == "restore"
