"""Creating a collection whose options the server takes only in part."""

from collections.abc import Mapping
from typing import Any

import bson
import pytest
from pymongo.errors import OperationFailure

from mangrove.connectors.mongo.creating import create_as_far_as_taken, create_command
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo

HERE = Namespace("shop", "users")
ID_INDEX = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
UNKNOWN = "BSON field 'create.{}' is an unknown field."


def info(options: Mapping[str, Any]) -> CollectionInfo:
    return CollectionInfo(HERE, "collection", bson.encode(options), (bson.encode(ID_INDEX),), None)


class Server:
    """Refuses what it is told to, one thing at a time, in the words it is told to."""

    def __init__(self, refused: Mapping[str, str]) -> None:
        self._refused = refused
        self.made: set[str] = set()

    def send(self, command: Mapping[str, Any]) -> None:
        for name, words in self._refused.items():
            if name in command:
                message = words.format(name)
                raise OperationFailure(message, 72, {"errmsg": message})
        self.made = set(command) - {"create", "idIndex"}


@pytest.mark.parametrize(
    ("refused", "kept"),
    [
        ({}, {"validator", "collation", "later", "capped", "size"}),
        ({"later": UNKNOWN}, {"validator", "collation", "capped", "size"}),
        ({"validator": "unknown top level operator: $new"}, {"collation", "capped", "size"}),
        ({"capped": "the '{}' field wants 'size'"}, {"validator", "collation", "later"}),
        ({"collation": UNKNOWN, "later": "no"}, {"validator", "capped", "size"}),
        ({"size": "no"}, set[str]()),
    ],
)
def test_what_is_refused_is_left_out_and_little_else(
    refused: Mapping[str, str], kept: set[str]
) -> None:
    options = {"capped": True, "size": 5000, "validator": {}, "collation": {}, "later": 1}
    server = Server(refused)

    create_as_far_as_taken(server.send, create_command(info(options)), lambda _: True)

    assert server.made == kept


@pytest.mark.parametrize(
    ("words", "told"), [(UNKNOWN, "timeseries"), ("no time series here", "later")]
)
def test_what_makes_a_time_series_is_never_left_out(words: str, told: str) -> None:
    server = Server({"later": UNKNOWN, "timeseries": words})
    command = create_command(info({"timeseries": {"timeField": "t"}, "later": 1}))

    with pytest.raises(OperationFailure, match=told):
        create_as_far_as_taken(server.send, command, lambda _: True)


def test_a_refusal_that_is_not_about_options_is_told_at_once() -> None:
    server = Server({"capped": "no"})

    with pytest.raises(OperationFailure):
        create_as_far_as_taken(server.send, create_command(info({"capped": True})), lambda _: False)


def test_nothing_in_the_options_can_speak_for_the_command() -> None:
    hostile = {"create": "victim", "$db": "admin", "lsid": 1, "writeConcern": {"w": 0}, "max": 1}

    command = create_command(info(hostile))

    assert (command["create"], set(command)) == ("users", {"create", "max", "idIndex"})
