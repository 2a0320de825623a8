import bson
import pytest
from bson.int64 import Int64

from mangrove.core.accounts import Account, AccountKind
from mangrove.core.errors import MalformedBsonError
from mangrove.engine.accounts import account_of, auth_schema_of

ODD = "usér/with%odd"
USER = {
    "_id": f"shop.{ODD}",
    "user": ODD,
    "db": "shop",
    "credentials": {"SCRAM-SHA-1": {"salt": "x"}},
    "roles": [{"role": "read", "db": "billing"}, {"role": "read", "db": "shop"}],
}


def test_a_user_is_read_by_name_with_the_databases_its_roles_name() -> None:
    found = account_of(bson.encode(USER), AccountKind.USER)

    assert found == Account(AccountKind.USER, "shop", ODD)
    assert found.refers_to == {"billing"}
    assert str(found) == f"user {ODD}@shop"


def test_a_role_refers_to_what_its_privileges_name() -> None:
    privileges = [
        {"resource": {"db": "stock", "collection": ""}, "actions": ["find"]},
        {"resource": {"cluster": True}, "actions": ["serverStatus"]},
    ]
    role = {"_id": "admin.r", "role": "r", "db": "admin", "privileges": privileges, "roles": []}

    assert account_of(bson.encode(role), AccountKind.ROLE).refers_to == {"stock", ""}


@pytest.mark.parametrize("missing", ["user", "db"])
def test_a_user_without_name_or_database_is_damage(missing: str) -> None:
    document = bson.encode({name: value for name, value in USER.items() if name != missing})

    with pytest.raises(MalformedBsonError):
        account_of(document, AccountKind.USER)


@pytest.mark.parametrize(
    ("version", "expected"),
    [(5, 5), (Int64(3), 3), ("5", None)],
)
def test_the_auth_schema_is_read(version: object, expected: int | None) -> None:
    documents = [
        bson.encode({"_id": "featureCompatibilityVersion", "version": "6.0"}),
        bson.encode({"_id": "authSchema", "currentVersion": version}),
    ]

    assert auth_schema_of(documents) == expected


def test_no_document_means_no_auth_schema() -> None:
    assert auth_schema_of([bson.encode({"_id": "featureCompatibilityVersion"})]) is None
