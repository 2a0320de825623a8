import pytest
from PySide6.QtWidgets import QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from look import Theme
from mangrove.ui.widgets.fields.choice_box import ChoiceBox

LONG = "a name that goes on and on until it has no room at all"


@pytest.fixture
def box(qtbot: QtBot, look: Theme) -> ChoiceBox:
    assert look is not None
    made = ChoiceBox()
    qtbot.addWidget(made)
    made.addItems(["short", LONG])
    made.setFixedWidth(160)
    made.show()
    return made


def drawn(box: ChoiceBox) -> str:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    return option.currentText


def test_a_choice_with_room_is_shown_whole(box: ChoiceBox) -> None:
    assert drawn(box) == "short"


def test_a_long_choice_ends_in_dots_and_stays_what_it_is(box: ChoiceBox) -> None:
    box.setCurrentText(LONG)

    assert drawn(box).endswith("…")
    assert box.currentText() == LONG


def test_the_widest_choice_has_its_room_where_nothing_forces_it(qtbot: QtBot, look: Theme) -> None:
    assert look is not None
    made = ChoiceBox()
    qtbot.addWidget(made)
    made.addItem("As it is now")
    made.adjustSize()
    made.show()

    assert drawn(made) == "As it is now"
