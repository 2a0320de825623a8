import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.oplog_story import cut, damaged, piece
from fakes.sample_data import OFFICE_NAS
from fakes.vaults import STARTED_AT, evidence_for, new_id, new_vault, write_backup
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.cover import rough_cover
from mangrove.core.errors import StateUnavailableError
from mangrove.core.pitr.slices import BreakKind
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.catalog.sqlite import FILE_NAME, SqliteCatalog


@pytest.fixture
def record() -> BackupRecord:
    vault = new_vault()
    written = write_backup(vault)
    return replace(written, evidence=(evidence_for(written.backup).summary,))


def at_hour(record: BackupRecord, hour: int, vault_id: str = "a1b2c3") -> BackupRecord:
    started_at = STARTED_AT.replace(hour=hour)
    return replace(record, backup=new_id(hour), started_at=started_at, vault_id=VaultId(vault_id))


def test_a_record_comes_back_as_it_was_put(tmp_path: Path, record: BackupRecord) -> None:
    catalog = SqliteCatalog.open(tmp_path)
    odd = replace(record, state=BackupState.UNREADABLE, problem="schlüssel fehlt \N{KEY}")

    catalog.put(record)
    assert catalog.find(record.backup) == record
    catalog.put(odd)
    assert catalog.find(record.backup) == odd
    assert catalog.all() == (odd,)
    assert catalog.find(BackupId("none")) is None
    catalog.close()


def test_records_are_listed_newest_first_and_outlive_the_process(
    tmp_path: Path, record: BackupRecord
) -> None:
    first = SqliteCatalog.open(tmp_path)
    for hour in (3, 11, 7):
        first.put(at_hour(record, hour))
    first.close()

    second = SqliteCatalog.open(tmp_path)

    assert [r.started_at.hour for r in second.all()] == [11, 7, 3]
    assert not second.was_reset
    second.close()


def test_replacing_a_vault_leaves_the_other_vaults_alone(
    tmp_path: Path, record: BackupRecord
) -> None:
    catalog = SqliteCatalog.open(tmp_path)
    catalog.put(at_hour(record, 1))
    catalog.put(at_hour(record, 2, "other"))

    count = catalog.replace_vault(VaultId("a1b2c3"), iter([at_hour(record, 5), at_hour(record, 6)]))

    assert count == 2
    assert [r.started_at.hour for r in catalog.all()] == [6, 5, 2]
    catalog.remove_vault(VaultId("other"))
    assert [r.started_at.hour for r in catalog.all()] == [6, 5]
    catalog.close()


def test_a_failed_replacement_changes_nothing(tmp_path: Path, record: BackupRecord) -> None:
    catalog = SqliteCatalog.open(tmp_path)
    catalog.put(record)

    def failing() -> object:
        yield at_hour(record, 5)
        raise RuntimeError("the storage went away")

    with pytest.raises(RuntimeError):
        catalog.replace_vault(record.vault_id, failing())  # type: ignore[arg-type]  # a generator

    assert catalog.all() == (record,)
    catalog.close()


def test_another_process_changes_are_seen(tmp_path: Path, record: BackupRecord) -> None:
    window, command_line = SqliteCatalog.open(tmp_path), SqliteCatalog.open(tmp_path)
    assert window.all() == ()

    command_line.put(record)

    assert window.all() == (record,)
    window.close()
    command_line.close()


@pytest.mark.parametrize("damage", ["rubbish", "newer", "row", "foreign"])
def test_a_catalog_that_cannot_be_used_is_set_aside(
    tmp_path: Path, record: BackupRecord, damage: str
) -> None:
    catalog = SqliteCatalog.open(tmp_path)
    catalog.put(record)
    catalog.close()
    path = tmp_path / FILE_NAME
    if damage == "rubbish":
        path.write_bytes(b"this is no database" * 1000)
    else:
        statement = {
            "newer": "PRAGMA user_version = 5",
            "row": "UPDATE backups SET record = '{}'",
            "foreign": "PRAGMA user_version = 0",
        }[damage]
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()

    again = SqliteCatalog.open(tmp_path)

    assert again.was_reset
    assert again.all() == ()
    again.put(record)
    assert again.all() == (record,)
    assert (tmp_path / f"{FILE_NAME}.damaged").exists()
    again.close()


