from dataclasses import replace

import pytest

from guards import LogGuard
from integration.state.samples import a_vault
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.vaults import SqliteVaults
from mangrove.core.errors import NameTakenError
from mangrove.core.vaults.vault import VaultId


@pytest.fixture
def vaults(database: StateDatabase) -> SqliteVaults:
    return SqliteVaults(database)


def test_vaults_come_back_by_name(vaults: SqliteVaults) -> None:
    for spec in (a_vault("b", "v2"), a_vault("A", "v1")):
        vaults.save(spec)

    assert vaults.all() == (a_vault("A", "v1"), a_vault("b", "v2"))


def test_saving_again_replaces_by_id(vaults: SqliteVaults) -> None:
    vaults.save(a_vault())

    vaults.save(replace(a_vault(), name="Shelf"))

    assert [v.name for v in vaults.all()] == ["Shelf"]


def test_a_name_is_taken_without_regard_to_case(vaults: SqliteVaults) -> None:
    vaults.save(a_vault("Safe", "v1"))

    with pytest.raises(NameTakenError):
        vaults.save(a_vault("SAFE", "v2"))

    assert vaults.all() == (a_vault("Safe", "v1"),)


def test_a_forgotten_vault_is_gone(vaults: SqliteVaults) -> None:
    vaults.save(a_vault())

    vaults.remove(VaultId("v1"))

    assert vaults.all() == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vaults SET value = '{' WHERE vault_id = 'v1'",
        "UPDATE vaults SET value = replace(value, 's3://', 'ftp://') WHERE vault_id = 'v1'",
        "UPDATE vaults SET name = 'Other' WHERE vault_id = 'v1'",
        "UPDATE vaults SET value = 5 WHERE vault_id = 'v1'",
    ],
    ids=["cut", "unknown kind", "other name", "number"],
)
def test_a_damaged_row_hides_no_other_and_is_told(
    database: StateDatabase,
    vaults: SqliteVaults,
    log_guard: LogGuard,
    statement: str,
) -> None:
    vaults.save(a_vault("Damaged", "v1"))
    vaults.save(a_vault("Whole", "v2"))
    with database.writing() as connection:
        connection.execute(statement)
    log_guard.expect("vault record skipped name=(Damaged|Other) reason=")

    found = vaults.all()

    assert found == (a_vault("Whole", "v2"),)
    assert len(vaults.unreadable()) == 1
