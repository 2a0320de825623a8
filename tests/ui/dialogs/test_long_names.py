"""Names as long as a server takes them: no dialog grows past the screen, nothing is lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from fakes import sample_data
from fakes.sample_data import RECORDS
from fakes.services import FakeServices
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import Namespace
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset
from mangrove.ui.dialogs.copy_dialog import CopyDialog
from mangrove.ui.dialogs.export_dialog import ExportDialog
from mangrove.ui.dialogs.import_dialog import ImportDialog
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.dialogs.restore_choice import Where
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.dialogs.restore_dump_dialog import RestoreDumpDialog
from mangrove.ui.models.namespace_rows import NamespaceRow
from mangrove.ui.widgets.labels import TextLabel
from ui.conftest import Ends

LONG = "L" * 170
DATABASE = "nasty_" + "d" * 57
WIDEST = 900
PATH = f"/srv/{LONG}"

Make = Callable[[Ends], QuestionDialog]


def _backup(ends: Ends) -> BackupDialog:
    dialog = BackupDialog(None, ends.services, ends.calls, BackupPreset("production"))
    dialog.scope.choose(False)
    dialog.model.set_rows((NamespaceRow(DATABASE, LONG, "collection", 1, 1),))
    dialog.filter.show_row(NamespaceRow(DATABASE, LONG, "collection", 1, 1))
    dialog.filter.field.setText("{")
    return dialog


def _restore(ends: Ends) -> RestoreDialog:
    return RestoreDialog(None, ends.services, ends.calls, RECORDS[0])


def _named_restore(ends: Ends) -> RestoreDialog:
    dialog = _restore(ends)
    dialog.where.where.choose(Where.NAMED)
    return dialog


def _export(ends: Ends) -> ExportDialog:
    dialog = ExportDialog(None, ends.services, ends.calls, RECORDS[0])
    dialog.path.line.setText(PATH)
    return dialog


def _import(ends: Ends) -> ImportDialog:
    dialog = ImportDialog(None, ends.services, ends.calls)
    dialog.dump.field.line.setText(PATH)
    return dialog


def _restore_dump(ends: Ends) -> RestoreDumpDialog:
    dialog = RestoreDumpDialog(None, ends.services, ends.calls)
    dialog.dump.field.line.setText(PATH)
    return dialog


MAKERS: dict[str, Make] = {
    "backup": _backup,
    "copy": lambda e: CopyDialog(None, e.services, e.calls, "production"),
    "restore": _restore,
    "restore by name": _named_restore,
    "export": _export,
    "import": _import,
    "restore dump": _restore_dump,
}


def _is_waiting(dialog: QuestionDialog) -> bool:
    return any(words in dialog.summary for words in ("…", "are being read", "not known yet"))


@pytest.fixture
def long_named(fakes: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sample data whose every database and collection has a name as long as can be."""
    usual = sample_data.manifest_of

    def renamed(row: object) -> Manifest:
        manifest = usual(row)
        entries = tuple(
            replace(e, namespace=Namespace(DATABASE, f"{e.namespace.collection}_{LONG}"))
            for e in manifest.namespaces
        )
        return replace(manifest, namespaces=entries)

    monkeypatch.setattr(sample_data, "manifest_of", renamed)
    fakes.profiles.tree = tuple(
        replace(c, database=DATABASE, name=f"{c.name}_{LONG}") for c in fakes.profiles.tree
    )
    kept = frozenset(f"{e[1]}_{LONG}" for e in sample_data.COLLECTIONS)
    fakes.restores.existing[DATABASE] = kept


@pytest.mark.usefixtures("long_named")
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_no_dialog_grows_with_the_names(qtbot: QtBot, ends: Ends, make: Make) -> None:
    dialog = make(ends)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not _is_waiting(dialog))

    assert dialog.minimumSizeHint().width() < WIDEST
    assert dialog._content.minimumSizeHint().width() < WIDEST
    assert dialog.width() < WIDEST


def test_a_refusal_about_a_long_name_breaks_and_reads_whole(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_request: object) -> None:
        message = f"'a=b' gives {DATABASE}.{LONG} a name of more than 255 bytes"
        raise InvalidSelectionError(message)

    monkeypatch.setattr(fakes.restores, "preview", refuse)
    dialog = _restore(ends)
    qtbot.addWidget(dialog)
    dialog.show()

    qtbot.waitUntil(lambda: f"{DATABASE}.{LONG}" in dialog.summary)

    assert f"{DATABASE}.{LONG}" in dialog.banner.text
    assert dialog.minimumSizeHint().width() < WIDEST


def test_what_is_copied_of_a_broken_word_is_the_word(qtbot: QtBot) -> None:
    label = TextLabel(f"see {LONG}").wrapping().selectable()
    qtbot.addWidget(label)
    assert len(super(TextLabel, label).text()) > len(label.text())

    label.setSelection(0, len(super(TextLabel, label).text()))

    assert label.selectedText() == f"see {LONG}"
