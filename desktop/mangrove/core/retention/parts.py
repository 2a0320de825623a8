"""Which single backups of a part are surpassed: a newer, proven backup of everything has it all."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState, SeenBackup
from mangrove.core.retention.marks import NO_MARKS, Marks

LATER = timedelta(days=31)
"""So much newer the other must be: what is taken every month is no single backup yet."""
MOST_ASKED = 50
"""So many parts are looked into at once; the rest waits until those are gone."""
Inside = Callable[[BackupId], Collection[str] | None]
"""Returns what a backup holds, by name; None where that cannot be told."""


def nothing_known(_backup: BackupId) -> None:
    """Tell of no backup what it holds."""


def series_of(record: BackupRecord) -> str:
    """Name the series of a backup: its profile, and what of it is inside."""
    scope = "" if record.is_whole else f"/{record.scope or record.selection}"
    return f"{record.profile_slug}{scope}"


def surpassed_parts(
    seen: Iterable[SeenBackup], marks: Mapping[BackupId, Marks], inside: Inside
) -> dict[BackupId, BackupId]:
    """Return the parts that are surpassed, oldest first, and by what.

    Only such as are the one good backup of their series: nobody takes them again and again.
    Safety backups and imports never are: what they hold was often nowhere else.
    """
    good = [i.record for i in seen if _is_good(i) and not _is_deleted(marks, i.record)]
    wholes = [record for record in good if record.is_whole]
    wholes.sort(key=lambda record: (record.data_at, record.backup), reverse=True)
    found: dict[BackupId, BackupId] = {}
    pairs = tuple(_candidates(good, wholes))[:MOST_ASKED]
    for part, whole in pairs:
        names, held = inside(part.backup), inside(whole.backup)
        if names is not None and held is not None and set(names) <= set(held):
            found[part.backup] = whole.backup
    return found


def _candidates(
    good: Iterable[BackupRecord], wholes: Iterable[BackupRecord]
) -> Iterator[tuple[BackupRecord, BackupRecord]]:
    held, known = tuple(wholes), tuple(good)
    number = Counter(map(series_of, known))
    for record in sorted(known, key=lambda r: (r.data_at, r.backup)):
        if record.is_whole or record.is_aside or number[series_of(record)] > 1:
            continue
        newer = (w for w in held if w.profile_slug == record.profile_slug)
        best = next((w for w in newer if _depth(w) >= max(0, _depth(record))), None)
        if best is not None and best.data_at >= record.data_at + LATER:
            yield record, best


def _is_good(item: SeenBackup) -> bool:
    record = item.record
    is_whole_there = record.state is BackupState.COMPLETE and not item.missing_bytes
    return is_whole_there and record.failed_evidence is None


def _is_deleted(marks: Mapping[BackupId, Marks], record: BackupRecord) -> bool:
    return marks.get(record.backup, NO_MARKS).deletion is not None


def _depth(record: BackupRecord) -> int:
    return -1 if record.proven is None else record.proven.level.depth
