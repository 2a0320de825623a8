"""Profiles in state.sqlite: one row each, so that a damaged one hides no other."""

import sqlite3

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.core.errors import InvalidUriError, NameTakenError
from mangrove.core.ports.state import ProfileStore
from mangrove.core.profile import Profile, ProfileId, UnreadableProfile
from mangrove.core.uri import parse_uri


class SqliteProfiles(ProfileStore):
    """Keeps profiles, without secrets.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def all(self) -> tuple[Profile | UnreadableProfile, ...]:
        query = "SELECT profile_id, name, value FROM profiles ORDER BY name_key"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return tuple(_profile(*row) for row in rows)

    @override
    def save(self, profile: Profile) -> None:
        """Insert or replace by id.

        Raises:
            NameTakenError: If another profile has the name, or ever had the slug.
        """
        with self._database.writing() as connection:
            _take_slug(connection, profile)
            _refuse_taken_name(connection, profile)
            connection.execute(
                "INSERT OR REPLACE INTO profiles (profile_id, name, name_key, value)"
                " VALUES (?, ?, ?, ?)",
                (profile.profile_id, profile.name, profile.name.casefold(), encoded(profile)),
            )

    @override
    def remove(self, profile_id: ProfileId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM profiles WHERE profile_id = ?", (profile_id,))

    @override
    def remove_unreadable(self, name: str) -> None:
        """Remove a damaged record by the name it is listed under; a whole one is not touched."""
        query = "SELECT profile_id, name, value FROM profiles WHERE name = ?"
        with self._database.writing() as connection:
            for row in connection.execute(query, (name,)).fetchall():
                if isinstance(_profile(*row), UnreadableProfile):
                    connection.execute("DELETE FROM profiles WHERE profile_id IS ?", row[:1])

    @override
    def used_slugs(self) -> frozenset[str]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT slug FROM used_slugs").fetchall()
        return frozenset(str(slug) for (slug,) in rows)


def _take_slug(connection: sqlite3.Connection, profile: Profile) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO used_slugs (slug, profile_id) VALUES (?, ?)",
        (profile.slug, profile.profile_id),
    )
    query = "SELECT profile_id FROM used_slugs WHERE slug = ?"
    (owner,) = connection.execute(query, (profile.slug,)).fetchone()
    if owner != profile.profile_id:
        raise NameTakenError(
            f"the folder name '{profile.slug}' belongs to another profile; nothing was saved",
            hint="save again under another name",
        )


def _refuse_taken_name(connection: sqlite3.Connection, profile: Profile) -> None:
    query = "SELECT 1 FROM profiles WHERE name_key = ? AND profile_id <> ?"
    if connection.execute(query, (profile.name.casefold(), profile.profile_id)).fetchone():
        raise NameTakenError(
            f"a profile named '{profile.name}' exists; nothing was saved",
            hint="choose another name",
        )


def _profile(profile_id: object, name: object, text: object) -> Profile | UnreadableProfile:
    try:
        profile = decoded(Profile, str(text))
        is_whole = parse_uri(profile.uri.text()).uri == profile.uri
    except (CodecError, InvalidUriError) as error:
        return UnreadableProfile(str(name), str(error))
    if (profile.profile_id, profile.name) != (profile_id, name):
        return UnreadableProfile(str(name), "the record names another profile")
    if not is_whole:
        return UnreadableProfile(str(name), "the connection string is not as it was saved")
    return profile
