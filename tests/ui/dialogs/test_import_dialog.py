from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.services import FakeServices
from mangrove.core.accounts import PlainCredentials, UsersAndRoles
from mangrove.core.dump import ImportRequest
from mangrove.core.errors import UnusableDumpError
from mangrove.core.manifest import StoredUsersAndRoles
from mangrove.ui.dialogs.import_dialog import ImportDialog
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends) -> ImportDialog:
    dialog = ImportDialog(None, ends.services, ends.calls)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_what_the_dump_holds_shows_below_its_path(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    assert not dialog.yes.isEnabled()

    dialog.dump.field.line.setText("/srv/dumps/shop")

    qtbot.waitUntil(lambda: "8 collections of billing, shop" in dialog.dump.contents.text())
    assert dialog.yes.isEnabled()
    assert dialog.answer() == ImportRequest("/srv/dumps/shop", "cloud", name="shop")
    assert "as a backup of shop" in dialog.summary


def test_what_is_no_dump_is_refused_in_place(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.dumps.problem = UnusableDumpError("there is no dump at /srv/shop")
    dialog = opened(qtbot, ends)

    dialog.dump.field.line.setText("/srv/shop")

    qtbot.waitUntil(lambda: dialog.dump.problem == "There is no dump at /srv/shop.")
    assert not dialog.yes.isEnabled()
    assert dialog.summary == "Choose another path."


def test_nobody_has_to_wait_for_the_look(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.background.hold = True
    dialog = opened(qtbot, ends)

    dialog.dump.field.line.setText("/srv/huge.archive")

    assert dialog.yes.isEnabled()
    assert dialog.dump.contents.text() == "Looking into the dump…"


def test_an_impossible_name_is_said_at_its_field(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.dump.field.line.setText("/srv/shop")

    dialog.name.setText("x" * 200)

    assert dialog.name_row.error
    assert not dialog.yes.isEnabled()


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_users_and_roles_of_the_dump_enter_an_open_vault_only_on_a_clear_word(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.dumps.accounts = StoredUsersAndRoles((), ())
    fakes.vaults.rows = [replace(row, recipients=()) for row in fakes.vaults.rows]
    dialog = opened(qtbot, ends)
    dialog.dump.field.line.setText("/srv/dumps/shop")
    qtbot.waitUntil(lambda: not dialog.accounts.isHidden())

    dialog.accounts.wanted.click()
    assert not dialog.yes.isEnabled()
    assert "Password hashes would lie open" in dialog.summary
    dialog.accounts.plain.click()

    assert dialog.yes.isEnabled()
    answer = dialog.answer()
    assert answer.users_and_roles is UsersAndRoles.INCLUDE
    assert answer.plain_credentials is PlainCredentials.ALLOW
