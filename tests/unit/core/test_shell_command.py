"""Commands are written so that mongosh takes them as they are."""

import json

import pytest

from mangrove.core.shell_command import shell_command

INT = {"$numberInt": "1"}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (INT, "1"),
        ({"$numberDouble": "-1.5"}, "-1.5"),
        ({"$numberDouble": "Infinity"}, "Infinity"),
        ({"$numberLong": "9007199254740993"}, 'NumberLong("9007199254740993")'),
        ({"$numberDecimal": "1.10"}, 'NumberDecimal("1.10")'),
        ({"$oid": "0123456789abcdef01234567"}, 'ObjectId("0123456789abcdef01234567")'),
        ({"$date": {"$numberLong": "-1"}}, "new Date(-1)"),
        ({"$date": {"$numberLong": "9000000000000000"}}, 'NumberLong("9000000000000000")'),
        ({"$binary": {"base64": "YQ==", "subType": "80"}}, 'BinData(128, "YQ==")'),
        ({"$timestamp": {"t": 5, "i": 6}}, "Timestamp(5, 6)"),
        ({"$regularExpression": {"pattern": "^a/", "options": "i"}}, 'RegExp("^a/", "i")'),
        ({"$code": "f()", "$scope": {"a": INT}}, 'Code("f()", {"a": 1})'),
        ({"$minKey": 1}, "MinKey()"),
        ({"$gt": {"$maxKey": 1}}, '{"$gt": MaxKey()}'),
        ([True, None, 'a"\nü'], '[true, null, "a\\"\\nü"]'),
    ],
)
def test_each_value_is_written_for_the_shell(value: object, written: str) -> None:
    command = json.dumps({"createIndexes": "o'r", "x": value, "$db": 'sh"op'})

    assert shell_command(command) == (
        f'db.getSiblingDB("sh\\"op").runCommand({{"createIndexes": "o\'r", "x": {written}}})'
    )
