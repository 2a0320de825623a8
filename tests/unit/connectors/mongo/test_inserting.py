"""What is found out about documents before and after they are sent."""

from collections.abc import Mapping
from typing import Any

import bson
import pytest
from bson import Timestamp
from typing_extensions import override

from mangrove.connectors.mongo.bson_elements import id_element
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.inserting import (
    Inserter,
    can_keep_empty_timestamps,
    reason_for,
    with_empty_timestamp,
    with_id,
)
from mangrove.core.documents import DocumentBatch, batch_of
from mangrove.core.namespace import Namespace


@pytest.mark.parametrize(
    ("version", "can"),
    [
        ((5, 0, 28), False),
        ((5, 0, 29), True),
        ((6, 0, 5), False),
        ((6, 0, 17), True),
        ((7, 0, 12), False),
        ((7, 0, 13), True),
        ((8, 0, 0), True),
        ((9, 1, 0), True),
        ((4, 4, 99), False),
    ],
)
def test_version_tells_whether_empty_timestamps_can_be_kept(
    version: tuple[int, ...], can: bool
) -> None:
    assert can_keep_empty_timestamps(version) is can


def test_only_empty_timestamps_at_the_top_are_found() -> None:
    documents: list[dict[str, Any]] = [
        {"_id": 1, "ts": Timestamp(0, 0)},
        {"_id": 2, "ts": Timestamp(0, 1)},
        {"_id": 3, "inner": {"ts": Timestamp(0, 0)}},
        {"_id": Timestamp(0, 0)},
        {"_id": 5, "text": "\x11ts\0" + "\0" * 9},
        {"a": 1, "ts": Timestamp(0, 0)},
    ]

    assert with_empty_timestamp(batch_of([bson.encode(d) for d in documents])) == [0, 5]


def test_duplicate_is_explained_by_its_index_and_not_by_its_key() -> None:
    message = 'E11000 duplicate key error collection: a.b index: by mail dup key: { m: "ann@x" }'

    assert reason_for(11000, message) == "duplicate key in index by mail"


def test_duplicate_under_a_collation_is_explained_by_its_index() -> None:
    message = "E11000 duplicate key error collection: a.b index: m_1 collation: {} dup key: {}"

    assert reason_for(11000, message) == "duplicate key in index m_1"


def test_unknown_refusal_repeats_nothing_of_the_server() -> None:
    assert "secret" not in reason_for(4711, "secret value")


def test_document_without_an_id_gets_one() -> None:
    document = bson.encode({"a": 1})

    completed = with_id(document)

    assert list(bson.decode(completed)) == ["_id", "a"]
    assert with_id(completed) == completed
    assert id_element(completed)


class Answering(Connection):
    """A connection that notes commands and lets all documents in."""

    def __init__(self, documents: int) -> None:
        self.sent: list[Mapping[str, Any]] = []
        self._documents = documents

    @override
    def run(self, database: str, command: Mapping[str, Any]) -> dict[str, Any]:
        self.sent.append(command)
        return {"n": self._documents}


class Untouched(DocumentBatch):
    """A batch that nobody may take apart."""

    __slots__ = ()

    @override
    def _documents(self) -> list[bytes]:
        raise AssertionError("a batch that was let in whole was taken apart")


@pytest.mark.parametrize("keeps_empty_timestamps", [True, False])
def test_batch_that_is_let_in_is_sent_as_one_piece_and_never_taken_apart(
    *, keeps_empty_timestamps: bool
) -> None:
    whole = b"".join(bson.encode({"_id": n, "text": "x" * n}) for n in range(500))
    connection = Answering(500)
    inserter = Inserter(
        connection,
        {"w": 1},
        keeps_empty_timestamps,
        reads_packed_buckets=True,
        may_bypass=lambda database: database == "shop",
    )

    outcome = inserter.insert(Namespace("shop", "orders"), Untouched(whole, 500))

    assert (outcome.inserted, outcome.refused) == (500, ())
    (command,) = connection.sent
    assert [document.raw for document in command["documents"]] == [whole]


@pytest.mark.parametrize("allowed", [True, False])
def test_documents_go_past_validators_only_where_we_may(*, allowed: bool) -> None:
    connection = Answering(1)
    inserter = Inserter(connection, {"w": 1}, True, True, may_bypass=lambda _: allowed)

    inserter.insert(Namespace("shop", "orders"), [bson.encode({"_id": 1})])

    assert ("bypassDocumentValidation" in connection.sent[0]) is allowed
