"""Cutting streams into whole documents: nothing lost, nothing doubled, damage named."""

import struct
from itertools import pairwise
from time import thread_time

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.core.errors import MalformedBsonError
from mangrove.engine.framing import (
    MAX_DOCUMENT_BYTES,
    document_chunks,
    element_of,
    iter_documents,
)


def padded(size: int) -> bytes:
    """Return a valid document of exactly ``size`` bytes (12 or more)."""
    return bson.encode({"p": b"x" * (size - 13)}) if size >= 13 else bson.encode({"n": 1})


documents = st.lists(st.integers(13, 400).map(padded), max_size=30)


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    whole = draw(documents)
    stream = b"".join(whole)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    borders = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(borders)]
    return whole, pieces


@settings(deadline=None)
@given(cut_streams(), st.integers(1, 1000))
def test_framing_yields_whole_documents_however_the_stream_is_cut(
    case: tuple[list[bytes], list[bytes]], target: int
) -> None:
    whole, pieces = case

    chunks = list(document_chunks(pieces, target))

    assert [doc for chunk in chunks for doc in iter_documents(chunk)] == whole
    assert all(len(c) <= target or len(list(iter_documents(c))) == 1 for c in chunks)


@settings(deadline=None)
@given(cut_streams(), st.integers(1, 1000))
def test_framing_refuses_a_stream_that_lost_its_end(
    case: tuple[list[bytes], list[bytes]], target: int
) -> None:
    whole, _ = case
    stream = b"".join([*whole, padded(50)])[:-1]

    with pytest.raises(MalformedBsonError) as caught:
        list(document_chunks([stream], target))

    assert caught.value.details["offset"] == len(stream) - 49


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=10), st.integers(1, 100))
def test_framing_of_hostile_bytes_raises_only_our_error(pieces: list[bytes], target: int) -> None:
    try:
        chunks = list(document_chunks(pieces, target))
    except MalformedBsonError:
        return
    assert b"".join(chunks) == b"".join(pieces)


def test_framing_fills_chunks_up_to_the_target() -> None:
    chunks = list(document_chunks([padded(100)] * 1000, 1000))

    assert {len(chunk) for chunk in chunks} == {1000}


def test_framing_of_single_bytes_takes_time_in_proportion() -> None:
    stream = padded(1 << 20) + padded(100) * 100

    began = thread_time()
    chunks = list(document_chunks((stream[i : i + 1] for i in range(len(stream))), 1 << 16))

    assert b"".join(chunks) == stream
    assert thread_time() - began < 5


@pytest.mark.parametrize("length", [4, 0, -1, MAX_DOCUMENT_BYTES + 1])
def test_framing_refuses_an_impossible_length_and_says_where(length: int) -> None:
    stream = padded(30) + struct.pack("<i", length) + b"\0" * 30

    with pytest.raises(MalformedBsonError) as caught:
        list(document_chunks([stream[:33], stream[33:]], 20))

    assert caught.value.details["offset"] == 30


def test_framing_refuses_a_document_without_its_closing_zero() -> None:
    damaged = padded(30)[:-1] + b"\1"

    with pytest.raises(MalformedBsonError) as caught:
        list(document_chunks([padded(40), damaged, padded(20)]))

    assert caught.value.details["offset"] == 69


def test_iter_documents_refuses_a_chunk_that_does_not_add_up() -> None:
    with pytest.raises(MalformedBsonError):
        list(iter_documents(padded(30) + b"\5\0"))


def test_element_of_returns_type_and_raw_value() -> None:
    document = bson.encode({"a": {"_id": "inner"}, "_id": 7, "z": "end"})

    assert element_of(document, b"_id") == b"\x10" + struct.pack("<i", 7)
    assert element_of(document, b"missing") is None


def test_element_of_refuses_damage_before_the_element() -> None:
    document = bytearray(bson.encode({"a": "text", "k": 7}))
    document[7] = 200

    with pytest.raises(MalformedBsonError):
        element_of(bytes(document), b"k")
