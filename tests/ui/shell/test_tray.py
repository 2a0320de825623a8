"""The tray, closing and quitting, and the one window of a state."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from fakes.sample_data import NOW
from fakes.services import FakeServices
from mangrove.core.errors import AutostartError
from mangrove.core.jobs.autostart import AutostartState
from mangrove.ui.application import build_window
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.leave_dialog import LeaveDialog, Leaving
from mangrove.ui.dialogs.pause_dialog import PauseDialog
from mangrove.ui.dialogs.quit_dialog import QuitDialog
from mangrove.ui.pages.settings.agent_card import AgentCard
from mangrove.ui.shell.closing_keys import ASKED_KEY, KEEP_KEY
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.shell.presence import Presence
from mangrove.ui.shell.single_window import SingleWindow
from mangrove.ui.shell.tray import Tray
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.theme.tray_icon import tray_icon
from ui.conftest import Ends


@pytest.fixture
def window(
    qtbot: QtBot, fakes: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """A window on a desktop with a tray; leaving it does not end the tests."""
    monkeypatch.setattr(Tray, "is_possible", staticmethod(lambda: True))
    monkeypatch.setattr(QCoreApplication, "quit", staticmethod(lambda: None))
    made = build_window(fakes.services, tmp_path / "window.ini")

    def leave(_window: object) -> None:
        made.goes_on_without, made.may_leave = lambda: False, lambda: True
        fakes.activity.end_all()

    qtbot.addWidget(made, before_close_func=leave)
    made.show()
    presence(made).begin()
    qtbot.waitUntil(lambda: calls_of(made).waiting == 0)
    yield made
    QApplication.setQuitOnLastWindowClosed(True)


def presence(window: MainWindow) -> Presence:
    found = window.findChild(Presence)
    assert found is not None
    return found


def calls_of(window: MainWindow) -> Calls:
    found = window.findChild(Calls)
    assert found is not None
    return found


def actions(menu: QMenu) -> dict[str, QAction]:
    """Return the actions of a menu and of those below it by their words."""
    menu.aboutToShow.emit()
    found: dict[str, QAction] = {}
    for action in menu.actions():
        found[action.text().replace("&", "")] = action
        below = action.menu()
        if isinstance(below, QMenu):
            found |= {a.text().replace("&", ""): a for a in below.actions()}
    return found


def test_a_closed_window_goes_on_in_the_tray_and_comes_back(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices
) -> None:
    window.close()

    assert not window.isVisible()
    assert fakes.activity.running()
    assert presence(window).tray.icon.isVisible()
    with qtbot.waitExposed(window):
        actions(presence(window).tray.menu)["Open Mangrove"].trigger()
    assert window.isVisible()


def test_the_menu_says_how_things_stand_runs_pauses_and_resumes(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = presence(window).tray
    shown = actions(tray.menu)
    assert "“nightly” failed the last time. Open alerts: 2." in shown
    assert tray.icon.toolTip() == "Mangrove: “nightly” failed the last time. Open alerts: 2."
    assert "What runs (2)" in shown
    until = NOW + timedelta(hours=1)
    monkeypatch.setattr(PauseDialog, "ask", lambda *_: (until, "moving"))

    shown["nightly"].trigger()
    shown["in one hour…"].trigger()
    qtbot.waitUntil(lambda: calls_of(window).waiting == 0)

    assert fakes.jobs.done == [("start", "nightly")]
    assert fakes.agent.done == [("rest", "moving")]
    (resume,) = [a for w, a in actions(tray.menu).items() if w.startswith("Resume jobs")]
    assert resume.text().endswith("moving)")
    resume.trigger()
    qtbot.waitUntil(lambda: fakes.agent.resting is None)


def test_quitting_asks_first_about_runs_and_then_about_jobs(
    window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QuitDialog, "ask", lambda *_: asked.append("runs"))
    monkeypatch.setattr(
        LeaveDialog, "ask", lambda *_: asked.append("jobs") or (Leaving.STAY, False)
    )

    window.quit()
    assert (asked, window.isVisible()) == (["runs"], True)
    fakes.activity.end_all()
    window.quit()
    assert (asked, window.isVisible()) == (["runs", "jobs"], True)


@pytest.mark.parametrize("problem", [None, AutostartError("no systemd")])
def test_quitting_can_hand_the_jobs_to_an_agent_in_the_background(
    window: MainWindow,
    fakes: FakeServices,
    monkeypatch: pytest.MonkeyPatch,
    problem: AutostartError | None,
) -> None:
    fakes.activity.end_all()
    fakes.agent.problem = problem
    monkeypatch.setattr(LeaveDialog, "ask", lambda *_: (Leaving.INSTALL_AND_QUIT, False))

    window.quit()

    assert window.isVisible() is (problem is not None)
    assert (fakes.agent.state is AutostartState.INSTALLED) is (problem is None)
    assert bool(window.notice.text) is (problem is not None)


def test_quitting_asks_nothing_where_another_process_fires_the_jobs(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices
) -> None:
    fakes.activity.end_all()
    fakes.agent.ours = False
    presence(window)._look()
    qtbot.waitUntil(lambda: calls_of(window).waiting == 0)

    window.quit()

    assert not window.isVisible()


def test_without_a_tray_or_when_told_so_closing_ends_the_program(
    window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.activity.end_all()
    asked: list[int] = []
    monkeypatch.setattr(LeaveDialog, "ask", lambda _p, n: asked.append(n) or (Leaving.STAY, False))
    settings = window.findChild(QSettings)
    assert settings is not None
    settings.setValue(KEEP_KEY, False)
    window.close()
    settings.setValue(KEEP_KEY, True)
    monkeypatch.setattr(Tray, "is_possible", staticmethod(lambda: False))
    window.close()

    assert asked == [4, 4]
    settings.setValue(ASKED_KEY, True)
    window.close()
    assert not window.isVisible()


def test_every_state_has_an_icon_of_its_own() -> None:
    pictures = [tray_icon(tone).pixmap(22, 22).toImage() for tone in Tone]

    assert all(a != b for n, a in enumerate(pictures) for b in pictures[:n])


def test_a_second_start_brings_the_first_window_forward(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleWindow(tmp_path), SingleWindow(tmp_path)
    other = SingleWindow(tmp_path.parent)
    assert first.take()
    assert not second.take()
    assert other.take()
    other.leave()

    with qtbot.waitSignal(first.wanted):
        second._ask()
    qtbot.waitUntil(second._is_answered)

    first.leave()
    assert second.take()
    second.leave()


def test_the_agent_is_installed_and_removed_with_one_click(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "x.ini"), QSettings.Format.IniFormat)
    card = AgentCard(ends.services, ends.calls, settings)
    qtbot.addWidget(card)
    card.show()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert "[Unit]" in card.definition.toPlainText()

    card.button.click()
    qtbot.waitUntil(lambda: card.button.text() == "&Remove the agent")
    card.button.click()
    qtbot.waitUntil(lambda: card.button.text() == "&Run in the background")
    fakes.agent.problem = AutostartError("systemctl did not take the agent; nothing was installed")
    card.button.click()
    qtbot.waitUntil(card.banner.isVisible)

    assert fakes.agent.done == [("install",), ("remove",)]
    card.keeps.setChecked(False)
    assert settings.value(KEEP_KEY, type=bool) is False


def test_a_system_without_a_way_says_why_and_offers_nothing(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, tmp_path: Path
) -> None:
    fakes.agent.state = None
    card = AgentCard(
        ends.services, ends.calls, QSettings(str(tmp_path / "x.ini"), QSettings.Format.IniFormat)
    )
    qtbot.addWidget(card)
    card.show()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)

    assert "no systemd" in card.words.text()
    assert not card.button.isVisible()
