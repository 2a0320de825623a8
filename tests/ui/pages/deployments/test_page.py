import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.services import FakeServices
from mangrove.core.deployment import CollectionSize
from mangrove.core.errors import ServerUnreachableError
from mangrove.core.namespace import Namespace
from mangrove.core.restores.unfinished import Unfinished
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.models.profiles_model import Live
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.deployments.page import DeploymentsPage
from mangrove.ui.widgets.state_mark import StateMark
from ui.conftest import Ends

TALL = (1080, 752)


def opened(qtbot: QtBot, ends: Ends) -> DeploymentsPage:
    page = DeploymentsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(*TALL)
    page.show()
    return page


def texts(page: DeploymentsPage) -> str:
    return "\n".join(page.detail.about.facts.texts())


def test_page_lists_every_profile_and_probes_the_first_readable(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    qtbot.waitUntil(lambda: page.model.probe("production").live is Live.UP)

    assert page.model.rowCount() == 4
    assert "6.0.5 (compatible with 6.0)" in texts(page)
    assert page.detail.about.oplog.bar.hours == 31
    assert page.detail.badge.word == "answers"


def test_a_missing_privilege_is_named_with_its_role(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    qtbot.waitUntil(lambda: page.model.probe("production").live is Live.UP)

    labels = {
        label.text() for label in page.detail.about.privileges.findChildren(type(page.header.title))
    }
    assert "Restore: not allowed" in labels
    assert "Missing: insert on shop.*. The role restore would allow it." in labels
    assert len(page.detail.about.privileges.findChildren(StateMark)) >= 3


def test_a_failed_probe_shows_its_error_in_place(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.problem = ServerUnreachableError("no server answered at db1:27017")

    page = opened(qtbot, ends)

    qtbot.waitUntil(lambda: "db1:27017" in page.detail.banner.text)
    assert page.detail.badge.word == "not reachable"
    fakes.profiles.problem = None
    page.detail.banner.action.click()
    qtbot.waitUntil(lambda: page.detail.badge.word == "answers")
    assert page.detail.banner.text == ""


def test_a_damaged_profile_is_shown_with_its_reason(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.select(profile="analytics")

    assert "the stored record is not valid JSON" in page.detail.damage.text
    assert not page.detail.back_up.isEnabled()
    assert page.detail.remove.isEnabled()


def test_an_empty_page_offers_to_add_a_deployment(qtbot: QtBot, empty_ends: Ends) -> None:
    page = opened(qtbot, empty_ends)

    assert page.empty.isVisible()
    with qtbot.waitSignal(empty_ends.navigator.add_profile_wanted):
        page.empty.button.click()


def test_databases_are_listed_when_their_tab_is_looked_at(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    assert page.detail.databases.model.rowCount() == 0

    page.detail.tabs.setCurrentWidget(page.detail.databases)

    qtbot.waitUntil(lambda: page.detail.databases.model.rowCount() == 2)
    assert page.detail.databases.total.text() == "2 databases, 8 collections, 1.6 GB"


def test_selected_collections_go_to_a_backup(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    databases = page.detail.databases
    page.detail.tabs.setCurrentWidget(databases)
    qtbot.waitUntil(lambda: databases.model.rowCount() == 2)
    view = databases.tree.model()
    rows = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    databases.tree.selectionModel().select(view.index(0, 0), rows)
    databases.tree.selectionModel().select(view.index(2, 0, view.index(1, 0)), rows)

    with qtbot.waitSignal(ends.navigator.backup_wanted) as wanted:
        databases.back_up.click()

    chosen = {"databases": ("billing",), "collections": ("shop.orders",)}
    assert wanted.args == ["production", chosen]


def test_listing_fails_in_place_and_can_be_tried_again(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = opened(qtbot, ends)
    qtbot.waitUntil(lambda: page.model.probe("production").live is Live.UP)
    fakes.profiles.problem = ServerUnreachableError("gone again")
    databases = page.detail.databases
    page.detail.tabs.setCurrentWidget(databases)
    qtbot.waitUntil(lambda: "Gone again" in databases.banner.text)

    fakes.profiles.problem = None
    databases.banner.action.click()

    qtbot.waitUntil(lambda: databases.model.rowCount() == 2)


def test_remove_says_exactly_what_goes_and_what_stays(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(qtbot, ends)
    asked = []
    monkeypatch.setattr(ConfirmDialog, "ask", lambda _parent, wanted: asked.append(wanted) or True)

    page.detail.remove.trigger()

    qtbot.waitUntil(lambda: page.model.row_of("production") is None)
    assert "its entries in the keyring" in asked[0].removed
    assert "backups stay" in asked[0].kept
    assert asked[0].verb == "Remove production"


def test_no_to_remove_changes_nothing(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(qtbot, ends)
    monkeypatch.setattr(ConfirmDialog, "ask", lambda _parent, _wanted: False)

    page.detail.remove.trigger()

    assert page.model.row_of("production") is not None


def test_duplicate_takes_a_free_name_and_selects_it(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.detail.duplicate.trigger()
    qtbot.waitUntil(lambda: page.model.row_of("production copy") is not None)
    page.select(profile="production")
    page.detail.duplicate.trigger()

    qtbot.waitUntil(lambda: page.model.row_of("production copy 2") is not None)
    assert page.detail.title.text() == "production copy 2"


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    page.resize(1280, 900)

    qtbot.waitUntil(lambda: page.model.probe("production").live is Live.UP)

    qtbot.waitUntil(lambda: cut_off(page) == [])


def test_page_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    qtbot.waitUntil(lambda: page.model.probe("production").live is Live.UP)
    qtbot.waitUntil(lambda: page.list.geometry().left() > page.detail.geometry().left())
    assert not page.grab().isNull()


def test_a_hidden_page_contacts_no_server(qtbot: QtBot, ends: Ends) -> None:
    page = DeploymentsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)

    ends.navigator.tell_data_changed()

    assert ends.calls.waiting == 0
    assert page.model.probe("production").live is Live.UNKNOWN


def test_a_deployment_can_be_copied_elsewhere(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.copy_wanted) as wanted:
        page.detail.copy.trigger()

    assert wanted.args == ["production", {"databases": (), "collections": ()}]


def test_what_a_restore_left_is_shown_and_removed_on_a_clear_yes(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = CollectionSize("shop", "mangrove_0badc0de0_orders", "collection", 7, 700)
    lone = CollectionSize("shop", "mangrove_0badc0de1_gone", "collection", 7, 700)
    fakes.profiles.tree = (*fakes.profiles.tree, rest, lone)
    asked: list[Confirmation] = []
    monkeypatch.setattr(ConfirmDialog, "ask", lambda _parent, wanted: not asked.append(wanted))
    page = opened(qtbot, ends)
    tab = page.detail.databases
    page.detail.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: "2 collections left by a restore" in tab.left.text)

    tab.left.action.click()

    qtbot.waitUntil(lambda: "1 collection left by a restore" in tab.left.text)
    assert fakes.leftovers.removed == [Namespace("shop", "mangrove_0badc0de0_orders")]
    assert asked[0].verb == "Drop 1 collection"
    assert "1 that may be the only copy or somebody else's stay" in asked[0].kept
    tab.left.action.click()
    assert "may be the only copy" in tab.banner.text
    assert len(asked) == 1


def test_a_deployment_leads_to_its_timeline_and_to_capture(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    page.select(profile="staging")

    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        page.detail.timeline.trigger()
    assert wanted.args == [PageName.TIMELINE, {"profile": "staging"}]

    with qtbot.waitSignal(ends.navigator.capture_wanted) as captured:
        page.detail.capture.trigger()
    assert captured.args == ["staging"]


def test_the_page_opens_with_the_profile_that_was_looked_at_last(qtbot: QtBot, ends: Ends) -> None:
    ends.navigator.profile = "staging"
    page = opened(qtbot, ends)
    assert page._chosen_name() == "staging"

    page.select(profile="reporting")
    assert ends.navigator.profile == "reporting"


def test_what_a_killed_restore_was_filling_is_shown_and_removed(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, strange = Namespace("killed", "orders"), Namespace("killed", "users")
    rows = [CollectionSize("killed", n.collection, "collection", 7, 9) for n in (ours, strange)]
    fakes.profiles.tree = (*fakes.profiles.tree, *rows)
    fakes.leftovers.unfinished = [Unfinished(ours, "a", 20), Unfinished(strange, "", 20)]
    asked: list[Confirmation] = []
    monkeypatch.setattr(ConfirmDialog, "ask", lambda _parent, wanted: not asked.append(wanted))
    page = opened(qtbot, ends)
    tab = page.detail.databases
    page.detail.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: "2 collections left by a restore" in tab.left.text)

    tab.left.action.click()

    qtbot.waitUntil(lambda: fakes.leftovers.removed == [ours])
    assert asked[0].removed == ["killed.orders: incomplete: 7 of 20 documents"]
    assert "1 that may be the only copy or somebody else's stay" in asked[0].kept


def test_a_database_of_a_proof_from_elsewhere_is_told_and_offered_no_removal(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    name = "mangrove_verify_0123456789abcdef"
    fakes.profiles.tree = (*fakes.profiles.tree, CollectionSize(name, "a", "collection", 7, 9))
    page = opened(qtbot, ends)
    tab = page.detail.databases

    page.detail.tabs.setCurrentWidget(tab)

    qtbot.waitUntil(lambda: f"1 database of unknown origin ({name})" in tab.strange.text)
    assert tab.strange.action.isHidden()
    assert tab.left.text == ""
