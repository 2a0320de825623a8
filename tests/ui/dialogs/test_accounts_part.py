from dataclasses import replace

from pytestqt.qtbot import QtBot

from fakes import sample_data
from fakes.services import FakeServices
from mangrove.core.accounts import (
    Account,
    AccountKind,
    AccountsPlan,
    PlainCredentials,
    UsersAndRoles,
)
from mangrove.core.backup import Selection
from mangrove.core.manifest import StoredUsersAndRoles
from mangrove.core.namespace import Namespace
from mangrove.ui.dialogs.accounts_part import AccountsPart
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from ui.conftest import Ends

ANNA = Account(AccountKind.USER, "shop", "anna")
CLERK = Account(AccountKind.ROLE, "shop", "clerk")


def backing_up(qtbot: QtBot, ends: Ends, preset: BackupPreset) -> BackupDialog:
    dialog = BackupDialog(None, ends.services, ends.calls, preset)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_a_backup_takes_users_only_when_ticked(qtbot: QtBot, ends: Ends) -> None:
    dialog = backing_up(qtbot, ends, BackupPreset("production", "office-nas"))
    assert dialog.answer().selection.users_and_roles is UsersAndRoles.LEAVE_OUT

    dialog.accounts.wanted.setChecked(True)

    answer = dialog.answer()
    assert answer.selection == Selection(users_and_roles=UsersAndRoles.INCLUDE)
    assert answer.plain_credentials is PlainCredentials.REFUSE
    assert dialog.yes.isEnabled()
    assert "password hashes" in dialog.accounts.note.text()


def test_an_unencrypted_vault_needs_a_second_tick(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.vaults.rows[0] = replace(fakes.vaults.rows[0], recipients=())
    dialog = backing_up(qtbot, ends, BackupPreset("production", "cloud"))
    assert not dialog.accounts.plain.isVisible()

    dialog.accounts.wanted.setChecked(True)
    assert dialog.accounts.plain.isVisible()
    assert not dialog.yes.isEnabled()
    assert "hashes would lie open" in dialog.summary

    dialog.accounts.plain.setChecked(True)
    assert dialog.yes.isEnabled()
    assert dialog.answer().plain_credentials is PlainCredentials.ALLOW

    dialog.vault.setCurrentText("office-nas")
    dialog.vault.setCurrentText("cloud")
    assert not dialog.accounts.plain.isChecked()


def test_users_of_single_collections_cannot_be_had(qtbot: QtBot, ends: Ends) -> None:
    wanted = Selection(collections=(Namespace("shop", "orders"),))
    dialog = backing_up(qtbot, ends, BackupPreset("production", "office-nas", wanted))
    qtbot.waitUntil(dialog.yes.isEnabled)

    dialog.accounts.wanted.setChecked(True)

    assert not dialog.yes.isEnabled()
    assert "whole databases" in dialog.summary


def test_a_restore_offers_users_only_of_a_backup_that_has_them(qtbot: QtBot, ends: Ends) -> None:
    dialog = RestoreDialog(None, ends.services, ends.calls, sample_data.RECORDS[0])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(dialog.yes.isEnabled)
    assert not dialog.accounts.isVisible()

    manifest = dialog._services.backups.explain(sample_data.RECORDS[0].backup).manifest
    held = StoredUsersAndRoles(("shop",), ())
    dialog._show_manifest(replace(manifest, users_and_roles=held))
    assert dialog.accounts.isVisible()
    assert dialog.answer().users_and_roles is UsersAndRoles.LEAVE_OUT
    dialog.accounts.wanted.setChecked(True)

    assert dialog.answer().users_and_roles is UsersAndRoles.INCLUDE


def test_the_plan_names_who_is_added_and_who_is_there(qtbot: QtBot) -> None:
    part = AccountsPart("a sentence")
    qtbot.addWidget(part)
    part.show()

    part.show_plan(AccountsPlan((ANNA,), (CLERK,)))
    assert part.names.text() == "Added: user anna@shop\nThere already: role clerk@shop"

    part.show_plan(None)
    assert not part.names.isVisible()
