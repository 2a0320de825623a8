"""Many documents as one piece of bytes."""

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.documents import DocumentBatch, batch_of

documents = st.lists(st.binary(max_size=40).map(lambda b: bson.encode({"b": b})), max_size=12)


@given(documents)
def test_batch_is_a_sequence_of_its_documents(whole: list[bytes]) -> None:
    batch = DocumentBatch(b"".join(whole), len(whole))

    assert list(batch) == whole
    assert len(batch) == len(whole)
    assert batch[: len(whole) // 2] == whole[: len(whole) // 2]
    assert batch_of(batch).joined == batch_of(whole).joined == b"".join(whole)
    assert list(batch_of(whole)) == whole


def test_batch_gives_a_document_by_its_place_and_refuses_one_behind_the_last() -> None:
    first, second = bson.encode({"_id": 1}), bson.encode({"_id": 2, "a": "x"})
    batch = DocumentBatch(first + second, 2)

    assert batch[1] == second
    with pytest.raises(IndexError):
        batch[2]
