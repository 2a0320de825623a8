"""Which databases a deployment has, as far as anybody saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.figures.facts import Group
from mangrove.core.namespace import SCRATCH, SERVER_DATABASES


@dataclass(frozen=True, slots=True)
class SeenDatabase:
    """A database as it was last listed.

    Attributes:
        first_seen, last_seen: When it was listed for the first and the last time.
        collections: How many it had then, views included; None for not counted.
    """

    name: str
    first_seen: datetime
    last_seen: datetime
    collections: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """D, the databases that there are.

    Attributes:
        databases: By name.
        is_certain: Whether anybody saw all of them: in a list, or in a backup of everything.
    """

    databases: tuple[SeenDatabase, ...]
    is_certain: bool


def listing_of(seen: Sequence[SeenDatabase], groups: Sequence[Group], since: datetime) -> Listing:
    """Return D from what was listed and from backups of everything, whichever is newer.

    Args:
        seen: All that were ever listed; those that the last look missed are gone.
        groups: Of this profile.
        since: First seen, for what was never listed.
    """
    known = {d.name: d for d in seen}
    whole = [g for g in groups if g.cover.is_deployment and g.newest_at is not None]
    newest = max(whole, key=lambda g: g.newest_at or since, default=None)
    looked_at = max((d.last_seen for d in seen), default=None)
    if newest is not None and (looked_at is None or (newest.newest_at or since) > looked_at):
        names = {d.name for d in newest.cover.databases}
    elif looked_at is not None:
        names = {d.name for d in seen if d.last_seen == looked_at and not _is_passing(d.name)}
    else:
        names = {d.name for g in groups for d in g.cover.databases}
    return Listing(
        tuple(known.get(name, SeenDatabase(name, since, since)) for name in sorted(names)),
        is_certain=newest is not None or looked_at is not None,
    )


def _is_passing(name: str) -> bool:
    return name in SERVER_DATABASES or name.startswith(SCRATCH)
