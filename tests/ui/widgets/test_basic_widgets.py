"""The small parts that pages are made of."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QTimeEdit
from pytestqt.qtbot import QtBot

from mangrove.core.errors import ServerUnreachableError
from mangrove.core.secret import Secret
from mangrove.ui.theme.style import Theme
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.byte_bar import ByteBar
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.password_field import PasswordField
from mangrove.ui.widgets.fields.path_field import PathField
from mangrove.ui.widgets.fields.search_field import SearchField
from mangrove.ui.widgets.fields.typed_confirmation import TypedConfirmation
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.widgets.step_list import StepList


def test_a_mnemonic_reaches_the_line_of_a_path(qtbot: QtBot) -> None:
    field = PathField("Path", (), "/srv")
    row = FormRow("&Path", field)
    qtbot.addWidget(row)
    row.show()

    (label,) = (found for found in row.findChildren(TextLabel) if found.buddy() is not None)

    assert label.buddy() is field.line
    assert field.line.focusPolicy() != Qt.FocusPolicy.NoFocus


@pytest.mark.parametrize("tone", list(Tone))
def test_badge_has_room_for_its_word(qtbot: QtBot, tone: Tone) -> None:
    badge = StateBadge(tone, "done with losses")
    qtbot.addWidget(badge)
    badge.show()

    badge.grab()

    assert badge.width() > badge.fontMetrics().horizontalAdvance("done with losses")
    assert badge.accessibleName() == "done with losses"


def test_a_step_that_failed_is_marked_even_after_its_reason_came(qtbot: QtBot) -> None:
    steps = StepList()
    qtbot.addWidget(steps)
    steps.show_step("name", "db1:27017")
    steps.show_step("port", "no server answers at db1:27017")

    steps.fail()

    assert [tone for _, _, tone in steps.texts()] == [Tone.PROVEN, Tone.EXPOSED]


def test_long_text_is_shortened_and_whole_in_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a name that is far too long for its place")
    qtbot.addWidget(label)
    label.resize(80, 24)
    label.show()

    assert label.is_elided
    assert label.toolTip() == label.text()


def test_banner_says_what_happened_and_offers_one_action(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)

    banner.show_error(ServerUnreachableError("no server answered at db1:27017"), "Test connection")

    assert "No server answered at db1:27017." in banner.text
    with qtbot.waitSignal(banner.action_triggered):
        banner.action.click()


def test_cleared_banner_takes_no_room(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_message(BannerKind.INFO, "something")

    banner.clear()

    assert banner.isHidden()
    assert banner.text == ""


@pytest.mark.parametrize(
    ("typed", "confirmed"), [("", False), ("Shop", False), ("shop ", False), ("shop", True)]
)
def test_only_the_very_name_confirms(qtbot: QtBot, typed: str, confirmed: bool) -> None:
    question = TypedConfirmation("shop")
    qtbot.addWidget(question)

    question.field.setText(typed)

    assert question.is_confirmed is confirmed


def test_password_is_hidden_and_comes_out_as_a_secret(qtbot: QtBot) -> None:
    field = PasswordField()
    qtbot.addWidget(field)
    assert field.secret() is None

    field.setText("s3cret")

    assert not field.is_shown
    assert field.secret() == Secret("s3cret")


def test_form_row_shows_its_error_in_place_of_the_hint(qtbot: QtBot) -> None:
    row = FormRow("&Name", QLineEdit(), "what it is called")
    qtbot.addWidget(row)

    row.set_error("the name is taken")
    assert row.error == "the name is taken"

    row.set_error("")
    assert row.error == ""


def test_bar_shows_a_part_of_the_whole(qtbot: QtBot) -> None:
    bar = ByteBar()
    qtbot.addWidget(bar)

    bar.set_fraction(0.5)

    assert bar.value() == 500


def test_bar_moves_while_the_total_is_unknown(qtbot: QtBot) -> None:
    bar = ByteBar()
    qtbot.addWidget(bar)

    bar.set_fraction(None)

    assert bar.maximum() == 0


def test_new_facts_replace_the_old_ones(qtbot: QtBot) -> None:
    grid = KeyValueGrid()
    qtbot.addWidget(grid)
    grid.set_rows([("Version", "6.0.5"), ("Members", "3")])

    grid.set_rows([("Version", "7.0.2")])

    assert grid.texts() == ["Version", "7.0.2"]


def test_search_waits_for_a_pause_and_trims(qtbot: QtBot) -> None:
    field = SearchField("Filter")
    qtbot.addWidget(field)

    with qtbot.waitSignal(field.filter_changed) as told:
        field.setText("  shop ")

    assert told.args == ["shop"]


def test_empty_state_without_action_has_no_button(qtbot: QtBot) -> None:
    state = EmptyState("backups", "No backups yet.")
    qtbot.addWidget(state)
    state.show()

    assert not state.button.isVisible()


def test_a_field_of_figures_is_as_high_as_its_neighbours(qtbot: QtBot, look: Theme) -> None:
    assert look
    fields = (QSpinBox(), QTimeEdit(), QComboBox(), QLineEdit())
    for field in fields:
        qtbot.addWidget(field)
        field.ensurePolished()

    assert len({field.sizeHint().height() for field in fields}) == 1


def test_names_of_facts_stand_on_the_line_of_their_values(qtbot: QtBot) -> None:
    grid = KeyValueGrid()
    qtbot.addWidget(grid)
    grid.set_rows([("same", "same")])
    grid.resize(300, 60)
    grid.show()
    name, value = (item for item in grid.findChildren(TextLabel))

    assert name.y() == value.y()
    assert _first_inked(name) == _first_inked(value)


def _first_inked(label: TextLabel) -> int:
    picture = label.grab().toImage()
    ground = picture.pixel(picture.width() - 1, picture.height() - 1)
    lines = range(picture.height())
    across = range(label.fontMetrics().horizontalAdvance("same"))
    return next(y for y in lines if any(picture.pixel(x, y) != ground for x in across))
