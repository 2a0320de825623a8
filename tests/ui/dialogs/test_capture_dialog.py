"""The dialog that starts a capture."""

from dataclasses import replace
from datetime import timedelta

from pytestqt.qtbot import QtBot

from fakes.services import FakeServices
from mangrove.core.pitr.capture import OnGap
from mangrove.ui.dialogs.capture_dialog import CaptureDialog
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends, profile: str = "production") -> CaptureDialog:
    dialog = CaptureDialog(None, ends.services, profile)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_the_vault_of_the_newest_base_is_chosen(qtbot: QtBot, ends: Ends) -> None:
    assert opened(qtbot, ends, "production").answer().vault == "office-nas"
    assert opened(qtbot, ends, "staging").answer().vault == "cloud"


def test_the_request_says_what_was_chosen(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.length.setCurrentIndex(1)
    dialog.on_gap.choose(OnGap.ASK)

    request = dialog.answer()

    assert (request.profile, request.on_gap) == ("production", OnGap.ASK)
    assert request.slice_length == timedelta(minutes=5)
    assert "at least every 5 min" in dialog.summary


def test_a_vault_without_a_base_is_told(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    assert dialog.no_base.text == ""

    dialog.vault.setCurrentText("cloud")
    assert "capture takes one first" in dialog.no_base.text
    dialog.on_gap.choose(OnGap.ASK)

    assert "until one is taken, nothing can be restored" in dialog.no_base.text


def test_an_unencrypted_vault_warns(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.vaults.rows[1] = replace(fakes.vaults.rows[1], recipients=())

    dialog = opened(qtbot, ends)

    assert "not encrypted" in dialog.warning.text
