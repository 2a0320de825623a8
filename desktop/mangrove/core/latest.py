"""Which backup is meant by ``latest``, and why none of the newer ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from mangrove.core.backup import IMPORT_SLUG
from mangrove.core.backup_record import BackupRecord, BackupState

LATEST = "latest"
_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest complete backup that somebody took of a deployment.

    Attributes:
        newer: What was taken or made after it and is not meant, newest first.
        unfiltered: The newest that no query filtered, where the one chosen is filtered.
        others: How many more profiles have backups.
    """

    record: BackupRecord
    newer: tuple[BackupRecord, ...] = ()
    unfiltered: BackupRecord | None = None
    others: int = 0

    @property
    def sentence(self) -> str:
        """Say in one line which backup it is, and what a person might have expected instead."""
        said = f"latest is {self.record.backup} of {self.record.profile_name}"
        if self.others:
            said += ", the newest of all profiles"
        parts = [said]
        if self.record.is_filtered:
            whole = f"; unfiltered: {self.unfiltered.backup}" if self.unfiltered else ""
            parts.append(f"it is filtered, so some documents are not in it{whole}")
        if self.newer:
            shown = ", ".join(f"{r.backup} ({_why_not(r)})" for r in self.newer[:_SHOWN])
            more = f" and {len(self.newer) - _SHOWN} more" if len(self.newer) > _SHOWN else ""
            parts.append(f"newer but not meant by latest: {shown}{more}")
        return "; ".join(parts)


def latest_of(records: Sequence[BackupRecord]) -> Latest | None:
    """Choose among backups, newest first; None if there is none to go back to."""
    meant = [n for n, record in enumerate(records) if not _why_not(record)]
    if not meant:
        return None
    at = meant[0]
    chosen = records[at]
    own = [records[n] for n in meant if records[n].profile_slug == chosen.profile_slug]
    return Latest(
        chosen,
        tuple(records[:at]),
        next((r for r in own if not r.is_filtered), None) if chosen.is_filtered else None,
        len({records[n].profile_slug for n in meant}) - 1,
    )


def _why_not(record: BackupRecord) -> str:
    """Say why a backup is not meant by ``latest``; "" if it may be."""
    if record.state is not BackupState.COMPLETE:
        return "unreadable"
    if not record.is_aside:
        return ""
    is_import = record.profile_slug.startswith(IMPORT_SLUG)
    return "an import" if is_import else "a safety backup"
