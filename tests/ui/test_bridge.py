"""News and answers reach widgets on the GUI thread only."""

import threading

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from fakes.activity import FakeBackground
from fakes.sample_runs import running_backup
from fakes.services import FakeServices
from mangrove.core.errors import MangroveError, ServerUnreachableError
from mangrove.core.run import RunStatus
from mangrove.ui.bridge import ActivityBridge, Calls


def _in_thread(work: object) -> None:
    worker = threading.Thread(target=work)  # type: ignore[arg-type]  # any callable
    worker.start()
    worker.join()


def test_news_of_another_thread_arrive_on_the_gui_thread(qtbot: QtBot, fakes: FakeServices) -> None:
    owner = QObject()
    bridge = ActivityBridge(fakes.services.activity, owner)
    seen: list[tuple[RunStatus, threading.Thread]] = []
    bridge.run_changed.connect(lambda run: seen.append((run, threading.current_thread())))
    run = running_backup()

    _in_thread(lambda: fakes.activity.publish(run))

    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(run, threading.main_thread())]


def test_closed_bridge_listens_no_more(fakes: FakeServices) -> None:
    bridge = ActivityBridge(fakes.services.activity)

    bridge.close()
    bridge.close()

    assert fakes.activity.listeners == 0


def test_answer_arrives_on_the_gui_thread(qtbot: QtBot) -> None:
    background = FakeBackground()
    background.hold = True
    calls, owner = Calls(background), QObject()
    seen: list[tuple[int, threading.Thread]] = []

    calls.run(owner, lambda: 7, lambda n: seen.append((n, threading.current_thread())), _never)
    background.release()

    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(7, threading.main_thread())]


def test_error_arrives_at_the_failed_callback(qtbot: QtBot) -> None:
    calls, owner = Calls(FakeBackground()), QObject()
    seen: list[MangroveError] = []
    error = ServerUnreachableError("no answer")

    calls.run(owner, lambda: _raise(error), _never, seen.append)

    qtbot.waitUntil(lambda: seen == [error])


def test_answer_for_an_owner_that_is_gone_is_dropped(qtbot: QtBot) -> None:
    background = FakeBackground()
    background.hold = True
    calls, owner = Calls(background), QObject()
    calls.run(owner, lambda: 7, _never, _never)
    delete(owner)

    background.release()

    qtbot.waitUntil(lambda: calls.waiting == 0)


def test_answer_after_the_window_is_gone_hurts_nobody() -> None:
    background = FakeBackground()
    background.hold = True
    calls, owner = Calls(background), QObject()
    calls.run(owner, lambda: 7, _never, _never)
    delete(calls)

    background.release()


def _never(_value: object) -> None:
    raise AssertionError("this must not be called")


def _raise(error: MangroveError) -> int:
    raise error
