from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.oplog_story import CHAIN, cut, piece
from mangrove.core.errors import SignatureInvalidError
from mangrove.core.oplog import OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import BreakKind
from mangrove.vault.slices.comment import (
    break_comment,
    parse_break_comment,
    parse_slice_comment,
    slice_comment,
)
from mangrove.vault.slices.layout import SliceName, is_of_oplog, slice_in

numbers = st.integers(0, (1 << 32) - 1)
places = st.builds(
    OplogPosition, st.builds(OplogTimestamp, numbers, numbers), st.integers(-1, 1 << 40)
)


@settings(deadline=None)
@given(places, places, st.integers(0, 10**9), st.none() | st.integers(0, 10**8))
def test_whatever_a_comment_says_is_read_back(
    first: OplogPosition, last: OplogPosition, entries: int, headroom: int | None
) -> None:
    room = None if headroom is None else timedelta(seconds=headroom)
    name = SliceName("shop", CHAIN, first.ts, last.ts, piece(1, 2).compression, sealed=True)
    written = replace(piece(1, 2), first=first, last=last, entries=entries, headroom=room)
    written = replace(written, blob=replace(written.blob, name=name.blob))

    assert slice_in(name.blob) == name
    assert parse_slice_comment(slice_comment(written), name) == written


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slice of shop", "slice of other"),
        ("first 1:1/1", "first 2:1/1"),
        ("first 1:1/1", "first 4294967296:1/1"),
        ("entries 2", "entries -2"),
        ("2026", "9999-99"),
        ("mangrove oplog slice", "mangrove backup"),
        ("at 1970-01-01", "at 1970-13-01"),
    ],
)
def test_a_comment_that_does_not_fit_its_place_is_refused(old: str, new: str) -> None:
    written = piece(1, 2)
    name = slice_in(written.blob.name)
    assert name is not None
    text = slice_comment(written)
    changed = text.replace(old, new) if old in text else text + "x"

    with pytest.raises(SignatureInvalidError):
        parse_slice_comment(changed, name)


def test_a_break_is_read_back_and_another_comment_refused() -> None:
    written = cut(BreakKind.DIVERGED, 4, 9, CHAIN)

    assert parse_break_comment(break_comment(written)) == written
    for text in ("", slice_comment(piece(1, 2)), break_comment(written).replace("diverged", "x")):
        with pytest.raises(SignatureInvalidError):
            parse_break_comment(text)


@pytest.mark.parametrize(
    "name",
    [
        "shop/oplog/x.bson.zst.age",
        "shop/20261123T000000Z-0001/oplog.0000.bson.zst.age",
        "shop/oplog/20261123T000000Z-0001/1-1_2-2.bson.zst.age",
        "shop/oplog/../0000000001-0000000001_0000000002-0000000001.bson.zst.age",
    ],
)
def test_other_names_are_no_slices(name: str) -> None:
    assert slice_in(name) is None
    assert not is_of_oplog(name)
