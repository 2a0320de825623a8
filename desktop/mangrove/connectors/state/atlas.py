"""Atlas accounts, links and what was last seen, in state.sqlite."""

import logging

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.records import read_all
from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.atlas.link import AtlasLink, AtlasView
from mangrove.core.errors import NameTakenError
from mangrove.core.ports.atlas import AtlasAccountStore, AtlasLinkStore
from mangrove.core.profile import ProfileId

log = logging.getLogger(__name__)


class SqliteAtlasAccounts(AtlasAccountStore):
    """Keeps accounts; a damaged record is left out, told in the log, and hides no other.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def all(self) -> tuple[AtlasAccount, ...]:
        query = "SELECT value FROM atlas_accounts ORDER BY name_key"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return read_all(AtlasAccount, rows, "atlas account")

    @override
    def save(self, account: AtlasAccount) -> None:
        """Insert or replace by id.

        Raises:
            NameTakenError: If another account has the name.
        """
        key = account.name.casefold()
        query = "SELECT 1 FROM atlas_accounts WHERE name_key = ? AND account_id <> ?"
        with self._database.writing() as connection:
            if connection.execute(query, (key, account.account_id)).fetchone():
                raise NameTakenError(
                    f"an Atlas account named '{account.name}' exists; nothing was saved",
                    hint="choose another name",
                )
            connection.execute(
                "INSERT OR REPLACE INTO atlas_accounts (account_id, name_key, value)"
                " VALUES (?, ?, ?)",
                (account.account_id, key, encoded(account)),
            )

    @override
    def remove(self, account_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM atlas_accounts WHERE account_id = ?", (account_id,))


class SqliteAtlasLinks(AtlasLinkStore):
    """Keeps links and views; what cannot be read counts as not there.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def links(self) -> tuple[AtlasLink, ...]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT value FROM atlas_links").fetchall()
        return read_all(AtlasLink, rows, "atlas link")

    @override
    def save_link(self, link: AtlasLink) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM atlas_views WHERE profile_id = ?", (link.profile_id,))
            connection.execute(
                "INSERT OR REPLACE INTO atlas_links (profile_id, value) VALUES (?, ?)",
                (link.profile_id, encoded(link)),
            )

    @override
    def remove_link(self, profile_id: ProfileId) -> None:
        with self._database.writing() as connection:
            for table in ("atlas_links", "atlas_views"):
                connection.execute(f"DELETE FROM {table} WHERE profile_id = ?", (profile_id,))  # noqa: S608 - two names of ours

    @override
    def view(self, profile_id: ProfileId) -> AtlasView | None:
        query = "SELECT value FROM atlas_views WHERE profile_id = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (profile_id,)).fetchone()
        if row is None:
            return None
        try:
            return decoded(AtlasView, str(row[0]))
        except CodecError as error:
            log.info("atlas view forgotten reason=%s", error)
            return None

    @override
    def save_view(self, view: AtlasView) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO atlas_views (profile_id, value) VALUES (?, ?)",
                (view.link.profile_id, encoded(view.without_addresses())),
            )
