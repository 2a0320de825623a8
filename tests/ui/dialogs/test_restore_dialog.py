from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import NOW, RECORDS
from fakes.services import FakeServices
from mangrove.core.backup import IndexChoice, Rename, RestoreRequest, SafetyBackup
from mangrove.core.errors import (
    InvalidSelectionError,
    MangroveError,
    ServerUnreachableError,
    WrongIdentityError,
)
from mangrove.core.namespace import MAX_NAMESPACE_BYTES, kept_name
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.moments import Moment
from mangrove.core.restores.naming import copy_name
from mangrove.core.restores.plan import RestorePlan
from mangrove.ui.dialogs.restore_choice import Where
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.models.namespace_rows import NamespaceRow
from mangrove.ui.models.rename_model import EFFECT, TARGET
from ui.conftest import Ends

RECORD = RECORDS[0]


def opened(qtbot: QtBot, ends: Ends) -> RestoreDialog:
    dialog = RestoreDialog(None, ends.services, ends.calls, RECORD)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def occupied(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> RestoreDialog:
    fakes.restores.existing["shop"] = frozenset({"orders", "users"})
    dialog = opened(qtbot, ends)
    dialog.where.where.choose(Where.NAMED)
    qtbot.waitUntil(lambda: "shop" in dialog.replace.fields)
    return dialog


def test_a_copy_beside_everything_is_preselected(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(dialog.yes.isEnabled)

    request = dialog.answer()
    assert request.profile == "staging"
    assert request.renames == (
        Rename("billing", copy_name("billing", NOW)),
        Rename("shop", copy_name("shop", NOW)),
    )
    assert (request.include, request.replace) == ((), ())
    assert dialog.yes.text() == "Restore into a copy"
    assert dialog.summary.endswith("Nothing existing is changed.")


def test_what_the_last_plan_said_goes_at_once(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = opened(qtbot, ends)
    dialog.command.fold.button.click()
    qtbot.waitUntil(lambda: "mongorestore" in dialog.command.view.toPlainText())
    fakes.background.hold = True

    dialog.how.indexes.setCurrentIndex(dialog.how.indexes.findData(IndexChoice.NEVER))

    assert dialog.command.view.toPlainText() == ""
    assert not dialog.command.copy.isEnabled()
    assert dialog.where.model.index(0, EFFECT).data() == "…"
    assert not dialog.forecast.isEnabled()
    fakes.background.hold = False


def test_enter_in_the_search_restores_nothing(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(dialog.yes.isEnabled)
    dialog.what.search.setFocus()

    qtbot.keyClicks(dialog.what.search, "orders")
    qtbot.keyClick(dialog.what.search, Qt.Key.Key_Return)

    assert dialog.what.model.shown_rows == 2  # shop and its orders
    assert dialog.isVisible()


def test_unticking_leaves_out(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(dialog.yes.isEnabled)
    model = dialog.what.model

    model.setData(model.index(0, 0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)

    assert not dialog.yes.isEnabled()  # until the new plan is there
    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().include == ("shop.*",)
    assert [row.source for row in dialog.where.model.rows] == ["shop"]
    assert "5 collections" in dialog.summary


def test_nothing_ticked_cannot_be_restored(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.what.model.choose_all(checked=False)

    assert not dialog.yes.isEnabled()
    assert dialog.summary == "Tick at least one collection."


def test_existing_data_needs_its_typed_name(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = occupied(qtbot, ends, fakes)
    assert not dialog.yes.isEnabled()
    assert dialog.yes.text() == "Replace database shop"
    assert not dialog.yes.isDefault()

    dialog.replace.fields["shop"].field.setText("Shop")
    assert dialog.answer().replace == ()
    dialog.replace.fields["shop"].field.setText("shop")

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().replace == ("shop",)
    assert "2 existing collections are dropped" in dialog.summary


def test_taking_the_typed_name_back_closes_the_way_again(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = occupied(qtbot, ends, fakes)
    dialog.replace.fields["shop"].field.setText("shop")
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.replace.fields["shop"].field.setText("sho")

    assert not dialog.yes.isEnabled()
    qtbot.waitUntil(lambda: "Type its name" in dialog.summary)
    assert not dialog.yes.isEnabled()


def test_a_safety_backup_is_preselected_and_can_be_declined(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = occupied(qtbot, ends, fakes)
    dialog.replace.fields["shop"].field.setText("shop")
    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().safety is SafetyBackup.TAKE
    assert "They are backed up first." in dialog.summary

    dialog.replace.safety.setChecked(False)

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().safety is SafetyBackup.SKIP
    assert "backed up first" not in dialog.summary


def test_going_back_to_a_copy_asks_nothing(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = occupied(qtbot, ends, fakes)

    dialog.where.where.choose(Where.COPY)

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.replace.isHidden()
    assert dialog.yes.text() == "Restore into a copy"
    assert dialog.yes.isDefault()


def test_another_deployment_does_not_inherit_the_typed_name(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = occupied(qtbot, ends, fakes)
    dialog.replace.fields["shop"].field.setText("shop")
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.where.profile.setCurrentText("production")

    assert dialog.answer().replace == ()
    qtbot.waitUntil(lambda: "on production holds data" in dialog.summary)
    assert not dialog.yes.isEnabled()
    assert dialog.answer().replace == ()


def test_a_renamed_target_shows_what_stands_there(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = occupied(qtbot, ends, fakes)
    model = dialog.where.model
    assert model.index(1, EFFECT).data() == "data: 2 collections dropped and replaced"

    model.setData(model.index(1, TARGET), "shop_new")

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert model.index(1, EFFECT).data() == "nothing: a new database"
    assert dialog.yes.text() == "Restore into 2 databases"


def test_two_databases_cannot_become_one(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.where.where.choose(Where.NAMED)
    model = dialog.where.model
    qtbot.waitUntil(dialog.yes.isEnabled)

    model.setData(model.index(0, TARGET), "admin")

    qtbot.waitUntil(lambda: "Nothing is restored into admin" in dialog.banner.text)
    assert not dialog.yes.isEnabled()


def test_an_old_plan_never_opens_the_way(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(dialog.yes.isEnabled)
    fakes.background.hold = True
    dialog.how.indexes.setCurrentIndex(dialog.how.indexes.findData(IndexChoice.NEVER))
    qtbot.waitUntil(lambda: ends.calls.waiting == 1)  # the plan without indexes is on its way

    dialog.where.profile.setCurrentText("production")
    is_over = qtbot.waitSignal(ends.calls.busy_changed, check_params_cb=lambda number: number == 0)
    with is_over:  # its answer came, and was dropped
        fakes.background.release()

    assert not dialog.yes.isEnabled()
    qtbot.waitUntil(lambda: ends.calls.waiting == 1)  # the next plan is asked for
    assert not dialog.yes.isEnabled()
    fakes.background.release()
    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().indexes is IndexChoice.NEVER


def test_a_manifest_that_cannot_be_read_is_an_error_in_place(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.problem = WrongIdentityError("no identity opens it")

    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: "No identity opens it" in dialog.banner.text)
    assert not dialog.yes.isEnabled()


def test_a_target_that_cannot_be_reached_is_an_error_in_place(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem: MangroveError = ServerUnreachableError("staging is away")

    def refuse(_request: object) -> RestorePlan:
        raise problem

    monkeypatch.setattr(fakes.restores, "preview", refuse)

    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: dialog.summary == "Staging is away.")
    assert not dialog.yes.isEnabled()


def test_a_refusal_is_forgotten_with_the_choice_it_was_about(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = fakes.restores.preview

    def refuse_copies(request: RestoreRequest) -> RestorePlan:
        if any("_restored_" in rename.target for rename in request.renames):
            message = "no room for the copy"
            raise InvalidSelectionError(message)
        return plan(request)

    monkeypatch.setattr(fakes.restores, "preview", refuse_copies)
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(lambda: "no room" in dialog.banner.text.lower())

    dialog.where.where.choose(Where.NAMED)

    assert dialog.banner.text == ""  # at once, not only when the next plan is there


@pytest.mark.parametrize("kind", ["collection", "timeseries"])
def test_a_copy_of_long_names_is_named_as_the_command_line_does(
    qtbot: QtBot, ends: Ends, kind: str
) -> None:
    dialog = opened(qtbot, ends)
    kept = kept_name("", kind)
    long = "L" * (240 - len(kept))

    dialog.what.model.set_rows((NamespaceRow("nasty_names", long, kind, 1, 1),))

    ((_, target),) = dialog.where.targets
    assert target == copy_name("nasty_names", NOW, 14)
    assert len(f"{target}.{kept}{long}".encode()) <= MAX_NAMESPACE_BYTES


def test_how_is_folded_until_asked(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    assert not dialog.how.indexes.isVisible()

    dialog.how.fold.click()

    assert dialog.how.indexes.isVisible()


def test_damaged_profiles_are_no_target(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.backups.rows[0] = replace(RECORD, profile_slug="gone")
    dialog = opened(qtbot, ends)

    assert dialog.where.profile.findText("analytics") == -1


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = occupied(qtbot, ends, fakes)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_dialog_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert not dialog.grab().isNull()


def test_a_moment_is_filled_in_and_asked_for(qtbot: QtBot, ends: Ends) -> None:
    moment = Moment(OplogTimestamp(1_764_081_000, 7), "1764081000:7")
    dialog = RestoreDialog(None, ends.services, ends.calls, RECORD, moment)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(dialog.yes.isEnabled)

    assert dialog.answer().rewind_to == moment.limit
    assert dialog.moment.said.text().startswith("Everything before 2025-11-25")
    dialog.moment.including.setChecked(True)
    assert dialog.answer().rewind_to == moment.limit.following
    dialog.moment.field.clear()
    assert dialog.answer().rewind_to is None


def test_a_moment_that_cannot_be_understood_is_said_at_its_field(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.moment.field.setText("soon")

    assert not dialog.yes.isEnabled()
    assert "is not a moment" in dialog.moment.row.error
    assert dialog.answer().rewind_to is None


def test_where_it_goes_is_in_sight_without_scrolling(qtbot: QtBot, ends: Ends) -> None:
    dialog = RestoreDialog(None, ends.services, ends.calls, RECORDS[0])
    qtbot.addWidget(dialog)
    dialog.resize(752, 704)
    dialog.show()
    qtbot.waitUntil(dialog.where.table.isVisible)

    def lowest(widget: QWidget) -> int:
        return widget.mapTo(dialog._scroll, widget.rect().bottomLeft()).y()

    qtbot.waitUntil(lambda: lowest(dialog.where.where) < dialog._scroll.height())
    names = dialog.where.table.mapTo(dialog._scroll, QPoint(0, 0)).y()
    assert names + dialog.where.table.horizontalHeader().height() < dialog._scroll.height()
