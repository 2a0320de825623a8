from datetime import UTC, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from mangrove.ui.dialogs.pause_dialog import PauseDialog
from mangrove.ui.dialogs.until_part import ANOTHER, UntilPart
from ui.conftest import Ends


def part_of(qtbot: QtBot, ends: Ends, now: datetime) -> UntilPart:
    part = UntilPart(ends.services.points, now)
    qtbot.addWidget(part)
    part.show()
    return part


def test_a_span_leads_to_its_moment(qtbot: QtBot, ends: Ends) -> None:
    now = ends.services.clock.now()
    part = part_of(qtbot, ends, now)
    assert part.row.isHidden()

    part.spans.choose(timedelta(days=7))

    assert part.until == now + timedelta(days=7)


@pytest.mark.parametrize(
    ("words", "hours"), [("2 h", 2.0), ("1 d 12 h", 36.0), ("90 min", 1.5)], ids=str
)
def test_any_other_span_can_be_written(qtbot: QtBot, ends: Ends, words: str, hours: float) -> None:
    now = ends.services.clock.now()
    part = part_of(qtbot, ends, now)
    part.spans.choose(ANOTHER)

    with qtbot.waitSignal(part.changed):
        part.field.setText(words)

    assert part.until == now + timedelta(hours=hours)
    assert part.row.error == ""


def test_a_moment_can_be_written_but_not_one_that_is_over(qtbot: QtBot, ends: Ends) -> None:
    now = ends.services.clock.now()
    part = part_of(qtbot, ends, now)
    part.spans.choose(ANOTHER)
    assert part.until is None
    assert part.row.error == ""  # nothing was written yet

    part.field.setText("2027-01-01 08:00 UTC")
    assert part.until == datetime(2027, 1, 1, 8, tzinfo=UTC)
    part.field.setText("2020-01-01 08:00 UTC")
    assert "is over already" in part.row.error
    part.field.setText("soon")
    assert "is not a moment" in part.row.error
    assert part.until is None


def test_a_pause_waits_for_a_moment_and_keeps_one_that_was_given(qtbot: QtBot, ends: Ends) -> None:
    now = ends.services.clock.now()
    given = (now + timedelta(hours=20)).replace(second=0, microsecond=0)
    dialog = PauseDialog(None, "all jobs", ends.services.points, now, given)
    qtbot.addWidget(dialog)
    dialog.why.setText("moving")
    assert dialog.answer() == (given, "moving")

    dialog.until.field.setText("")

    assert not dialog.yes.isEnabled()
    assert dialog.summary == "Say until when, or for how long."