def test_a_folder_that_cannot_be_used_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StateUnavailableError):
        SqliteCatalog.open(tmp_path / "file")


def test_threads_may_share_a_catalog(tmp_path: Path, record: BackupRecord) -> None:
    catalog = SqliteCatalog.open(tmp_path)

    def write(hour: int) -> None:
        for minute in range(20):
            moment = record.started_at + timedelta(minutes=minute)
            name = BackupId(f"20260301T{hour:02d}{minute:02d}00Z-shop-0000")
            catalog.put(replace(record, backup=name, started_at=moment))
            catalog.all()

    threads = [threading.Thread(target=write, args=(hour,)) for hour in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(catalog.all()) == 80
    catalog.close()


def test_the_newest_are_there_without_reading_all(tmp_path: Path, record: BackupRecord) -> None:
    catalog = SqliteCatalog.open(tmp_path)
    for hour in (3, 11, 7):
        catalog.put(at_hour(record, hour))

    assert [r.started_at.hour for r in catalog.newest(2)] == [11, 7]
    everything = catalog.all()
    assert catalog.newest(2) == everything[:2]
    catalog.close()


def test_only_changed_rows_are_decoded_again(tmp_path: Path, record: BackupRecord) -> None:
    catalog = SqliteCatalog.open(tmp_path)
    for hour in (3, 11, 7):
        catalog.put(at_hour(record, hour))
    before = catalog.all()

    catalog.put(replace(at_hour(record, 7), problem="changed"))
    catalog.remove(VaultId("a1b2c3"), new_id(3))
    after = catalog.all()

    assert [r.started_at.hour for r in after] == [11, 7]
    assert after[0] is before[0]
    assert after[1].problem == "changed"
    catalog.close()


# --- slices ------------------------------------------------------------------------------


def test_slices_and_breaks_come_back_as_they_were(tmp_path: Path) -> None:
    pieces = [piece(20, 30), piece(1, 20, opens=True), damaged(30, 40)]
    break_ = cut(BreakKind.RESTORED_IN_PLACE, 12, 14)
    with closing(SqliteCatalog.open(tmp_path)) as catalog:
        for each in pieces:
            catalog.put_slice(each)
        catalog.put_break(break_)
        catalog.put_break(break_)

    with closing(SqliteCatalog.open(tmp_path)) as again:
        assert again.slices("shop") == (pieces[1], pieces[0], pieces[2])
        assert again.breaks("shop") == (break_,)
        assert (again.slices("other"), again.breaks("other")) == ((), ())


def test_a_vaults_slices_are_replaced_and_forgotten_together(tmp_path: Path) -> None:
    with closing(SqliteCatalog.open(tmp_path)) as catalog:
        catalog.put_slice(piece(1, 20, opens=True))
        catalog.put_slice(piece(1, 20, opens=True, vault=VaultId("other")))

        assert catalog.replace_slices(OFFICE_NAS, [piece(5, 9)], []) == 1
        assert len(catalog.slices("shop")) == 2
        catalog.remove_vault(OFFICE_NAS)
        assert [p.vault_id for p in catalog.slices("shop")] == ["other"]


_WITHOUT_FACTS = """
DROP TABLE facts; DROP TABLE gone; DROP TABLE covers; DROP TABLE days; DROP TABLE evidence;
ALTER TABLE backups DROP COLUMN cover;
"""


@pytest.mark.parametrize(
    "older",
    [
        pytest.param("DROP TABLE slices; DROP TABLE breaks; PRAGMA user_version = 1", id="slices"),
        pytest.param("PRAGMA user_version = 2", id="facts"),
    ],
)
def test_a_catalog_from_before_there_were_tables_keeps_its_backups(
    tmp_path: Path, record: BackupRecord, older: str
) -> None:
    with closing(SqliteCatalog.open(tmp_path)) as catalog:
        catalog.put(record)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript(_WITHOUT_FACTS + older)

    with closing(SqliteCatalog.open(tmp_path)) as again:
        rough = rough_cover(record.databases, is_whole=record.is_whole)
        assert not again.was_reset
        assert again.all() == (replace(record, cover=rough),)
        assert again.slices("shop") == ()
        assert [g.cover for g in again.facts().groups(record.finished_at)] == [rough]
        assert sum(t.complete for t in again.facts().totals()) == 1
