from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fakes.sample_data import VAULTS
from fakes.services import FakeServices
from mangrove.core.errors import StorageDeniedError
from mangrove.services.mirrors import MirrorDraft
from mangrove.ui.application import build_window
from mangrove.ui.dialogs.confirm_dialog import ConfirmDialog
from mangrove.ui.dialogs.vaults.mirror_dialog import MirrorAnswer, MirrorDialog, MirrorStart
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.vaults.card import VaultCard
from mangrove.ui.pages.vaults.page import VaultsPage
from mangrove.ui.shell.main_window import MainWindow
from ui.conftest import Ends

NAME = VAULTS[0].name
PLACE = VaultPlace(folder="/mnt/cellar")


@pytest.fixture
def window(qtbot: QtBot, fakes: FakeServices, tmp_path: Path) -> MainWindow:
    made = build_window(fakes.services, tmp_path / "window.ini")
    qtbot.addWidget(made, before_close_func=lambda _: fakes.activity.end_all())
    made.show()
    made.open_page(PageName.VAULTS)
    qtbot.waitUntil(lambda: made._calls.waiting == 0)
    return made


def card(window: MainWindow) -> VaultCard:
    (page,) = window.findChildren(VaultsPage)
    return page.cards[NAME]


def test_a_mirror_is_added_in_the_window_and_forgotten_again(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = MirrorAnswer(PLACE, MirrorDraft("cellar", PLACE.url()))
    monkeypatch.setattr(MirrorDialog, "ask", lambda *_: answer)
    monkeypatch.setattr(ConfirmDialog, "ask", lambda *_: True)

    card(window).add_mirror.trigger()

    qtbot.waitUntil(lambda: "cellar mirrors" in window.notice.text)
    qtbot.waitUntil(lambda: bool(fakes.vaults.find(NAME).mirrors))
    window.notice.action_triggered.emit()
    qtbot.waitUntil(lambda: fakes.mirrors.synced == [NAME])
    (forget,) = card(window).mirrors.names.actions()
    forget.trigger()
    qtbot.waitUntil(lambda: fakes.vaults.find(NAME).mirrors == ())
    qtbot.waitUntil(lambda: window._calls.waiting == 0)


def test_a_mirror_that_cannot_be_added_brings_the_dialog_back(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.mirrors.problem = StorageDeniedError("the disk is read-only")
    answer = MirrorAnswer(PLACE, MirrorDraft("cellar", PLACE.url()))
    asked: list[tuple[object, ...]] = []

    def ask(*arguments: object) -> MirrorAnswer | None:
        asked.append(arguments)
        return answer if len(asked) == 1 else None

    monkeypatch.setattr(MirrorDialog, "ask", ask)

    card(window).add_mirror.trigger()

    qtbot.waitUntil(lambda: len(asked) == 2)
    start = asked[1][-1]
    assert isinstance(start, MirrorStart)
    assert (start.place, start.draft) == (answer.place, answer.draft)


def test_a_mirror_needs_a_name_and_a_place_of_its_own(qtbot: QtBot, ends: Ends) -> None:
    vault = VAULTS[1]
    assert vault.url.startswith("file://")
    dialog = MirrorDialog(None, ends.services, ends.calls, vault)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.yes.isEnabled()

    dialog.name.setText("cellar")
    dialog.where.form.type_in("folder", vault.url.removeprefix("file://"))
    assert "a copy of the vault already" in dialog.summary
    assert not dialog.yes.isEnabled()
    dialog.where.form.type_in("folder", "/mnt/cellar")

    assert dialog.yes.isEnabled()
    assert dialog.answer().draft == MirrorDraft("cellar", "file:///mnt/cellar")
    dialog.where.test.click()
    qtbot.waitUntil(lambda: "can be used" in dialog.where.outcome.text)


def test_what_was_typed_comes_back_with_the_reason(qtbot: QtBot, ends: Ends) -> None:
    draft = MirrorDraft("cellar", PLACE.url())
    start = MirrorStart(PLACE, draft, StorageDeniedError("the disk is read-only"))
    dialog = MirrorDialog(None, ends.services, ends.calls, VAULTS[0], start)
    qtbot.addWidget(dialog)

    assert dialog.answer() == MirrorAnswer(PLACE, draft)
    assert "read-only" in dialog.banner.text
