"""The files of a server in a vault: what a physical backup holds instead of documents."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilesOrigin:
    """What the files were read from.

    Attributes:
        snapshot: The id of the filesystem snapshot.
        provider: What made it.
        locked: Whether writes were held back.
        directory_per_db, directory_for_indexes: How the server lays out its files.
        needs_oplog_recovery: Whether a standalone on them has to replay their oplog.
        databases: Those that were there.
    """

    snapshot: str
    provider: str
    locked: bool
    directory_per_db: bool
    directory_for_indexes: bool
    needs_oplog_recovery: bool
    databases: tuple[str, ...] = ()
