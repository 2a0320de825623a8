from dataclasses import replace
from time import thread_time

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from fakes.sample_data import NOW, OFFICE_NAS, RECORDS, VAULTS, evidence_summary, record
from mangrove.core.backup_record import BackupState
from mangrove.core.figures.lights import Light
from mangrove.core.verification import Level
from mangrove.ui.models.backup_rows import (
    COLUMNS,
    BackupColumn,
    BackupFilter,
    BackupRow,
    backup_rows,
    standing,
)
from mangrove.ui.models.backups_model import BackupsModel


def sample_model() -> BackupsModel:
    model = BackupsModel(lambda: NOW)
    model.set_rows(backup_rows(RECORDS, VAULTS))
    return model


def cell(model: BackupsModel, row: int, column: BackupColumn) -> str:
    return str(model.index(row, COLUMNS.index(column)).data())


def test_model_keeps_qt_contract(qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(sample_model())


def test_newest_stands_first() -> None:
    model = sample_model()

    assert cell(model, 0, BackupColumn.WHEN) == "today 12:30"
    assert cell(model, 0, BackupColumn.PROFILE) == "staging"
    assert cell(model, 0, BackupColumn.STATE) == "proven"


@pytest.mark.parametrize("level", [Level.RESTORED, Level.STORED])
def test_a_filtered_backup_says_so_and_is_never_drawn_as_proven(level: Level) -> None:
    proven = record("production", OFFICE_NAS, NOW, 1).with_evidence(evidence_summary(level, NOW))
    row = replace(proven, is_filtered=True, selection="shop.orders, 1 query", is_whole=False)
    model = BackupsModel(lambda: NOW)

    model.set_rows(backup_rows([row], VAULTS))

    assert cell(model, 0, BackupColumn.STATE) == "filtered"
    assert cell(model, 0, BackupColumn.WHAT) == "filtered: shop.orders, 1 query"
    assert model.row_at(0).light is standing(row) is Light.UNPROVEN
    index = model.index(0, COLUMNS.index(BackupColumn.STATE))
    assert "never counts as full protection" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_filtered_backups_are_found_by_that_word() -> None:
    whole = record("production", OFFICE_NAS, NOW, 1)
    model = BackupsModel(lambda: NOW)
    model.set_rows(backup_rows([whole, replace(whole, is_filtered=True)], VAULTS))

    model.set_filter(BackupFilter(text="filtered"))

    assert model.rowCount() == 1


def test_filter_wants_every_word_somewhere() -> None:
    model = sample_model()

    model.set_filter(BackupFilter(text="Production office"))

    names = {model.row_at(n).record.profile_name for n in range(model.rowCount())}
    assert names == {"production"}
    model.set_filter(BackupFilter(text="production cloud"))
    assert model.rowCount() == 0


@pytest.mark.parametrize("light", list(Light))
def test_filter_by_state(light: Light) -> None:
    model = sample_model()

    model.set_filter(BackupFilter(light=light))

    assert model.rowCount() > 0
    assert all(model.row_at(n).light is light for n in range(model.rowCount()))


def test_sizes_sort_as_numbers() -> None:
    model = sample_model()

    model.sort(COLUMNS.index(BackupColumn.SIZE), Qt.SortOrder.AscendingOrder)

    sizes = [model.row_at(n).record.stored_bytes for n in range(model.rowCount())]
    assert sizes == sorted(sizes)


def test_every_column_sorts() -> None:
    model = sample_model()

    for column in range(len(COLUMNS)):
        model.sort(column, Qt.SortOrder.DescendingOrder)

    assert model.rowCount() == len(RECORDS)


def test_a_hidden_backup_has_no_row() -> None:
    model = sample_model()
    newest = model.row_at(0).record.backup

    model.set_filter(BackupFilter(profile="reporting"))

    assert model.row_of(newest) is None


def test_unreadable_backup_shows_no_figures_and_its_reason() -> None:
    model = sample_model()
    row = next(
        n for n in range(model.rowCount()) if model.row_at(n).record.state is BackupState.UNREADABLE
    )

    assert cell(model, row, BackupColumn.STATE) == "unreadable"
    assert cell(model, row, BackupColumn.SIZE) == "—"
    tip = model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "the signature does not fit the manifest"


def test_a_failed_check_outweighs_an_older_proof() -> None:
    proven = evidence_summary(Level.RESTORED, NOW)
    later = evidence_summary(Level.STORED, NOW.replace(hour=15), passed=False)
    base = record("production", OFFICE_NAS, NOW, 1)

    assert standing(replace(base, evidence=(proven,))) is Light.PROVEN
    assert standing(replace(base, evidence=(later, proven))) is Light.EXPOSED
    assert standing(replace(base, evidence=())) is Light.UNPROVEN


def test_a_hundred_thousand_rows_filter_within_a_frame_or_three() -> None:
    base = backup_rows(RECORDS, VAULTS)
    rows: tuple[BackupRow, ...] = base * (100_000 // len(base) + 1)
    model = BackupsModel(lambda: NOW)
    model.set_rows(rows)

    began = thread_time()
    model.set_filter(BackupFilter(text="reporting"))
    took_s = thread_time() - began

    assert 0 < model.rowCount() < len(rows)
    assert took_s < 0.5  # measured: 0.06; a shared machine gets some room
