from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from mangrove.core.errors import JobNotFoundError, MangroveError
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.overview.remedies import Remedies
from ui.conftest import Ends


def need(action: Remedy, subject: str = "it") -> Need:
    return Need(NeedKind.RUN_FAILED, Urgency.SOON, "something is wrong", action, subject)


def made(ends: Ends, failed: Callable[[MangroveError], None]) -> Remedies:
    return Remedies(ends.navigator, ends.services.jobs, ends.calls, failed, ends.owner)


@pytest.mark.parametrize("action", Remedy)
def test_every_remedy_has_a_caption_and_does_something(
    qtbot: QtBot, ends: Ends, action: Remedy
) -> None:
    told: list[MangroveError] = []
    remedies = made(ends, told.append)
    heard: list[str] = []
    for name in vars(Navigator):
        if name.endswith("_wanted") or name == "data_changed":
            signal = getattr(ends.navigator, name)
            signal.connect(lambda *_args, name=name: heard.append(name))

    remedies.apply(need(action, "nightly"))
    qtbot.waitUntil(lambda: len(heard) > 0)

    assert remedies.caption(action)
    assert len(heard) == 1
    assert not told


def test_a_job_is_run_at_once(qtbot: QtBot, ends: Ends) -> None:
    remedies = made(ends, lambda _error: None)

    with qtbot.waitSignal(ends.navigator.data_changed):
        remedies.apply(need(Remedy.RUN_JOB, "nightly"))


def test_a_job_that_cannot_be_run_says_why(qtbot: QtBot, ends: Ends) -> None:
    told: list[MangroveError] = []
    remedies = made(ends, told.append)

    def fail(_name: str) -> None:
        raise JobNotFoundError("there is no job 'gone'")

    ends.services.jobs.start = fail  # type: ignore[method-assign,assignment]
    remedies.apply(need(Remedy.RUN_JOB, "gone"))

    qtbot.waitUntil(lambda: len(told) == 1)


def test_pages_are_opened_at_what_is_meant(qtbot: QtBot, ends: Ends) -> None:
    remedies = made(ends, lambda _error: None)
    assert isinstance(remedies.parent(), QObject)

    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        remedies.apply(need(Remedy.OPEN_JOBS, "nightly"))

    assert wanted.args == [PageName.JOBS, {"job": "nightly"}]
