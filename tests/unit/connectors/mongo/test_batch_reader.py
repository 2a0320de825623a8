"""The first batch is sized by what the server says of the collection."""

import pytest

from mangrove.connectors.mongo.batch_reader import first_batch_size


@pytest.mark.parametrize(
    ("documents", "size_bytes", "expected"),
    [
        (0, 0, 101),
        (10, 0, 101),
        (1000, 100_000, 1000),
        (1000, 1000 * 8192, 256),
        (3, 48 << 20, 101),
    ],
)
def test_first_batch_fits_the_collection(documents: int, size_bytes: int, expected: int) -> None:
    assert first_batch_size(documents, size_bytes) == expected
