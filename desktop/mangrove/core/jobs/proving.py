"""Which backups a verification job proves next, and what a proof that went wrong says."""

from collections.abc import Iterable
from datetime import datetime
from math import ceil

from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.run import RunKind, RunStatus
from mangrove.core.verification import Level

PROOF_FAILED = "proof-failed"
"""The code of a firing whose work was done well and found something bad."""
_PROOFS = frozenset({RunKind.VERIFY, RunKind.DRILL, RunKind.CHECK})


def to_verify(
    records: Iterable[BackupRecord], level: Level, now: datetime, share_percent: int
) -> tuple[BackupRecord, ...]:
    """Choose what to prove next: the newest unproven one, and a share of all others.

    The share rotates: those nobody looked at that deeply come first, newest first, then those
    looked at longest ago. Backups that cannot be read or come from the future are not chosen.

    Args:
        records: Of one profile, or of a whole vault.
        level: How deep.
        now: The clock's moment.
        share_percent: Of all others, rounded up; 0 for none, unless nothing is unproven.

    Returns:
        What to do first stands first; empty without a complete backup.
    """
    complete = [r for r in records if r.state is BackupState.COMPLETE and r.data_at <= now]
    unproven = [r for r in complete if _looked_at(r, level) is None]
    newest = max(unproven, key=lambda r: r.finished_at, default=None)
    others = [r for r in complete if r is not newest]
    count = ceil(len(others) * share_percent / 100)
    if newest is None:
        count = max(count, 1)
    others.sort(key=lambda r: r.finished_at, reverse=True)
    others.sort(key=lambda r: _looked_at(r, level) or datetime.min.replace(tzinfo=now.tzinfo))
    first = (newest,) if newest is not None else ()
    return (*first, *others[:count])


def what_is_wrong(status: RunStatus) -> str:
    """Say what a run found that was to prove something; "" if nothing, or if it was no proof."""
    if status.kind not in _PROOFS or status.result is None or not status.result.losses:
        return ""
    first = status.result.losses[0]
    return f"{status.result.summary}: {first.subject}: {first.reason}"


def _looked_at(record: BackupRecord, level: Level) -> datetime | None:
    moments = (e.finished_at for e in record.evidence if e.level.depth >= level.depth)
    return max(moments, default=None)
