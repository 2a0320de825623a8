import pytest

from fakes.oplog_story import OTHER, damaged, piece
from mangrove.core.pitr.slices import OplogSlice


@pytest.mark.parametrize(
    ("later", "does"),
    [
        (piece(10, 20), True),
        (piece(11, 20), False),
        (piece(9, 20), False),
        (piece(10, 20, term=2), False),
        (piece(10, 20, chain=OTHER), False),
        (damaged(10, 20), False),
    ],
    ids=["shared entry", "hole", "overlap", "other term", "other chain", "damaged"],
)
def test_a_slice_continues_another_by_the_entry_they_share(later: OplogSlice, does: bool) -> None:
    assert later.continues(piece(1, 10)) is does
