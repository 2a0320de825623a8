"""What changed since last week: new and gone databases, sizes, server versions, missed drills."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mangrove.core.explain import size_text
from mangrove.core.wording import counted

NOTABLE = 0.3
"""A size that grew or shrank by more than this share is worth a badge."""


class ChangeKind(StrEnum):
    """What changed."""

    NEW_DATABASE = "new-database"
    GONE_DATABASE = "gone-database"
    GREW = "grew"
    SHRANK = "shrank"
    SERVER_VERSION = "server-version"
    MISSED_DRILLS = "missed-drills"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different now.

    Attributes:
        subject: The database or job concerned; "" for the whole deployment.
        words: Such as "12.0 GB, was 8.1 GB".
    """

    kind: ChangeKind
    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a deployment looked like at some time, as one of its backups has it."""

    databases: frozenset[str]
    plain_bytes: int
    server_version: str


def changes_of(before: Look | None, now: Look | None) -> tuple[Change, ...]:
    """Compare two looks at the same deployment; without both there is nothing to say."""
    if before is None or now is None:
        return ()
    found = [
        Change(ChangeKind.NEW_DATABASE, name, "new")
        for name in sorted(now.databases - before.databases)
    ]
    found += [
        Change(ChangeKind.GONE_DATABASE, name, "gone")
        for name in sorted(before.databases - now.databases)
    ]
    return (*found, *_size(before, now), *_version(before, now))


def missed_drills(job: str, missed: int) -> tuple[Change, ...]:
    """Say that a job that proves backups did not come to it."""
    return (
        (Change(ChangeKind.MISSED_DRILLS, job, f"missed {counted(missed, 'time')}"),)
        if missed
        else ()
    )


def _size(before: Look, now: Look) -> Sequence[Change]:
    if not before.plain_bytes:
        return ()
    share = now.plain_bytes / before.plain_bytes - 1
    if abs(share) < NOTABLE:
        return ()
    words = f"{size_text(now.plain_bytes)}, was {size_text(before.plain_bytes)}"
    kind = ChangeKind.GREW if share > 0 else ChangeKind.SHRANK
    return (Change(kind, "", words),)


def _version(before: Look, now: Look) -> Sequence[Change]:
    if before.server_version == now.server_version:
        return ()
    words = f"{now.server_version}, was {before.server_version}"
    return (Change(ChangeKind.SERVER_VERSION, "", words),)
