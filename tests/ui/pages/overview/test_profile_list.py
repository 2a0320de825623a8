from dataclasses import replace

from pytestqt.qtbot import QtBot

from fakes.services import FakeServices
from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.lights import Light
from mangrove.ui.pages.overview.profile_list import CARDS, ProfileList
from ui.conftest import Ends


def many(fakes: FakeServices, number: int) -> tuple[ProfileFigures, ...]:
    worst = fakes.figures.overview().profiles[0]
    return tuple(
        replace(worst, profile_name=f"shop-{n:02}", profile_slug=f"shop-{n:02}", light=Light.PROVEN)
        for n in range(number)
    )


def shown(qtbot: QtBot, ends: Ends, fakes: FakeServices, number: int) -> ProfileList:
    made = ProfileList(ends.navigator, lambda _name: None)
    qtbot.addWidget(made)
    made.show_profiles(many(fakes, number), fakes.clock.now(), {})
    made.show()
    return made


def test_of_twenty_profiles_the_worst_are_cards_and_every_other_one_is_a_line(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    made = shown(qtbot, ends, fakes, 20)

    assert list(made.cards) == [f"shop-{n:02}" for n in range(CARDS)]
    assert len(made.lines) == 20 - CARDS
    assert all(line.isVisible() for line in made.lines.values())
    assert made.lines["shop-07"].accessibleName().startswith("shop-07: proven, lose 2 days of 26 h")


def test_a_line_opens_to_a_card_and_stays_one(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    made = shown(qtbot, ends, fakes, 20)

    with qtbot.waitSignal(made.opened):
        made.lines["shop-07"].button.click()
    made.show_profiles(many(fakes, 20), fakes.clock.now(), {})

    assert "shop-07" in made.cards
    assert "shop-07" not in made.lines


def test_four_profiles_are_all_cards_and_those_that_are_gone_go(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    made = shown(qtbot, ends, fakes, CARDS + 1)
    assert len(made.cards) == CARDS + 1

    made.show_profiles(many(fakes, 1), fakes.clock.now(), {})

    assert list(made.cards) == ["shop-00"]
    assert not made._others.isVisible()
