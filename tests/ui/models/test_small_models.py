from datetime import timedelta

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from fakes.sample_data import NOW, PROFILES, RECORDS, REPORT, manifest_of
from mangrove.core.backup import RestoreRequest
from mangrove.core.errors import ServerUnreachableError
from mangrove.core.restores.planning import plan_restore
from mangrove.ui.models.profiles_model import Live, Probe, ProfilesModel
from mangrove.ui.models.rename_model import EFFECT, TARGET, RenameModel, RenameRow
from mangrove.ui.widgets.oplog_bar import OplogBar


def test_profiles_model_keeps_qt_contract(qtmodeltester: ModelTester) -> None:
    model = ProfilesModel()
    model.set_profiles(PROFILES)

    qtmodeltester.check(model)


def test_a_damaged_profile_is_listed_with_its_reason() -> None:
    model = ProfilesModel()

    model.set_profiles(PROFILES)

    row = model.row_of("analytics")
    assert row is not None
    assert model.second_line(model.row_at(row)) == "damaged record"
    assert "JSON" in str(model.index(row).data(Qt.ItemDataRole.ToolTipRole))


def test_topology_shows_after_a_probe_and_survives_a_reload() -> None:
    model = ProfilesModel()
    model.set_profiles(PROFILES)
    model.set_probe("production", Probe(Live.UP, REPORT))

    model.set_profiles(PROFILES)

    row = model.row_of("production")
    assert row is not None
    assert model.second_line(model.row_at(row)) == "replica set of 3, 6.0.5"


def test_a_failed_probe_says_why() -> None:
    model = ProfilesModel()
    model.set_profiles(PROFILES)

    model.set_probe("reporting", Probe(Live.DOWN, problem=ServerUnreachableError("no answer")))

    row = model.row_of("reporting")
    assert row is not None
    assert model.second_line(model.row_at(row)) == "not reachable"
    assert model.index(row).data(Qt.ItemDataRole.ToolTipRole) == "no answer"


def test_rename_model_keeps_qt_contract(qtmodeltester: ModelTester) -> None:
    model = RenameModel()
    model.set_rows([RenameRow("shop", "shop2")], editable=True)

    qtmodeltester.check(model)


def test_a_target_can_be_edited_only_when_named(qtbot: QtBot) -> None:
    model = RenameModel()
    model.set_rows([RenameRow("shop", "copy")], editable=False)
    assert not model.flags(model.index(0, TARGET)) & Qt.ItemFlag.ItemIsEditable

    model.set_rows([RenameRow("shop", "shop")], editable=True)
    with qtbot.waitSignal(model.targets_changed):
        model.setData(model.index(0, TARGET), " shop2 ")

    assert model.rows == (RenameRow("shop", "shop2"),)


def test_effect_says_what_stands_at_the_target() -> None:
    manifest = manifest_of(RECORDS[0])
    request = RestoreRequest(RECORDS[0].backup, "staging", replace=("shop",))
    existing = {"shop": frozenset({"orders"})}
    model = RenameModel()
    model.set_rows([RenameRow("shop", "shop")], editable=True)
    assert model.index(0, EFFECT).data() == "…"

    model.show_plan(plan_restore(manifest, request, existing, NOW))

    assert model.index(0, EFFECT).data() == "data: 1 collection dropped and replaced"


def test_oplog_bar_takes_the_next_larger_scale(qtbot: QtBot) -> None:
    bar = OplogBar()
    qtbot.addWidget(bar)

    bar.set_length(timedelta(hours=31))

    assert (bar.hours, bar.scale_hours) == (31, 72)
    assert bar.accessibleName() == "31.0 hours of oplog"
