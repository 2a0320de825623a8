"""The table of runs."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from fakes import sample_runs
from fakes.clock import FakeClock
from fakes.sample_data import NOW
from mangrove.core.run import RunId, RunState
from mangrove.ui.models.namespaces_model import NamespacesModel
from mangrove.ui.models.runs_model import RunColumn, RunsModel


@pytest.fixture
def model() -> RunsModel:
    made = RunsModel(FakeClock(NOW))
    made.set_rows(sample_runs.RUNS)
    return made


def test_model_keeps_qts_rules(model: RunsModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)


def test_namespaces_model_keeps_qts_rules(qtmodeltester: ModelTester) -> None:
    model = NamespacesModel()
    model.set_rows(sample_runs.running_backup().namespaces)

    qtmodeltester.check(model)


def test_known_run_is_changed_in_its_row(model: RunsModel) -> None:
    before = model.rowCount()
    row = model.row_of(RunId("r-running"))

    model.put(replace(sample_runs.running_backup(), state=RunState.CANCELLED))

    assert model.rowCount() == before
    assert model.index(row, RunColumn.STATE).data() == "cancelled"


def test_new_run_goes_on_top(model: RunsModel) -> None:
    model.put(sample_runs.running_backup("r-another"))

    assert model.row_of(RunId("r-another")) == 0


def test_losses_are_named_in_the_state(model: RunsModel) -> None:
    row = model.row_of(RunId("r-losses"))

    assert model.index(row, RunColumn.STATE).data() == "done with losses"


def test_numbers_stand_at_the_right(model: RunsModel) -> None:
    alignment = model.index(0, RunColumn.SIZE).data(Qt.ItemDataRole.TextAlignmentRole)

    assert alignment & Qt.AlignmentFlag.AlignRight.value


def test_namespaces_that_stay_keep_their_rows() -> None:
    model = NamespacesModel()
    rows = sample_runs.running_backup().namespaces
    model.set_rows(rows)
    resets: list[None] = []
    model.modelReset.connect(lambda: resets.append(None))

    model.set_rows((replace(rows[0], done_bytes=rows[0].total_bytes), *rows[1:]))

    assert resets == []
    assert model.index(0).data(int(Qt.ItemDataRole.AccessibleTextRole)).endswith("100 %")
