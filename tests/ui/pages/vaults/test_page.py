import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import HEALTH
from fakes.sample_runs import running_backup
from fakes.services import FakeServices
from mangrove.core.errors import StorageUnavailableError
from mangrove.core.run import RunState
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.vaults.page import VaultsPage
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends) -> VaultsPage:
    page = VaultsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(1080, 752)
    page.show()
    return page


def facts(page: VaultsPage, vault: str) -> list[str]:
    return page.cards[vault].facts.texts()


def checked(qtbot: QtBot, ends: Ends) -> VaultsPage:
    page = opened(qtbot, ends)
    qtbot.waitUntil(lambda: all(card.health for card in page.cards.values()))
    return page


def test_each_vault_has_a_card_with_what_a_check_found(qtbot: QtBot, ends: Ends) -> None:
    page = checked(qtbot, ends)

    assert list(page.cards) == ["cloud", "office-nas"]
    assert "30 backups, 11.2 GB" in facts(page, "office-nas")
    assert "412 GB" in facts(page, "office-nas")
    assert "not told by this storage" in facts(page, "cloud")
    qtbot.waitUntil(lambda: any(" a day" in line for line in facts(page, "office-nas")))
    assert any("if nothing is deleted" in line for line in facts(page, "office-nas"))
    assert page.cards["cloud"].badge.word == "in order"


def test_an_unencrypted_vault_says_so_for_good(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.vaults.rows[0] = replace(fakes.vaults.rows[0], recipients=())

    page = checked(qtbot, ends)

    assert page.cards["cloud"].encryption.word == "not encrypted"
    assert "can read every document" in page.cards["cloud"].plain.text


def test_a_vault_that_cannot_be_reached_says_why_and_can_be_checked_again(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.vaults.problem = StorageUnavailableError("the disk is not mounted")
    page = opened(qtbot, ends)
    card = page.cards["office-nas"]
    qtbot.waitUntil(lambda: "The disk is not mounted" in card.banner.text)
    assert card.badge.word == "not reachable"

    fakes.vaults.problem = None
    card.check.click()

    qtbot.waitUntil(lambda: card.badge.word == "in order")
    assert card.banner.text == ""


def test_missing_keys_are_not_in_order(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.vaults.health["cloud"] = replace(HEALTH["cloud"], has_identity=False)

    page = checked(qtbot, ends)

    assert page.cards["cloud"].badge.word == "keys missing"
    assert "age identity missing, signing key in the keyring" in facts(page, "cloud")


def test_clean_says_what_it_removes_and_then_how_much_it_freed(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = checked(qtbot, ends)
    asked: list[Confirmation] = []
    monkeypatch.setattr(ConfirmDialog, "ask", lambda _parent, wanted: asked.append(wanted) or True)

    page.cards["office-nas"].debris.action.click()

    qtbot.waitUntil(lambda: "81.0 MB freed" in page.banner.text)
    assert asked[0].removed == ("3 objects, 81.0 MB, of 20261122T020000Z-production-77ab",)
    qtbot.waitUntil(lambda: page.cards["office-nas"].debris.text == "")


def test_rebuild_says_how_many_backups_it_found(qtbot: QtBot, ends: Ends) -> None:
    page = checked(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.data_changed):
        page.cards["cloud"].rebuild.click()

    assert page.banner.text == "The catalog of cloud was rebuilt: 30 backups found."


def test_forget_keeps_backups_and_keys(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = checked(qtbot, ends)
    asked: list[Confirmation] = []
    monkeypatch.setattr(ConfirmDialog, "ask", lambda _parent, wanted: asked.append(wanted) or True)

    page.cards["cloud"].forget.trigger()

    qtbot.waitUntil(lambda: list(page.cards) == ["office-nas"])
    assert asked[0].kept == "The backups in it and its keys in the keyring stay."


def test_show_backups_leads_to_the_backups_of_this_vault(qtbot: QtBot, ends: Ends) -> None:
    page = checked(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        page.cards["cloud"].backups.click()

    assert wanted.args == [PageName.BACKUPS, {"vault": "cloud"}]


def test_the_end_of_a_backup_on_another_thread_checks_its_vault_again(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = checked(qtbot, ends)
    fakes.vaults.health["cloud"] = replace(HEALTH["cloud"], backups=31)
    done = replace(running_backup(), state=RunState.SUCCEEDED)

    worker = threading.Thread(target=fakes.activity.publish, args=(done,))
    worker.start()
    worker.join()

    qtbot.waitUntil(lambda: "31 backups, 9.4 GB" in facts(page, "cloud"))


def test_a_vault_is_looked_through_and_mended_from_its_menu(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = checked(qtbot, ends)
    card = page.cards["cloud"]
    card.bring_back.setEnabled(True)

    with qtbot.waitSignal(ends.navigator.progress_wanted):
        card.inspect.trigger()
    with qtbot.waitSignal(ends.navigator.progress_wanted):
        card.bring_back.trigger()
    fakes.upkeep.has_copies = False
    card.bring_back.trigger()

    qtbot.waitUntil(lambda: "no other copy of cloud" in page.banner.text)
    assert fakes.upkeep.started == ["check cloud", "mend cloud", "mend cloud"]


def test_an_empty_page_offers_to_add_a_vault(qtbot: QtBot, empty_ends: Ends) -> None:
    page = opened(qtbot, empty_ends)

    with qtbot.waitSignal(empty_ends.navigator.add_vault_wanted):
        page.empty.button.click()


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    page = checked(qtbot, ends)

    qtbot.waitUntil(lambda: cut_off(page) == [])


def test_page_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    page = checked(qtbot, ends)

    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    assert not page.grab().isNull()


def test_a_hidden_page_looks_at_no_storage(qtbot: QtBot, ends: Ends) -> None:
    page = VaultsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)

    ends.navigator.tell_data_changed()

    assert ends.calls.waiting == 0
    assert page.cards == {}
