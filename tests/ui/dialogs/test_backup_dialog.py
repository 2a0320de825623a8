from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.services import FakeServices
from mangrove.core.backup import BackupRequest, Compression, Consistency, Selection
from mangrove.core.errors import ServerUnreachableError
from mangrove.core.namespace import Namespace
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends, preset: BackupPreset) -> BackupDialog:
    dialog = BackupDialog(None, ends.services, ends.calls, preset)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_the_whole_deployment_is_offered_first(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset("staging", "office-nas"))

    assert dialog.yes.isEnabled()
    assert dialog.answer() == BackupRequest("staging", "office-nas")
    qtbot.waitUntil(lambda: "8 collections, 1.6 GB" in dialog.summary)


def test_damaged_profiles_are_not_offered(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset())

    names = [dialog.profile.itemText(n) for n in range(dialog.profile.count())]
    assert names == ["production", "reporting", "staging"]


def test_a_preset_selection_is_ticked(qtbot: QtBot, ends: Ends) -> None:
    wanted = Selection(("billing",), (Namespace("shop", "orders"),))
    dialog = opened(qtbot, ends, BackupPreset("production", selection=wanted))

    qtbot.waitUntil(dialog.yes.isEnabled)

    assert dialog.answer().selection == wanted
    assert "4 collections" in dialog.summary


def test_nothing_ticked_cannot_be_backed_up(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset("production"))
    dialog.scope.choose(value=False)
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.model.choose_all(checked=False)

    assert not dialog.yes.isEnabled()
    assert dialog.summary == "Tick at least one collection."


def test_another_profile_is_listed_anew(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = opened(qtbot, ends, BackupPreset("production"))
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    fakes.profiles.problem = ServerUnreachableError("staging is away")

    dialog.profile.setCurrentText("staging")

    qtbot.waitUntil(lambda: "Staging is away" in dialog.banner.text)
    assert dialog.model.rowCount() == 0
    assert dialog.yes.isEnabled()  # the whole deployment needs no list
    dialog.scope.choose(value=False)
    assert not dialog.yes.isEnabled()


def test_consistency_and_compression_go_into_the_answer(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset("production"))

    dialog.consistency.choose(Consistency.SNAPSHOT)
    dialog.compression.setCurrentIndex(dialog.compression.findData(Compression.GZIP))

    answer = dialog.answer()
    assert (answer.consistency, answer.compression) == (Consistency.SNAPSHOT, Compression.GZIP)


def test_a_rate_limit_goes_into_the_request(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset("staging", "office-nas"))
    dialog.how.button.click()

    dialog.rate.field.setText("quick")
    assert not dialog.yes.isEnabled()
    dialog.rate.field.setText("512KiB/s")

    assert dialog.yes.isEnabled()
    assert dialog.answer().limit_bytes_per_s == 512 * 1024


def test_an_unencrypted_vault_says_so(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.vaults.rows[0] = replace(fakes.vaults.rows[0], recipients=())
    dialog = opened(qtbot, ends, BackupPreset("production", "cloud"))
    assert "not encrypted" in dialog.warning.text

    dialog.vault.setCurrentText("office-nas")

    assert dialog.warning.text == ""


def test_without_a_vault_it_says_what_to_do_first(qtbot: QtBot, empty_ends: Ends) -> None:
    dialog = opened(qtbot, empty_ends, BackupPreset())

    assert not dialog.yes.isEnabled()
    assert "Add a profile first" in dialog.summary


def test_ask_returns_nothing_when_the_person_leaves(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BackupDialog, "exec", lambda _self: BackupDialog.DialogCode.Rejected)

    assert BackupDialog.ask(None, ends.services, ends.calls) is None


def test_ask_returns_the_request(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackupDialog, "exec", lambda _self: BackupDialog.DialogCode.Accepted)
    preset = BackupPreset("production", "cloud")

    answer = BackupDialog.ask(None, ends.services, ends.calls, preset)

    assert answer == BackupRequest("production", "cloud")


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset("production"))

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_dialog_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset("production"))
    dialog.scope.choose(value=False)

    dialog.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    assert not dialog.grab().isNull()


def test_a_user_who_is_shown_few_databases_cannot_take_the_whole(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.has_all_databases = False
    dialog = opened(qtbot, ends, BackupPreset("production"))

    qtbot.waitUntil(lambda: "shown only some" in dialog.summary)
    assert not dialog.yes.isEnabled()

    dialog.scope.choose(value=False)
    assert dialog.yes.isEnabled()


def test_what_a_deployment_holds_is_asked_again(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.problem = ServerUnreachableError("production is away")
    dialog = opened(qtbot, ends, BackupPreset("production"))
    dialog.scope.choose(value=False)
    qtbot.waitUntil(lambda: "roduction is away" in dialog.banner.text)
    assert dialog.summary == "The databases are not known."
    fakes.profiles.problem = None

    dialog.banner.action.click()

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.banner.text == ""
    assert dialog.tree.isVisible()


def test_the_vault_of_the_newest_backup_is_preselected(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, BackupPreset("production"))

    qtbot.waitUntil(lambda: dialog.vault.currentText() == "office-nas")  # "cloud" comes first
    dialog.profile.setCurrentText("staging")

    qtbot.waitUntil(lambda: dialog.vault.currentText() == "cloud")


def test_a_vault_that_was_picked_stays(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.background.hold = True
    dialog = opened(qtbot, ends, BackupPreset("production"))
    dialog.vault.setCurrentText("cloud")
    dialog.vault.activated.emit(dialog.vault.currentIndex())

    fakes.background.release()

    qtbot.waitUntil(lambda: not ends.calls.waiting)
    assert dialog.vault.currentText() == "cloud"
