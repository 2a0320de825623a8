import pytest

from mangrove.core.accounts import (
    Account,
    AccountKind,
    AuthPart,
    PlainCredentials,
    RestoredDatabases,
    UsersAndRoles,
    auth_namespace,
    auth_part,
    counted,
    plan_accounts,
    require_auth_schema,
    require_safe_place,
    users_and_roles_of,
)
from mangrove.core.errors import (
    ConfirmationMissingError,
    InvalidSelectionError,
    WriteRefusedError,
)
from mangrove.core.namespace import Namespace

ANNA = Account(AccountKind.USER, "shop", "anna")
CLERK = Account(AccountKind.ROLE, "shop", "clerk")
ROOT = Account(AccountKind.USER, "admin", "root", frozenset({"shop"}))
READER = Account(AccountKind.USER, "shop", "reader", frozenset({"billing", "admin"}))


def going(*, everything: bool = False, **targets: str) -> RestoredDatabases:
    found = {source: frozenset(target.split()) for source, target in targets.items()}
    return RestoredDatabases(found, everything)


def test_only_missing_ones_are_added() -> None:
    plan = plan_accounts([ANNA, CLERK], [CLERK], going(shop="shop"))

    assert (plan.added, plan.existing, plan.notes) == ((ANNA,), (CLERK,), ())
    assert plan.sentence() == (
        "1 user and 0 roles are added; 0 users and 1 role exist already and stay as they are."
    )
    assert plan.lines() == (
        "would be added: user anna@shop",
        "exists already, unchanged: role clerk@shop",
    )


def test_a_user_and_a_role_of_one_name_are_two() -> None:
    role = Account(AccountKind.ROLE, "shop", "anna")

    assert plan_accounts([ANNA, role], [role], going(shop="shop")).added == (ANNA,)


@pytest.mark.parametrize("target", ["shop_restored_1", "shop other"])
def test_users_of_a_database_with_another_name_are_refused_by_name(target: str) -> None:
    with pytest.raises(InvalidSelectionError, match="users and roles of shop cannot go along"):
        plan_accounts([ANNA], [], going(shop=target))


def test_a_copied_database_without_users_hinders_nobody() -> None:
    plan = plan_accounts([ANNA], [], going(shop="shop", billing="billing_copy"))

    assert plan.added == (ANNA,)


def test_the_deployments_own_users_come_only_with_everything() -> None:
    part = plan_accounts([ANNA, ROOT], [], going(shop="shop"))
    whole = plan_accounts([ANNA, ROOT], [], going(everything=True, shop="shop"))
    with_admin = plan_accounts(
        [ANNA, ROOT], [], going(everything=True, shop="shop", admin="admin_restored_1")
    )

    assert part.added == (ANNA,)
    assert "admin stay out" in part.notes[0]
    assert whole.added == with_admin.added == (ANNA, ROOT)


def test_everything_under_other_names_does_not_bring_the_deployments_users() -> None:
    assert plan_accounts([ROOT], [], going(everything=True, shop="copy")).added == ()


def test_roles_that_name_an_absent_database_are_warned_of() -> None:
    plan = plan_accounts([READER], [], going(shop="shop"))

    assert plan.notes == (
        "user reader@shop refer to the database billing, which does not come with them",
    )


@pytest.mark.parametrize(
    ("part", "database", "expected"),
    [
        (AuthPart.USERS, "", Namespace("admin", "system.users")),
        (AuthPart.ROLES, "admin", Namespace("admin", "system.roles")),
        (AuthPart.VERSION, "shop", Namespace("shop", "$admin.system.version")),
    ],
)
def test_parts_are_named_as_mongodump_names_them(
    part: AuthPart, database: str, expected: Namespace
) -> None:
    assert auth_namespace(part, database) == expected
    assert auth_part(expected) is part


@pytest.mark.parametrize("name", ["shop.system.users", "admin.users", "shop.$admin.x", "admin.$a"])
def test_ordinary_collections_are_no_part(name: str) -> None:
    assert auth_part(Namespace.parse(name)) is None


@pytest.mark.parametrize(("schema", "version"), [(5, (6, 0)), (5, ()), (None, (8, 1, 2))])
def test_todays_auth_schema_is_taken(schema: int | None, version: tuple[int, ...]) -> None:
    require_auth_schema(schema, version)


@pytest.mark.parametrize(("schema", "said"), [(3, "auth schema 3"), (None, "unknown auth schema")])
def test_another_auth_schema_is_refused_with_a_sentence(schema: int | None, said: str) -> None:
    with pytest.raises(WriteRefusedError, match=said):
        require_auth_schema(schema, (6, 0, 5))


def test_hashes_go_into_an_unencrypted_vault_only_on_a_clear_word() -> None:
    require_safe_place(is_encrypted=True, vault="v", plain=PlainCredentials.REFUSE)
    require_safe_place(is_encrypted=False, vault="v", plain=PlainCredentials.ALLOW)
    with pytest.raises(ConfirmationMissingError) as refused:
        require_safe_place(is_encrypted=False, vault="v", plain=PlainCredentials.REFUSE)
    assert "--yes-unencrypted-credentials" in refused.value.hint


def test_nobody_gets_users_unasked() -> None:
    assert users_and_roles_of(asked=True) is UsersAndRoles.INCLUDE
    assert users_and_roles_of(asked=False) is UsersAndRoles.LEAVE_OUT


def test_numbers_read_well() -> None:
    assert counted(1, 2) == "1 user and 2 roles"
    assert counted(1200, 1) == "1,200 users and 1 role"
