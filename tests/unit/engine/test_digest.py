"""The content digest: blind to order, not to content."""

import bson
import pytest
import xxhash

from mangrove.core.errors import MalformedBsonError
from mangrove.engine.digest import DIGEST_ALGORITHM, ContentDigest

DOCUMENTS = [bson.encode({"_id": number, "text": "x" * number}) for number in range(200)]


def digest_of(*chunks: bytes) -> ContentDigest:
    digest = ContentDigest()
    for chunk in chunks:
        digest.add_chunk(chunk)
    return digest


def test_digest_is_the_sum_of_each_documents_hash() -> None:
    expected = sum(xxhash.xxh3_128_intdigest(doc) for doc in DOCUMENTS) % 2**128

    digest = digest_of(b"".join(DOCUMENTS))

    assert digest.hexdigest() == f"{expected:032x}"
    assert DIGEST_ALGORITHM == "xxh3-128-sum"


def test_digest_counts_documents_and_bytes() -> None:
    digest = ContentDigest()

    assert digest.add_chunk(b"".join(DOCUMENTS)) == 200
    assert (digest.documents, digest.bytes) == (200, sum(map(len, DOCUMENTS)))


def test_digest_does_not_depend_on_order_chunks_or_readers() -> None:
    shuffled = DOCUMENTS[100:] + DOCUMENTS[99::-1]
    first, second = digest_of(*shuffled[:77]), digest_of(b"".join(shuffled[77:]))

    first.merge(second)

    assert first.hexdigest() == digest_of(b"".join(DOCUMENTS)).hexdigest()
    assert first.documents == 200


@pytest.mark.parametrize(
    "others",
    [DOCUMENTS[1:], [*DOCUMENTS, DOCUMENTS[0]], [bson.encode({"_id": 0}), *DOCUMENTS[1:]]],
    ids=["lost", "doubled", "changed"],
)
def test_digest_sees_a_difference_in_content(others: list[bytes]) -> None:
    assert digest_of(*others).hexdigest() != digest_of(*DOCUMENTS).hexdigest()


def test_digest_of_nothing_is_zero() -> None:
    assert digest_of(b"").hexdigest() == "0" * 32


@pytest.mark.parametrize(
    "chunk",
    [DOCUMENTS[3][:-1], DOCUMENTS[3] + b"\5", b"\0\0\0\0\0", b"\4\0\0\0\0", b"\xff\xff\xff\xff\0"],
    ids=["short", "tail", "zero", "four", "negative"],
)
def test_digest_refuses_lengths_that_do_not_add_up_and_counts_nothing(chunk: bytes) -> None:
    digest = ContentDigest()

    with pytest.raises(MalformedBsonError):
        digest.add_chunk(chunk)

    assert (digest.documents, digest.bytes, digest.hexdigest()) == (0, 0, "0" * 32)
