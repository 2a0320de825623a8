import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import RECORDS
from fakes.services import FakeServices
from mangrove.core.backup import IndexChoice, OnExisting, OnRefusal, Rename
from mangrove.core.restores.forecast import FreeSpace
from mangrove.core.restores.version_conflicts import Effect, VersionConflict
from mangrove.ui.dialogs.restore_choice import Where
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.theme.tokens import Tone
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
        ("shop.*=dev.x", "1 star on its first side and 0"),
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
    dialog.indexes.fold.button.click()

    qtbot.waitUntil(dialog.yes.isEnabled)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_what_it_needs_stands_in_the_dialog_and_follows_the_choices(
    qtbot: QtBot, dialog: RestoreDialog, fakes: FakeServices
) -> None:
    said = {name: (words, tone) for name, words, tone in dialog.forecast.lines.texts()}

    assert said["Work"][0] == "8 collections, 4,112,564 documents, 1.6 GB of BSON, 8 indexes."
    assert said["Space"][1] is Tone.PROVEN
    assert "as it was at the source" in said["Space"][0]
    assert "measured by 3 restores to staging" in said["Time"][0]
    assert said["Privileges"] == ("The user may do all of it.", Tone.PROVEN)

    fakes.restores.target.free = FreeSpace(1000)
    fakes.restores.target.conflicts = (
        VersionConflict("shop.x", "a time series", Effect.NOT_CREATED, "5.0"),
    )
    dialog.how.stop.setChecked(True)

    qtbot.waitUntil(dialog.yes.isEnabled)
    said = {name: (words, tone) for name, words, tone in dialog.forecast.lines.texts()}
    assert said["Space"][1] is Tone.EXPOSED
    assert said["Versions"][1] is Tone.UNPROVEN
    assert "a time series, which MongoDB has since 5.0" in said["Versions"][0]
    assert dialog.summary.endswith("There is NOT enough room on the target's disk.")


def test_missing_privileges_keep_the_run_from_starting(
    qtbot: QtBot, dialog: RestoreDialog, fakes: FakeServices
) -> None:
    fakes.restores.target.missing = ("insert on shop",)
    dialog.how.stop.setChecked(True)

    qtbot.waitUntil(lambda: "the role restore is missing" in dialog.summary)
    assert not dialog.yes.isEnabled()


def test_index_commands_are_there_to_be_copied(qtbot: QtBot, dialog: RestoreDialog) -> None:
    dialog.indexes.fold.button.click()

    qtbot.waitUntil(lambda: dialog.indexes.view.toPlainText().count("createIndexes") == 8)
    dialog.indexes.copy.click()
    assert QGuiApplication.clipboard().text() == dialog.indexes.view.toPlainText()


def test_a_rate_limit_goes_into_the_answer(qtbot: QtBot, dialog: RestoreDialog) -> None:
    dialog.how.rate.field.setText("fast")
    assert "write it like" in dialog.summary
    assert dialog.how.rate.row.error
    assert not dialog.yes.isEnabled()

    dialog.how.rate.field.setText("2 MB/s")
    qtbot.waitUntil(dialog.yes.isEnabled)

    assert dialog.answer().limit_bytes_per_s == 2_000_000
