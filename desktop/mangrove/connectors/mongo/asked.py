"""Asks a deployment for a figure of a collection: the port ``Asked`` on MongoDB."""

from datetime import UTC, datetime
from typing import Any

from bson import Decimal128
from pymongo.errors import ExecutionTimeout, OperationFailure, PyMongoError

from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import UNAUTHORIZED, server_words, while_working
from mangrove.connectors.mongo.raw_reply import OpaqueDocument
from mangrove.core.assertion import Answer, Measure, Question
from mangrove.core.namespace import Namespace

_NEWEST_FIRST, _OLDEST_FIRST = -1, 1
_ORDER = {
    Measure.AGE: _NEWEST_FIRST,
    Measure.GREATEST: _NEWEST_FIRST,
    Measure.LEAST: _OLDEST_FIRST,
}
_GROUPED = {Measure.SUM: "$sum", Measure.AVERAGE: "$avg"}


class MongoAsked:
    """Takes figures with the server's own means; documents never leave it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, where: Namespace, question: Question, query: bytes, limit_ms: int) -> Answer:
        """Take a figure of the documents of a collection."""
        is_count = question.measure is Measure.COUNT
        command = _count(where, query) if is_count else _aggregate(where, question, query)
        try:
            reply = self._connection.run(where.database, {**command, "maxTimeMS": limit_ms})
        except ExecutionTimeout:
            return Answer(problem=f"the server gave no answer within {limit_ms / 1000:g} seconds")
        except OperationFailure as error:
            if error.code == UNAUTHORIZED:
                raise while_working(error, self._connection.hosts) from error
            said = server_words(error)
            return Answer(problem=f"the server does not take the question: {said}")
        except PyMongoError as error:
            raise while_working(error, self._connection.hosts) from error
        return Answer(float(reply["n"])) if is_count else _first(question, reply)


def _count(where: Namespace, query: bytes) -> dict[str, Any]:
    return {"count": where.collection, "query": OpaqueDocument(query)}


def _aggregate(where: Namespace, question: Question, query: bytes) -> dict[str, Any]:
    """Return the command for a figure of a field: values of other types are passed over.

    Source: MongoDB manual, "$type" (``number`` stands for all four numeric types), "$sort" with
    "$limit" (an index on the field is used where there is one).
    """
    path = f"${question.field}"
    kind = "date" if question.measure is Measure.AGE else "number"
    stages: list[dict[str, Any]] = [
        {"$match": OpaqueDocument(query)},
        {"$match": {question.field: {"$type": kind}}},
    ]
    if order := _ORDER.get(question.measure):
        stages += [{"$sort": {question.field: order}}, {"$limit": 1}]
        stages.append({"$project": {"_id": 0, "value": path}})
    else:
        stages.append({"$group": {"_id": None, "value": {_GROUPED[question.measure]: path}}})
    return {"aggregate": where.collection, "pipeline": stages, "cursor": {}}


def _first(question: Question, reply: dict[str, Any]) -> Answer:
    found = reply["cursor"]["firstBatch"]
    if not found:
        return Answer(0.0 if question.measure is Measure.SUM else None)
    value = found[0].get("value")
    if isinstance(value, Decimal128):
        value = float(value.to_decimal())
    if question.measure is Measure.AGE and isinstance(value, datetime):
        return Answer(value.replace(tzinfo=UTC) if value.tzinfo is None else value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Answer(float(value))
    wanted = "date" if question.measure is Measure.AGE else "number"
    return Answer(problem=f"{question.field} is no single {wanted} in {question.namespace}")
