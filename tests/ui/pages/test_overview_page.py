"""The overview page."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fakes import sample_data, sample_runs
from fakes.services import FakeServices
from mangrove.core.errors import StorageUnavailableError
from mangrove.core.run import RunState
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.exposure_card import ExposureCard
from mangrove.ui.pages.overview_page import OverviewPage
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.labels import TextLabel
from ui.conftest import Ends


def _opened(qtbot: QtBot, ends: Ends) -> OverviewPage:
    page = OverviewPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    return page


def _cards(page: OverviewPage) -> list[tuple[str, str]]:
    found = []
    column = page.cards.column
    for index in range(column.count()):
        item = column.itemAt(index)
        widget = item.widget() if item else None
        if isinstance(widget, ExposureCard):
            found.append((widget.back_up.accessibleDescription(), widget.badge.word))
    return found


def test_worst_profile_stands_first(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    assert _cards(page) == [
        ("reporting", "exposed"),
        ("staging", "proven"),
        ("production", "proven"),
    ]


def test_answer_comes_first(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    assert page.headline.text().startswith("If reporting died now you would lose at most")


def test_backups_of_parts_are_not_called_nothing_and_names_keep_their_case(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    rows = [r for r in fakes.backups.rows if r.profile_slug != "production"]
    part = replace(sample_data.RECORDS[0], profile_slug="production", is_whole=False)
    fakes.backups.rows[:] = [*rows, part]

    page = _opened(qtbot, ends)

    needs = [label.text() for label in page.needs.findChildren(TextLabel)]
    assert "No backup holds all of production: 1 backup holds a part of it." in needs
    assert page.headline.text() == (
        "If production died now, everything on it that no backup of a part holds would be lost."
    )


def test_a_deployment_without_any_backup_is_named_as_it_is_written(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows[:] = [r for r in fakes.backups.rows if r.profile_slug == "staging"]

    page = _opened(qtbot, ends)

    needs = [label.text() for label in page.needs.findChildren(TextLabel)]
    assert "There is no backup of production." in needs


@pytest.mark.usefixtures("large_text")
def test_cards_need_no_sideways_scrolling_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)
    page.resize(1280 - Size.RAIL, 800)

    qtbot.waitUntil(lambda: page.cards.width() < 1280 - Size.RAIL)

    assert page.cards.horizontalScrollBar().maximum() == 0


def test_each_need_has_a_button_that_mends_it(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)
    buttons = [b for b in page.needs.findChildren(QPushButton) if not b.isHidden()]
    wanted = next(b for b in buttons if b.text() == "Back up now…")

    with qtbot.waitSignal(ends.navigator.backup_wanted) as asked:
        wanted.click()

    assert asked.args[0] == "reporting"


def test_new_install_shows_three_steps_and_no_figures(qtbot: QtBot, empty_ends: Ends) -> None:
    page = _opened(qtbot, empty_ends)

    assert page.steps.isVisible()
    assert not page.headline.isVisible()
    assert [b.isEnabled() for b in page.steps.buttons] == [True, False, False]


def test_done_step_is_ticked_and_the_next_one_opens(
    qtbot: QtBot, empty_ends: Ends, no_data: FakeServices, fakes: FakeServices
) -> None:
    page = _opened(qtbot, empty_ends)
    no_data.profiles.rows = list(fakes.profiles.rows)

    empty_ends.navigator.tell_data_changed()
    qtbot.waitUntil(page.steps.buttons[0].isHidden)

    assert [b.isEnabled() for b in page.steps.buttons] == [True, True, False]


def test_failure_is_said_in_place(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    page = _opened(qtbot, ends)

    def fail() -> None:
        raise StorageUnavailableError("the catalog's disk is gone")

    fakes.backups.all = fail  # type: ignore[method-assign,assignment]  # what a dead disk does
    page.reload()

    qtbot.waitUntil(page.banner.isVisible)
    assert "cannot be reached" in page.banner.text


def test_ended_backup_brings_new_figures(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    page = _opened(qtbot, ends)
    fakes.backups.rows = [r for r in fakes.backups.rows if r.profile_slug != "staging"]

    fakes.activity.publish(replace(sample_runs.running_backup(), state=RunState.SUCCEEDED))

    qtbot.waitUntil(lambda: ("staging", "exposed") in _cards(page))


def _card(page: OverviewPage, profile: str) -> ExposureCard:
    cards = page.cards.findChildren(ExposureCard)
    return next(c for c in cards if c.back_up.accessibleDescription() == profile)


def test_a_card_leads_to_the_timeline_of_its_profile(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        _card(page, "staging").timeline.click()

    assert wanted.args == [PageName.TIMELINE, {"profile": "staging"}]


def test_captured_profiles_show_their_windows_and_gaps(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    band = _card(page, "production").band
    assert band is not None
    assert band.accessibleName() == "Any second of the last 14 days, with 5 gaps"
    assert "oplog was captured, but no backup" in band.tip_at(
        band.scale.x_of(sample_data.NOW.timestamp() - 11.5 * 86_400)
    )
    assert band.tip_at(1).startswith("Nothing kept")
    assert _card(page, "staging").band is None


def test_a_click_on_the_band_opens_the_timeline(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)
    band = _card(page, "production").band
    assert band is not None

    with qtbot.waitSignal(ends.navigator.page_wanted):
        qtbot.mouseClick(band, Qt.MouseButton.LeftButton)
