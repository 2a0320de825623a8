from pytestqt.qtbot import QtBot

from fakes.services import FakeServices
from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import Rename, Selection
from mangrove.core.errors import ServerUnreachableError
from mangrove.core.manifest import StoredUsersAndRoles
from mangrove.core.namespace import Namespace
from mangrove.ui.dialogs.copy_dialog import CopyDialog
from mangrove.ui.dialogs.restore_choice import Where
from mangrove.ui.dialogs.restore_dump_dialog import RestoreDumpDialog
from mangrove.ui.models.rename_model import TARGET
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends, selection: Selection | None = None) -> CopyDialog:
    dialog = CopyDialog(None, ends.services, ends.calls, "production", selection)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_a_copy_goes_elsewhere_into_new_databases(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(dialog.yes.isEnabled)

    request = dialog.answer()
    assert request.source == "production"
    assert request.restore.profile != "production"
    assert request.selection == Selection(("billing", "shop"))
    assert request.restore.include == ()
    assert dialog.yes.text() == "Copy into new databases"
    assert "Nothing existing is changed." in dialog.summary


def test_what_was_selected_is_ticked(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, Selection(collections=(Namespace("shop", "orders"),)))

    qtbot.waitUntil(dialog.yes.isEnabled)

    assert dialog.answer().selection == Selection(collections=(Namespace("shop", "orders"),))


def test_nothing_is_copied_onto_itself(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, Selection(("shop",)))
    qtbot.waitUntil(dialog.yes.isEnabled)
    dialog.where.profile.setCurrentText("production")
    dialog.where.where.choose(Where.NAMED)
    assert "production is where the data come from" in dialog.summary
    assert not dialog.yes.isEnabled()

    model = dialog.where.model
    model.setData(model.index(0, TARGET), "shop_test")

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().restore.renames == (Rename("shop", "shop_test"),)
    assert dialog.yes.text() == "Copy into shop_test"


def test_existing_data_needs_its_typed_name_and_a_vault_for_what_is_dropped(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.copies.existing["shop"] = frozenset({"orders"})
    dialog = opened(qtbot, ends, Selection(("shop",)))
    dialog.where.where.choose(Where.NAMED)
    qtbot.waitUntil(lambda: "shop" in dialog.replace.fields)
    assert not dialog.yes.isEnabled()

    dialog.replace.fields["shop"].field.setText("shop")
    dialog.replace.vault.setCurrentText("office-nas")

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().safety_vault == "office-nas"
    assert dialog.answer().restore.replace == ("shop",)
    assert dialog.yes.text() == "Replace database shop"


def test_without_any_vault_the_safety_backup_must_be_declined(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.vaults.rows.clear()
    fakes.copies.existing["shop"] = frozenset({"orders"})
    dialog = opened(qtbot, ends, Selection(("shop",)))
    dialog.where.where.choose(Where.NAMED)
    qtbot.waitUntil(lambda: "shop" in dialog.replace.fields)
    dialog.replace.fields["shop"].field.setText("shop")
    qtbot.waitUntil(lambda: "There is no vault" in dialog.summary)
    assert not dialog.yes.isEnabled()

    dialog.replace.safety.setChecked(False)

    qtbot.waitUntil(dialog.yes.isEnabled)


def test_a_source_that_cannot_be_listed_is_an_error_in_place(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.problem = ServerUnreachableError("production is away")

    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: "roduction is away" in dialog.live.banner.text)
    assert not dialog.yes.isEnabled()


def test_a_dump_is_looked_into_and_restored_beside_everything(qtbot: QtBot, ends: Ends) -> None:
    dialog = RestoreDumpDialog(None, ends.services, ends.calls)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.summary == "Choose the dump to restore."

    dialog.dump.field.line.setText("/srv/dumps/shop")

    qtbot.waitUntil(dialog.yes.isEnabled)
    request = dialog.answer()
    assert request.path == "/srv/dumps/shop"
    assert [rename.source for rename in request.restore.renames] == ["billing", "shop"]
    assert dialog.yes.text() == "Restore into a copy"


def test_users_and_roles_of_a_dump_are_offered(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.dumps.accounts = StoredUsersAndRoles((), ())
    dialog = RestoreDumpDialog(None, ends.services, ends.calls)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.accounts.isHidden()

    dialog.dump.field.line.setText("/srv/dumps/shop")
    qtbot.waitUntil(dialog.yes.isEnabled)
    dialog.accounts.wanted.click()

    assert dialog.answer().restore.users_and_roles is UsersAndRoles.INCLUDE


def test_users_and_roles_go_along_with_whole_databases_only_when_ticked(
    qtbot: QtBot, ends: Ends
) -> None:
    dialog = opened(qtbot, ends, Selection(("shop",)))
    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().taken.users_and_roles is UsersAndRoles.LEAVE_OUT

    dialog.accounts.wanted.click()
    qtbot.waitUntil(dialog.yes.isEnabled)

    assert dialog.answer().taken == Selection(("shop",), users_and_roles=UsersAndRoles.INCLUDE)


def test_users_and_roles_need_a_whole_database(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, Selection(collections=(Namespace("shop", "orders"),)))
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.accounts.wanted.click()

    assert dialog.summary == "Users and roles belong to whole databases: tick one as a whole."
    assert not dialog.yes.isEnabled()


def test_a_copy_says_what_it_needs_and_what_it_would_be_elsewhere(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, Selection(("shop",)))
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.command.fold.button.click()
    dialog.indexes.fold.button.click()

    qtbot.waitUntil(lambda: "mongorestore" in dialog.command.view.toPlainText())
    assert "mongodump" in dialog.command.view.toPlainText()
    qtbot.waitUntil(lambda: "createIndexes" in dialog.indexes.view.toPlainText())
    assert [name for name, _, _ in dialog.forecast.lines.texts()] == [
        "Work",
        "Space",
        "Time",
        "Privileges",
        "Versions",
    ]
