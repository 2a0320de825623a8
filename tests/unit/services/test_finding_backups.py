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
from mangrove.core.vaults.vault import VaultId
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


def test_latest_says_which_it_is_and_why_nothing_newer() -> None:
    filtered = later(1, is_filtered=True)
    imported = later(2, profile_slug="imported-dump")
    unreadable = later(3, state=BackupState.UNREADABLE)
    safety = later(4, profile_name=f"{TAKEN.profile_name}{SAFETY_MARK}")

    meant = backups(TAKEN, filtered, imported, unreadable, safety).latest()

    assert meant is not None
    assert meant.record == filtered  # as documented: the newest, filtered or not
    assert meant.sentence == (
        f"latest is {filtered.backup} of {TAKEN.profile_name}; it is filtered, so some documents "
        f"are not in it; unfiltered: {TAKEN.backup}; newer but not meant by latest: "
        f"{safety.backup} (a safety backup), {unreadable.backup} (unreadable) and 1 more"
    )


def test_latest_says_that_it_looks_over_all_profiles() -> None:
    other = later(1, profile_slug="other", profile_name="other")

    meant = backups(TAKEN, other).latest()

    assert meant is not None
    assert meant.sentence == f"latest is {other.backup} of other, the newest of all profiles"


def test_without_a_backup_there_is_no_latest() -> None:
    imported = backups(later(1, profile_slug="imported-dump"))

    assert imported.latest() is None
    with pytest.raises(BackupNotFoundError, match="no import"):
        imported.find("latest")
    with pytest.raises(BackupNotFoundError, match="there is no backup"):
        backups().find("latest")


def test_the_usual_vault_is_that_of_the_newest_own_backup() -> None:
    there = SimpleNamespace(vault_id=TAKEN.vault_id, name="there")
    gone = later(2, vault_id=VaultId("gone"))
    safety = later(3, profile_name=f"{TAKEN.profile_name}{SAFETY_MARK}")
    profiles = SimpleNamespace(find=lambda _: SimpleNamespace(slug=TAKEN.profile_slug))
    vaults = SimpleNamespace(all=lambda: (there,))
    catalog = MemoryCatalog()
    tools = SimpleNamespace(catalog=catalog, profiles=profiles, vaults=vaults)
    usual = Backups(cast("Any", tools)).usual_vault

    assert usual("shop") == ""
    for record in (TAKEN, gone, safety):
        catalog.put(record)
    assert usual("shop") == "there"


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
