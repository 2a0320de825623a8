"""Compares what a storage lists with what is known, and reads only what has changed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState, SeenBackup
from mangrove.vault.inventory import Shelf
from mangrove.vault.layout import SIGNATURE_SUFFIX, is_evidence, is_manifest_signature

_IN_FOLDER = 3  # slug / backup / database / blob: manifest and signature lie one higher


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a listing tells of a backup without reading anything."""

    data_bytes: int
    evidence: int


def survey(
    shelves: Iterable[Shelf],
    known: Iterable[BackupRecord],
    read_anew: Callable[[Shelf], BackupRecord],
) -> Iterator[SeenBackup]:
    """Yield every signed backup, from what is known where the listing bears it out."""
    records = {record.backup: record for record in known}
    for shelf in shelves:
        listed = _listed(shelf)
        record = records.get(shelf.backup)
        if record is None or not _fits(record, listed):
            record = read_anew(shelf)
        yield SeenBackup(
            record, _missing(record, listed), record is records.get(BackupId(shelf.backup))
        )


def _listed(shelf: Shelf) -> _Listed:
    data, evidence = 0, 0
    for info in shelf.blobs:
        if "/evidence/" in info.name and info.name.count("/") == _IN_FOLDER:
            if not info.name.endswith(SIGNATURE_SUFFIX):
                evidence += is_evidence(info.name, sealed=True) or is_evidence(
                    info.name, sealed=False
                )
        elif info.name.count("/") >= _IN_FOLDER and not is_manifest_signature(info.name):
            data += info.size_bytes
    return _Listed(data, evidence)


def _fits(record: BackupRecord, listed: _Listed) -> bool:
    return (
        record.state is BackupState.COMPLETE
        and record.scope != ""  # rows of before there were scopes
        and record.stored_bytes == listed.data_bytes
        and len(record.evidence) == listed.evidence
    )


def _missing(record: BackupRecord, listed: _Listed) -> int:
    """Return how many bytes of a backup are not there; objects put beside it do not count."""
    return max(0, record.stored_bytes - listed.data_bytes)
