import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.services import FakeServices
from mangrove.core.backup import CollectionQuery
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset
from mangrove.ui.models.namespace_tree_model import NAMESPACE_ROLE
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends, *, whole: bool = False) -> BackupDialog:
    dialog = BackupDialog(None, ends.services, ends.calls, BackupPreset("production", "cloud"))
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.scope.choose(value=whole)
    qtbot.waitUntil(lambda: dialog.model.rowCount() > 0)
    qtbot.waitUntil(dialog.yes.isEnabled)
    return dialog


def pick(dialog: BackupDialog, name: str) -> None:
    """Make a collection the current row of the tree."""
    tree, model = dialog.tree, dialog.tree.model()
    for top in range(model.rowCount()):
        branch = model.index(top, 0)
        for row in range(model.rowCount(branch)):
            index = model.index(row, 0, branch)
            if str(index.data(NAMESPACE_ROLE).namespace) == name:
                tree.setCurrentIndex(index)
                return
    raise AssertionError(f"{name} is not in the tree")


def names(dialog: BackupDialog) -> list[str]:
    return [str(row.namespace) for row in dialog.model.all_rows()]


def test_patterns_say_how_much_they_select(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, whole=True)
    total = len(names(dialog))

    dialog.patterns.exclude.setPlainText("*.orders\n\n  shop.users ")

    assert dialog.patterns.count.text() == f"Selects {total - 2} of {total} collections."
    assert dialog.answer().selection.exclude == ("*.orders", "shop.users")
    assert not dialog.answer().selection.is_whole
    assert f"{total - 2} collections" in dialog.summary


def test_patterns_alone_can_choose(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.model.choose_all(checked=False)
    assert not dialog.yes.isEnabled()

    dialog.patterns.include.setPlainText("*.orders")

    assert dialog.yes.isEnabled()
    assert dialog.answer().selection.include == ("*.orders",)


def test_a_pattern_without_a_match_keeps_the_button_off(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, whole=True)

    dialog.patterns.exclude.setPlainText("shop.ordres")

    assert not dialog.yes.isEnabled()
    assert dialog.summary == "The pattern 'shop.ordres' matches no collection."


def test_a_query_is_checked_while_typed_and_counted(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = opened(qtbot, ends)
    assert dialog.filter.row.isHidden()
    pick(dialog, "shop.orders")
    assert dialog.filter.row.isVisible()

    dialog.filter.field.setText('{"state": ')
    assert "at character" in dialog.filter.row.error
    assert not dialog.yes.isEnabled()
    dialog.filter.field.setText('{"state": "open"}')

    assert dialog.yes.isEnabled()
    qtbot.waitUntil(lambda: dialog.filter.said.text().startswith("42 of about"))
    assert fakes.backups.counted == [("production", "shop.orders", '{"state": "open"}')]
    assert dialog.answer().selection.queries == (
        CollectionQuery(Namespace("shop", "orders"), '{"state":"open"}'),
    )
    assert "does not count as full protection" in dialog.summary
    assert "shop.orders" in dialog.filter.others.text()


def test_a_slow_count_and_a_refused_query_are_said(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = opened(qtbot, ends)
    pick(dialog, "shop.orders")
    fakes.backups.matching = None

    dialog.filter.field.setText("{}")
    qtbot.waitUntil(lambda: "takes too long" in dialog.filter.said.text())
    fakes.backups.problem = InvalidSelectionError("the server does not take the query")
    dialog.filter.field.setText('{"$no": 1}')

    qtbot.waitUntil(lambda: "does not take" in dialog.filter.row.error)


def test_queries_stay_with_their_collections(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    pick(dialog, "shop.orders")
    dialog.filter.field.setText('{"a": 1}')

    pick(dialog, "shop.users")
    assert dialog.filter.field.text() == ""
    pick(dialog, "shop.orders")
    assert dialog.filter.field.text() == '{"a": 1}'
    dialog.scope.choose(value=True)

    assert dialog.answer().selection.queries == ()
    assert dialog.filter.isHidden()


def test_an_unticked_collection_takes_no_query(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    pick(dialog, "shop.orders")
    dialog.filter.field.setText('{"a": 1}')

    dialog.model.choose((), (Namespace("shop", "users"),))
    dialog._on_ticked()

    assert dialog.filter.row.isHidden()
    assert dialog.answer().selection.queries == ()


def test_the_official_command_can_be_copied(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    assert dialog.command.view.toPlainText() == ""

    dialog.command.fold.button.click()

    qtbot.waitUntil(lambda: "mongodump" in dialog.command.view.toPlainText())
    qtbot.mouseClick(dialog.command.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == dialog.command.view.toPlainText()
    dialog.patterns.exclude.setPlainText("shop.orders")
    qtbot.waitUntil(lambda: "--excludeCollection=orders" in dialog.command.view.toPlainText())


@pytest.mark.usefixtures("large_text")
def test_everything_unfolded_is_readable_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    pick(dialog, "shop.orders")
    dialog.patterns.fold.button.click()
    dialog.command.fold.button.click()

    qtbot.waitUntil(lambda: cut_off(dialog) == [])
