from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import RECORDS
from fakes.services import FakeServices
from mangrove.core.accounts import UsersAndRoles
from mangrove.core.dump import DumpForm, DumpPacking, ExportRequest
from mangrove.core.errors import UnusableDumpError
from mangrove.core.manifest import StoredUsersAndRoles
from mangrove.ui.dialogs.export_dialog import ExportDialog
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends) -> ExportDialog:
    dialog = ExportDialog(None, ends.services, ends.calls, RECORDS[0])
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_nothing_is_exported_without_a_path(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    assert not dialog.yes.isEnabled()
    assert dialog.summary == "Choose where to write the dump."


def test_the_sentence_says_what_goes_where_and_that_it_is_plain(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.form.choose(DumpForm.ARCHIVE)
    dialog.gzip.setChecked(True)

    dialog.path.line.setText("/srv/shop.archive.gz")

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer() == ExportRequest(
        RECORDS[0].backup, "/srv/shop.archive.gz", DumpForm.ARCHIVE, DumpPacking.GZIP
    )
    assert "as a gzipped archive to /srv/shop.archive.gz" in dialog.summary
    assert dialog.summary.endswith("It is NOT encrypted.")


def test_a_path_in_use_is_refused_in_place(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.dumps.problem = UnusableDumpError("/srv/shop exists already; it was not touched")
    dialog = opened(qtbot, ends)

    dialog.path.line.setText("/srv/shop")

    qtbot.waitUntil(lambda: "exists already" in dialog.path_row.error)
    assert not dialog.yes.isEnabled()


def test_the_command_that_reads_the_dump_can_be_copied(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.path.line.setText("/srv/the shop")
    dialog.command.fold.button.click()
    qtbot.waitUntil(lambda: "mongorestore" in dialog.command.view.toPlainText())

    dialog.command.copy.click()

    assert "mongorestore '--dir=/srv/the shop'" in QGuiApplication.clipboard().text()


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_users_and_roles_are_offered_only_where_the_backup_holds_any(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.accounts = StoredUsersAndRoles((), ())
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: not dialog.accounts.isHidden())
    assert dialog.answer().users_and_roles is UsersAndRoles.LEAVE_OUT
    dialog.accounts.wanted.click()

    assert dialog.answer().users_and_roles is UsersAndRoles.INCLUDE


def test_files_of_a_server_are_no_dump_and_the_dialog_says_so(qtbot: QtBot, ends: Ends) -> None:
    dialog = ExportDialog(None, ends.services, ends.calls, replace(RECORDS[0], is_physical=True))
    qtbot.addWidget(dialog)

    assert not dialog.path_row.isEnabled()
    assert not dialog.yes.isEnabled()
    assert "no dump can be made of it" in dialog.summary
