"""Shrinks a mirror: what its vault let go of, by signed statements, goes there too.

A mirror is looked at by its own listing, and the statements in it count beside the vault's: who
can only write to the vault's storage cannot make a mirror give up anything.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import BackupNotFoundError, MangroveError, RetentionError
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.ports.mirror import Mirror
from mangrove.core.ports.vault import Vault
from mangrove.core.retention.facts import chains_of
from mangrove.core.retention.marks import NO_MARKS, Journal, Marks
from mangrove.core.retention.rule import ageing_slices
from mangrove.core.vaults.object_lock import NOTHING_HIDDEN, Hidden
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext


@dataclass(frozen=True, slots=True)
class Left:
    """What a vault holds after its prune, as far as its mirrors have to know.

    Attributes:
        records: What is known of its backups, also of those that went.
        backups: Those that are there.
        slices: Those that are there.
        points_of_last: As in the policy; None while a former policy still counts.
    """

    now: datetime
    journal: Journal
    records: Sequence[BackupRecord]
    backups: Collection[BackupId]
    slices: Sequence[OplogSlice]
    points_of_last: int | None


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What went from one mirror.

    Attributes:
        kept: Backups there that are gone from the vault although nobody said so.
    """

    backups: int = 0
    slices: int = 0
    freed_bytes: int = 0
    hidden: Hidden = NOTHING_HIDDEN
    kept: tuple[BackupId, ...] = ()

    def sentence(self, name: str) -> str:
        """Say it in a few words; "" when nothing went."""
        parts = (
            counted(self.backups, "backup") if self.backups else "",
            counted(self.slices, "oplog slice") if self.slices else "",
        )
        what = " and ".join(filter(None, parts))
        if not what:
            return ""
        gone = "removed" if self.hidden.is_nothing else "hidden"
        rest = f" ({self.hidden.sentence})" if self.hidden.sentence else ""
        return f"{what} {gone} in the mirror {name}, too{rest}"


def shrink(ctx: RunContext, mirror: Mirror, left: Left) -> Shrunk:
    """Remove from a mirror what its vault let go of for good.

    Raises:
        RetentionError: If a statement there is damaged: it may have been a pin.
        RunCancelled, VaultError: Between two backups nothing is half done.
    """
    copy = mirror.as_vault()
    own = copy.journal.read()
    if own.damaged:
        raise RetentionError(
            f"{counted(len(own.damaged), 'statement')} there cannot be believed, and may be a pin",
            hint="nothing was removed there; remove the damaged statement by hand",
        )
    there = [seen.record for seen in copy.survey(left.records)]
    marks = Journal((*left.journal.statements, *own.statements)).marks()
    surplus = [record for record in there if record.backup not in left.backups]
    going = [r for r in surplus if _may_go(marks.get(r.backup, NO_MARKS), left.now)]
    freed, hidden = _purged(ctx, copy, going)
    remaining = [record for record in there if record not in going]
    aged = _aged(copy, remaining, left)
    for piece in aged:
        ctx.check()
        hidden = hidden.joined(copy.slices().remove(piece.blob.name))
        freed += piece.blob.size_bytes
    with suppress(MangroveError):
        copy.journal.remove(own.outdated([r.backup for r in remaining], left.now))
    kept = tuple(record.backup for record in surplus if record not in going)
    return Shrunk(len(going), len(aged), hidden.left_of(freed), hidden, kept)


def _purged(ctx: RunContext, copy: Vault, going: Sequence[BackupRecord]) -> tuple[int, Hidden]:
    freed, hidden = 0, NOTHING_HIDDEN
    for record in going:
        ctx.check()
        ctx.note(f"{record.backup} is removed")
        with suppress(BackupNotFoundError):
            freed += sum(info.size_bytes for info in copy.purge(record.backup))
        hidden = hidden.joined(copy.hidden(record.backup))
    return freed, hidden


def _may_go(marks: Marks, now: datetime) -> bool:
    said = marks.deletion
    is_due = said is not None and said.due_at is not None and said.due_at <= now
    return is_due and marks.pin is None and marks.hold is None


def _aged(copy: Vault, remaining: Sequence[BackupRecord], left: Left) -> tuple[OplogSlice, ...]:
    """Return the slices that are gone from the vault, and that nothing in the mirror needs."""
    in_vault = {piece.blob.name for piece in left.slices}
    slices = tuple(copy.slices().survey(left.slices))
    chains = chains_of(remaining, slices, tuple(copy.slices().breaks()))
    backups = {record.backup for record in remaining}
    aged = {v.slice.name for v in ageing_slices(chains, backups, left.now, left.points_of_last)}
    return tuple(
        piece for piece in slices if piece.blob.name in aged and piece.blob.name not in in_vault
    )
