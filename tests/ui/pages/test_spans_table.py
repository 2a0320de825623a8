import pytest
from pytestqt.qtbot import QtBot

from fakes.clock import FakeClock
from look import Theme
from mangrove.ui.models.spans_model import SpanColumn
from mangrove.ui.pages.timeline.spans_table import SpansTable


@pytest.mark.parametrize(
    ("width", "is_hidden"), [(900, False), (430, True)], ids=["wide", "narrow"]
)
def test_the_length_gives_way_to_what_can_be_restored(
    qtbot: QtBot, look: Theme, width: int, is_hidden: bool
) -> None:
    assert look is not None
    table = SpansTable(FakeClock())
    qtbot.addWidget(table)
    table.resize(width, 300)
    table.show()

    assert table.isColumnHidden(SpanColumn.LENGTH) is is_hidden
