"""Vaults in state.sqlite: what this workstation knows and trusts of each."""

import logging

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.core.errors import InvalidVaultUrlError, NameTakenError
from mangrove.core.ports.state import VaultStore
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import VaultId, VaultSpec

log = logging.getLogger(__name__)


class SqliteVaults(VaultStore):
    """Keeps vaults; a damaged record is left out, told in the log, and hides no other.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def all(self) -> tuple[VaultSpec, ...]:
        specs = []
        for vault_id, name, text in self._rows():
            try:
                specs.append(_spec(vault_id, name, text))
            except CodecError as error:
                log.warning("vault record skipped name=%s reason=%s", name, error)
        return tuple(specs)

    def unreadable(self) -> tuple[tuple[str, str], ...]:
        """Return name and reason of each damaged record."""
        found = []
        for vault_id, name, text in self._rows():
            try:
                _spec(vault_id, name, text)
            except CodecError as error:
                found.append((str(name), str(error)))
        return tuple(found)

    @override
    def save(self, spec: VaultSpec) -> None:
        """Insert or replace by id.

        Raises:
            NameTakenError: If another vault has the name, also a damaged one.
        """
        key = spec.name.casefold()
        query = "SELECT 1 FROM vaults WHERE name_key = ? AND vault_id <> ?"
        with self._database.writing() as connection:
            if connection.execute(query, (key, spec.vault_id)).fetchone():
                raise NameTakenError(
                    f"a vault named '{spec.name}' exists; nothing was saved",
                    hint="choose another name",
                )
            connection.execute(
                "INSERT OR REPLACE INTO vaults (vault_id, name, name_key, value)"
                " VALUES (?, ?, ?, ?)",
                (spec.vault_id, spec.name, key, encoded(spec)),
            )

    @override
    def remove(self, vault_id: VaultId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM vaults WHERE vault_id = ?", (vault_id,))

    def _rows(self) -> list[tuple[object, object, object]]:
        query = "SELECT vault_id, name, value FROM vaults ORDER BY name_key"
        with self._database.reading() as connection:
            return connection.execute(query).fetchall()


def _spec(vault_id: object, name: object, text: object) -> VaultSpec:
    spec = decoded(VaultSpec, str(text))
    if (spec.vault_id, spec.name) != (vault_id, name):
        raise CodecError("the record names another vault")
    try:
        parse_vault_url(spec.url)
    except InvalidVaultUrlError as error:
        raise CodecError(error.message) from None
    return spec
