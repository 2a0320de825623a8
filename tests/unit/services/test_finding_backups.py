"""Which backup is meant by ``latest``, and by the beginning of an id."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fakes.memory_state import MemoryCatalog
from fakes.sample_data import RECORDS
from mangrove.core.backup import SAFETY_MARK, BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.errors import BackupNotFoundError
from mangrove.services.backups import Backups

TAKEN = next(r for r in RECORDS if r.state is BackupState.COMPLETE)


def later(minutes: int, **changes: Any) -> BackupRecord:
    """Return a backup like the first one, taken some minutes after it."""
    moment = TAKEN.started_at + timedelta(minutes=minutes)
    name = BackupId(f"20990101T00{minutes:02d}00Z-shop-000{minutes}")
    return replace(TAKEN, backup=name, started_at=moment, **changes)


def backups(*records: BackupRecord) -> Backups:
    catalog = MemoryCatalog()
    for record in records:
        catalog.put(record)
    return Backups(cast("Any", SimpleNamespace(catalog=catalog)))


def test_latest_is_no_safety_backup_no_import_and_nothing_unreadable() -> None:
    found = backups(
        TAKEN,
        later(1, profile_name=f"{TAKEN.profile_name}{SAFETY_MARK}"),
        later(2, profile_slug="imported-dump"),
        later(3, state=BackupState.UNREADABLE),
    ).find("latest")

    assert found == TAKEN


def test_the_beginning_of_several_names_them() -> None:
    many = backups(*(later(n) for n in range(1, 8)))

    with pytest.raises(BackupNotFoundError) as caught:
        many.find("20990101")

    assert caught.value.message.startswith(
        "'20990101' is the beginning of 7 backups: 20990101T000700Z-shop-0007, "
    )
    assert caught.value.message.endswith(" and 3 more")
    assert "one letter more" in caught.value.hint


def test_what_is_no_backup_may_be_a_dump_at_a_path() -> None:
    with pytest.raises(BackupNotFoundError) as caught:
        backups(TAKEN).find("dump")

    assert caught.value.hint.endswith("a dump in files is named by its path")
