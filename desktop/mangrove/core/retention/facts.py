"""What the retention rule is fed with, made from a vault's backups, slices and statements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState, SeenBackup
from mangrove.core.pitr.planning import base_of
from mangrove.core.pitr.slices import ChainBreak, OplogSlice
from mangrove.core.pitr.stretches import stretches_of
from mangrove.core.retention.chains import Chain, ChainBase, ChainSlice
from mangrove.core.retention.marks import NO_MARKS, Marks
from mangrove.core.retention.parts import Inside, nothing_known, series_of, surpassed_parts
from mangrove.core.retention.rule import Entry


def series_words(record: BackupRecord) -> str:
    """Say the same to a person."""
    return f"{record.profile_name}, {record.selection}"


def entry_of(
    seen: SeenBackup,
    marks: Marks = NO_MARKS,
    busy: str = "",
    *,
    is_replaced: bool = False,
    surpassed_by: BackupId | None = None,
) -> Entry:
    """Return what the rule must know of a backup."""
    record = seen.record
    proof, deletion = record.proven, marks.deletion
    return Entry(
        backup=record.backup,
        series=series_of(record),
        finished_at=record.finished_at,
        stored_bytes=record.stored_bytes,
        proof_depth=-1 if proof is None else proof.level.depth,
        problem=_problem(seen),
        busy=busy,
        pin=None if marks.pin is None else marks.pin.note,
        hold=None if marks.hold is None else marks.hold.note,
        is_deleted=deletion is not None and deletion.by_hand,
        is_replaced=is_replaced,
        surpassed_by=surpassed_by,
        whole="" if record.is_whole else record.profile_slug,
    )


def _problem(seen: SeenBackup) -> str:
    record = seen.record
    if record.state is BackupState.UNREADABLE:
        return record.problem or "it cannot be read"
    if seen.missing_bytes:
        return "objects of it are missing from the storage"
    return "its last verification failed" if record.failed_evidence else ""


def entries_of(
    seen: Iterable[SeenBackup],
    marks: Mapping[BackupId, Marks],
    busy: Mapping[BackupId, str],
    inside: Inside = nothing_known,
) -> list[Entry]:
    """Return what the rule must know of all backups of a vault.

    Args:
        seen: The backups.
        marks: What is said of each.
        busy: What uses it.
        inside: Asked of parts, and of the backups of everything that may surpass them.
    """
    found = tuple(seen)
    proven_at = _proven_wholes(found)
    surpassed = surpassed_parts(found, marks, inside)
    return [
        entry_of(
            item,
            marks.get(item.record.backup, NO_MARKS),
            busy.get(item.record.backup, ""),
            is_replaced=_is_replaced(item.record, proven_at),
            surpassed_by=surpassed.get(item.record.backup),
        )
        for item in found
    ]


def _proven_wholes(seen: Iterable[SeenBackup]) -> dict[str, datetime]:
    """Return of each profile the data time of its newest proven backup of everything."""
    newest: dict[str, datetime] = {}
    for item in seen:
        record = item.record
        if record.is_whole and record.proven is not None and not _problem(item):
            held = newest.get(record.profile_slug, record.data_at)
            newest[record.profile_slug] = max(held, record.data_at)
    return newest


def _is_replaced(record: BackupRecord, proven_at: Mapping[str, datetime]) -> bool:
    newest = proven_at.get(record.profile_slug)
    return not record.is_whole and newest is not None and newest > record.data_at


def chains_of(
    records: Iterable[BackupRecord], slices: Sequence[OplogSlice], breaks: Sequence[ChainBreak]
) -> tuple[Chain, ...]:
    """Return the chains of a vault with the backups that a replay of each can begin with.

    Slices of a profile with a backup that cannot be read here make no chain: whether that one
    needs them is not known, so they stay.
    """
    found = tuple(records)
    unsure = {r.profile_slug for r in found if r.state is BackupState.UNREADABLE}
    profiles = {s.profile_slug for s in slices} - unsure
    return tuple(
        chain
        for profile in sorted(profiles)
        for chain in _chains_of_profile(profile, found, slices, breaks)
    )


def _chains_of_profile(
    profile: str,
    records: Iterable[BackupRecord],
    slices: Sequence[OplogSlice],
    breaks: Sequence[ChainBreak],
) -> Iterable[Chain]:
    own = [s for s in slices if s.profile_slug == profile]
    cuts = [b for b in breaks if b.profile_slug == profile]
    bases = [base_of(r) for r in records if r.profile_slug == profile]
    for stretch in stretches_of(own, cuts):
        fitting = tuple(
            ChainBase(base.backup, base.needs_from, base.stands_at)
            for base in bases
            if base.is_eligible and stretch.start <= base.needs_from <= stretch.end
        )
        yield Chain(
            chain=str(stretch.chain),
            profile_slug=profile,
            slices=tuple(map(_slice, stretch.slices)),
            bases=fitting,
            is_open=stretch.ended_by is None,
        )


def _slice(piece: OplogSlice) -> ChainSlice:
    return ChainSlice(piece.blob.name, piece.first.ts, piece.last.ts, piece.blob.size_bytes)
