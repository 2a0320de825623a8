"""Dumps in mongodump's formats: how leaving and entering a vault in them is asked for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mangrove.core.accounts import PlainCredentials, UsersAndRoles
from mangrove.core.backup import BackupId, Compression
from mangrove.core.official_command import OfficialCommand

STANDARD_INPUT: Final = "/dev/stdin"
STANDARD_OUTPUT: Final = "/dev/stdout"
"""Where an archive goes that another program reads as it comes; the only path that may exist."""


class DumpForm(StrEnum):
    """The two forms that mongodump writes."""

    DIRECTORY = "directory"
    ARCHIVE = "archive"


class DumpPacking(StrEnum):
    """Whether a dump's files are packed with gzip; mongorestore knows no other way."""

    PLAIN = "plain"
    GZIP = "gzip"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Write a backup as a dump.

    Attributes:
        path: The folder or file to make; it must not exist, or be an empty folder.
        include, exclude: Globs on ``database.collection``; empty include means all.
        users_and_roles: Whether the dump gets them, with their password hashes.
    """

    backup: BackupId
    path: str
    form: DumpForm = DumpForm.DIRECTORY
    packing: DumpPacking = DumpPacking.PLAIN
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    users_and_roles: UsersAndRoles = UsersAndRoles.LEAVE_OUT


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Make a backup of a dump that another tool wrote.

    Attributes:
        path: A mongodump directory, one of its database folders, a ``.bson`` file or an archive.
        database: Names the database of a lone folder or file.
        name: What the backup is said to be of; the path's last part when empty.
        users_and_roles: Whether those of the dump are kept, with their password hashes.
        plain_credentials: Whether the hashes may go into a vault that is not encrypted.
    """

    path: str
    vault: str
    database: str = ""
    name: str = ""
    compression: Compression | None = None
    users_and_roles: UsersAndRoles = UsersAndRoles.LEAVE_OUT
    plain_credentials: PlainCredentials = PlainCredentials.REFUSE


def reading_command(path: str, form: DumpForm, packing: DumpPacking) -> OfficialCommand:
    """Return the command that loads a dump into a server.

    Source: MongoDB manual, "mongorestore" (Database Tools 100.x).
    """
    option = "--archive" if form is DumpForm.ARCHIVE else "--dir"
    packed = ("--gzip",) if packing is DumpPacking.GZIP else ()
    line = ("mongorestore", *packed, f"{option}={path}")
    return OfficialCommand((line,), ("without --uri it goes to the server on this computer",))
