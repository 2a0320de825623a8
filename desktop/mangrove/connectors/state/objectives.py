"""Objectives in state.sqlite, and what was seen of deployments."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.core.figures.listing import SeenDatabase
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.ports.figures import ObjectiveStore, Sightings
from mangrove.core.profile import ProfileId
from mangrove.core.vaults.vault import VaultId

log = logging.getLogger(__name__)


class SqliteObjectives(ObjectiveStore):
    """Keeps a row for each profile and database with an objective.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def all(self) -> Mapping[ProfileId, Mapping[str, Objectives]]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT profile_id, database, value FROM objectives")
            found: dict[ProfileId, dict[str, Objectives]] = defaultdict(dict)
            for profile_id, database, text in rows:
                try:
                    found[ProfileId(profile_id)][database] = decoded(Objectives, text)
                except CodecError as error:
                    log.warning("objective skipped profile=%s reason=%s", profile_id, error)
        return found

    @override
    def save(self, profile_id: ProfileId, database: str, objectives: Objectives) -> None:
        key = (profile_id, database)
        with self._database.writing() as connection:
            if objectives.is_empty:
                connection.execute(
                    "DELETE FROM objectives WHERE profile_id = ? AND database = ?", key
                )
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO objectives VALUES (?, ?, ?)",
                    (*key, encoded(objectives)),
                )


class SqliteSightings(Sightings):
    """Keeps a row for each database ever listed.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def databases(self) -> Mapping[ProfileId, Sequence[SeenDatabase]]:
        query = (
            "SELECT profile_id, name, first_seen, last_seen, collections FROM seen_databases"
            " ORDER BY profile_id, name"
        )
        found: dict[ProfileId, list[SeenDatabase]] = defaultdict(list)
        with self._database.reading() as connection:
            for profile_id, name, first, last, collections in connection.execute(query):
                first_seen, last_seen = map(datetime.fromisoformat, (first, last))
                seen = SeenDatabase(name, first_seen, last_seen, collections)
                found[ProfileId(profile_id)].append(seen)
        return found

    @override
    def note_databases(self, profile_id: ProfileId, found: Mapping[str, int], at: datetime) -> None:
        moment = at.astimezone(UTC).isoformat()
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO seen_databases VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (profile_id, name) DO UPDATE"
                " SET last_seen = excluded.last_seen, collections = excluded.collections",
                [(profile_id, name, moment, moment, count) for name, count in found.items()],
            )

    @override
    def vaults(self) -> Mapping[VaultId, VaultSighting]:
        found: dict[VaultId, VaultSighting] = {}
        with self._database.reading() as connection:
            for vault_id, text in connection.execute("SELECT vault_id, value FROM seen_vaults"):
                try:
                    found[VaultId(vault_id)] = decoded(VaultSighting, text)
                except CodecError as error:
                    log.warning("sighting skipped vault=%s reason=%s", vault_id, error)
        return found

    @override
    def note_vault(self, vault_id: VaultId, seen: VaultSighting) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO seen_vaults VALUES (?, ?)", (vault_id, encoded(seen))
            )
