from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fakes.sample_data import KIT_CODE, VAULTS
from fakes.services import FakeServices
from mangrove.core.backup import BackupId
from mangrove.core.errors import WrongIdentityError
from mangrove.core.run import RunKind
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import Holder, kit_state
from mangrove.core.vaults.keys import KitState
from mangrove.ui.application import build_window
from mangrove.ui.dialogs.confirm_dialog import ConfirmDialog
from mangrove.ui.dialogs.vaults.keys_dialog import KeyChange, KeysDialog, KeyWish
from mangrove.ui.dialogs.vaults.kit_dialogs import (
    ConfirmKitDialog,
    KitToOpen,
    KitWish,
    MakeKitDialog,
    OpenKitDialog,
)
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.vaults.page import VaultsPage
from mangrove.ui.shell.main_window import MainWindow

NAME = VAULTS[0].name
OTHER = VAULTS[1].recipients[0]
WISH = KitWish("/mnt/usb/kit", Secret("tide turns mangrove roots"), with_storage_key=False)


@pytest.fixture
def window(qtbot: QtBot, fakes: FakeServices, tmp_path: Path) -> MainWindow:
    fakes.vaults.rows[0] = replace(VAULTS[0], kit=None)
    made = build_window(fakes.services, tmp_path / "window.ini")
    qtbot.addWidget(made, before_close_func=lambda _: fakes.activity.end_all())
    made.show()
    made.open_page(PageName.VAULTS)
    qtbot.waitUntil(lambda: made._calls.waiting == 0)
    return made


def page(window: MainWindow) -> VaultsPage:
    (found,) = window.findChildren(VaultsPage)
    return found


def badge(window: MainWindow) -> str:
    return page(window).cards[NAME].badge.word


def answer(monkeypatch: pytest.MonkeyPatch, dialog: type, *answers: object) -> None:
    """Let a dialog be answered like this, one answer after the other, then left."""
    left = [*answers]
    monkeypatch.setattr(dialog, "ask", lambda *_: left.pop(0) if left else None)


def test_a_vault_is_amber_until_its_kit_was_made_and_confirmed(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: badge(window) == "recovery kit not stored")
    answer(monkeypatch, MakeKitDialog, WISH)
    answer(monkeypatch, ConfirmKitDialog, "WRONG", KIT_CODE)

    page(window).cards[NAME].kit.action.click()
    qtbot.waitUntil(lambda: "type the code" in window.notice.text)
    assert kit_state(fakes.vaults.find(NAME)) is KitState.UNCONFIRMED
    assert "nobody has said yet" in page(window).cards[NAME].kit.text
    page(window).cards[NAME].kit.action.click()

    qtbot.waitUntil(lambda: badge(window) == "in order")
    assert fakes.kits.made == ["/mnt/usb/kit"]
    assert page(window).cards[NAME].kit.text == ""


def test_a_kit_is_opened_and_what_came_back_is_said(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = KitToOpen("/mnt/usb/kit.age", Secret("x"), "file:///mnt/vault", "attic")
    answer(monkeypatch, OpenKitDialog, wish)

    page(window).open_kit.click()

    qtbot.waitUntil(lambda: "30 backups, 1 deployment added" in window.notice.text)
    assert fakes.kits.opened == [("/mnt/usb/kit.age", "file:///mnt/vault", "attic")]
    assert "passwords again" in window.notice.text


def test_a_wrong_passphrase_brings_the_dialog_back_with_the_reason(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.kits.problem = WrongIdentityError("the passphrase does not open it")
    asked: list[tuple[object, ...]] = []
    wish = KitToOpen("/kit.age", Secret("x"))

    def ask(*arguments: object) -> KitToOpen | None:
        asked.append(arguments)
        return wish if len(asked) == 1 else None

    monkeypatch.setattr(OpenKitDialog, "ask", ask)

    page(window).open_kit.click()

    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked[1][1] is wish
    assert asked[1][2] is fakes.kits.problem


CHANGES = {
    KeyWish(KeyChange.ADD, Holder(OTHER, "Ana")): (2, 0),
    KeyWish(KeyChange.ROTATE): (1, 1),
}


@pytest.mark.parametrize("wish", CHANGES, ids=["add", "rotate"])
def test_a_change_of_keys_is_carried_out_and_the_kit_is_outdated(
    qtbot: QtBot,
    window: MainWindow,
    fakes: FakeServices,
    monkeypatch: pytest.MonkeyPatch,
    wish: KeyWish,
) -> None:
    fakes.vaults.rows[0] = VAULTS[0]
    page(window).reload()
    answer(monkeypatch, KeysDialog, wish)

    page(window).cards[NAME].kit.keys.trigger()

    qtbot.waitUntil(lambda: "keys were changed" in window.notice.text)
    spec = fakes.vaults.find(NAME)
    assert (len(spec.recipients), len(spec.retired_keys)) == CHANGES[wish]
    assert "older than the vault's keys" in page(window).cards[NAME].kit.text


def test_a_rewrap_is_a_run_with_progress(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, KeysDialog, KeyWish(KeyChange.REWRAP))

    page(window).cards[NAME].kit.keys.trigger()

    qtbot.waitUntil(lambda: any(r.kind is RunKind.REWRAP for r in fakes.activity.running()))


def test_missing_backups_are_red_until_somebody_says_that_it_was_meant(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.vaults.rows[0] = VAULTS[0]
    gone = BackupId("20260301T020000Z-production-1a2b")
    fakes.vaults.health[NAME] = replace(
        fakes.vaults.health[NAME], missing=(gone,), rolled_back="the storage was turned back"
    )
    page(window).reload()
    qtbot.waitUntil(lambda: badge(window) == "backups missing")
    card = page(window).cards[NAME]
    assert gone in card.missing.text
    assert "turned back" in card.missing.text
    monkeypatch.setattr(ConfirmDialog, "ask", lambda *_: True)

    card.missing.action.click()

    qtbot.waitUntil(lambda: badge(window) == "in order")
    assert fakes.keys.accepted == [NAME]
