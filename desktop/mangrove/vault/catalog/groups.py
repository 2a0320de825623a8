"""Which groups a table holds: backups of one profile in one vault that protect the same."""

import sqlite3
from collections.abc import Iterator

GroupKey = tuple[str, str, int]
"""A profile's slug, a vault's id, and the number of a cover."""
# From one group to the next by single steps of an index; a comparison of all three columns at
# once would walk through the whole group.
_NEXT_COVER = """
SELECT profile_slug, vault_id, cover FROM {table}
WHERE profile_slug = ? AND vault_id = ? AND cover > ? ORDER BY cover LIMIT 1
"""
_NEXT_VAULT = """
SELECT profile_slug, vault_id, cover FROM {table}
WHERE profile_slug = ? AND vault_id > ? AND cover IS NOT NULL ORDER BY vault_id, cover LIMIT 1
"""
_NEXT_PROFILE = """
SELECT profile_slug, vault_id, cover FROM {table}
WHERE profile_slug > ? AND cover IS NOT NULL ORDER BY profile_slug, vault_id, cover LIMIT 1
"""


def group_keys(connection: sqlite3.Connection, table: str) -> Iterator[GroupKey]:
    """Yield what groups there are: one step of an index for each, not one for each backup.

    Args:
        connection: Of the catalog.
        table: One with an index that begins with the columns of a key.
    """
    key: GroupKey | None = ("", "", 0)
    while key is not None:
        steps = ((_NEXT_COVER, key), (_NEXT_VAULT, key[:2]), (_NEXT_PROFILE, key[:1]))
        found = (
            connection.execute(query.format(table=table), values).fetchone()
            for query, values in steps
        )
        key = next((row for row in found if row is not None), None)
        if key is not None:
            yield key
