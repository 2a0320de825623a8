import pytest
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import RECORDS
from fakes.services import FakeServices
from mangrove.core.backup import IndexChoice, OnExisting, OnRefusal, Rename
from mangrove.ui.dialogs.restore_choice import Where
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from ui.conftest import Ends


@pytest.fixture
def dialog(qtbot: QtBot, ends: Ends) -> RestoreDialog:
    """The dialog, its first plan made, with everything unfolded."""
    made = RestoreDialog(None, ends.services, ends.calls, RECORDS[0])
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(made.yes.isEnabled)
    made.how.fold.click()
    return made


def test_patterns_win_over_names_and_are_previewed(qtbot: QtBot, dialog: RestoreDialog) -> None:
    dialog.how.patterns.setPlainText("shop.*=dev.*_new\n")

    qtbot.waitUntil(dialog.yes.isEnabled)

    assert dialog.answer().renames[-1] == Rename("shop.*", "dev.*_new")
    assert "dev.orders_new" in dialog.how.preview.text()
    assert "more" in dialog.how.preview.text()
    assert "dev" in dialog.summary


def test_patterns_into_existing_data_are_as_dangerous_as_names(
    qtbot: QtBot, dialog: RestoreDialog, fakes: FakeServices
) -> None:
    fakes.restores.existing["live"] = frozenset({"orders"})
    dialog.how.patterns.setPlainText("shop.*=live.*")

    qtbot.waitUntil(lambda: "live" in dialog.replace.fields)

    assert not dialog.yes.isEnabled()
    assert dialog.yes.text() == "Replace database live"
    dialog.replace.fields["live"].field.setText("live")
    qtbot.waitUntil(dialog.yes.isEnabled)
    assert not dialog.yes.isDefault()


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ("shop.*=dev.x", "1 stars on its first side and 0"),
        ("shop", "is no renaming"),
        ("$d$.x=$e$.x", "uses $e$"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_said_at_once(
    dialog: RestoreDialog, patterns: str, words: str
) -> None:
    dialog.how.patterns.setPlainText(patterns)

    assert words in dialog.summary
    assert words in dialog.how.pattern_row.error
    assert not dialog.yes.isEnabled()


def test_a_conflict_of_patterns_is_named(qtbot: QtBot, dialog: RestoreDialog) -> None:
    dialog.how.patterns.setPlainText("shop.orders=x.y\nshop.users=x.y")

    qtbot.waitUntil(lambda: "both become x.y" in dialog.summary)
    assert not dialog.yes.isEnabled()


def test_only_missing_needs_no_typed_name(
    qtbot: QtBot, dialog: RestoreDialog, fakes: FakeServices
) -> None:
    fakes.restores.existing["shop"] = frozenset({"orders", "users"})
    dialog.where.where.choose(Where.NAMED)
    qtbot.waitUntil(lambda: "shop" in dialog.replace.fields)
    assert not dialog.yes.isEnabled()

    dialog.how.only_missing.setChecked(True)

    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.replace.isHidden()
    assert dialog.answer().on_existing is OnExisting.ONLY_MISSING
    assert dialog.answer().replace == ()
    assert dialog.yes.text().startswith("Add what is missing to")
    assert "stay as they are" in dialog.notes.text()
    dialog.how.only_missing.setChecked(False)
    qtbot.waitUntil(lambda: not dialog.replace.isHidden())


def test_choices_go_into_the_answer_and_are_said(qtbot: QtBot, dialog: RestoreDialog) -> None:
    dialog.how.stop.setChecked(True)
    dialog.how.indexes.setCurrentIndex(dialog.how.indexes.findData(IndexChoice.BEFORE))

    qtbot.waitUntil(dialog.yes.isEnabled)

    answer = dialog.answer()
    assert (answer.indexes, answer.on_refusal) == (IndexChoice.BEFORE, OnRefusal.STOP)
    assert "Indexes are built before the documents" in dialog.notes.text()
    assert "The first refused document" in dialog.notes.text()


def test_the_official_command_follows_the_choices(qtbot: QtBot, dialog: RestoreDialog) -> None:
    dialog.command.fold.button.click()
    qtbot.waitUntil(lambda: "mongorestore" in dialog.command.view.toPlainText())

    dialog.how.stop.setChecked(True)

    qtbot.waitUntil(lambda: "--stopOnError" in dialog.command.view.toPlainText())


@pytest.mark.usefixtures("large_text")
def test_everything_unfolded_is_readable_at_double_size(
    qtbot: QtBot, dialog: RestoreDialog
) -> None:
    dialog.how.patterns.setPlainText("shop.*=dev.*")
    dialog.command.fold.button.click()

    qtbot.waitUntil(dialog.yes.isEnabled)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])
