"""Extended JSON both ways: exactly mongodump's text, and exactly the same bytes back."""

import json
import struct
from time import thread_time

import bson
import pytest
from bson import json_util
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.core.errors import MalformedBsonError, MalformedMetadataError
from mangrove.engine.extended_json_read import from_extended
from mangrove.engine.extended_json_write import double_text, to_canonical
from unit.engine.bson_corpus import corpus_cases, needs_corpus

DOUBLES = {
    1e300: "1E+300",
    5e-324: "5E-324",
    1.0: "1.0",
    1234567.0: "1.234567E+06",
    123456.0: "123456.0",
    1000000.0: "1E+06",
    100000.0: "100000.0",
    -0.0: "-0.0",
    0.0001: "0.0001",
    0.00001: "1E-05",
    0.1: "0.1",
    -2.5: "-2.5",
    1.7976931348623157e308: "1.7976931348623157E+308",
    float("inf"): "Infinity",
    float("-inf"): "-Infinity",
}

texts = st.text('aé😀"\\/\n\x00\x1f\u2028<', max_size=10)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=20)
)
names = texts.map(lambda text: text.replace("\0", "."))
trees = st.dictionaries(
    names,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)


@pytest.mark.parametrize(("value", "text"), DOUBLES.items(), ids=DOUBLES.values())
def test_doubles_have_the_shortest_form_of_go(value: float, text: str) -> None:
    assert double_text(value) == text


def test_not_a_number_is_written_in_one_way() -> None:
    assert to_canonical(bson.encode({"d": float("nan")})) == '{"d":{"$numberDouble":"NaN"}}'


@settings(deadline=None)
@given(st.floats(allow_nan=False))
def test_doubles_come_back_bit_for_bit(value: float) -> None:
    document = bson.encode({"d": value})

    assert from_extended(to_canonical(document)) == document


@settings(deadline=None)
@given(trees)
def test_documents_come_back_byte_for_byte(tree: dict[str, object]) -> None:
    document = bson.encode(tree)

    text = to_canonical(document)

    assert from_extended(text) == document
    assert "\n" not in text


@settings(deadline=None)
@given(trees)
def test_text_means_what_the_driver_writes(tree: dict[str, object]) -> None:
    document = bson.encode(tree)
    driver_text = json_util.dumps(
        bson.decode(document), json_options=json_util.CANONICAL_JSON_OPTIONS
    )

    assert from_extended(driver_text) == document


def test_strings_are_escaped_as_mongodump_does() -> None:
    document = bson.encode({"s": 'é😀<>&/"\\\n\t\r\b\f\x01\x7f\u2028\u2029'})

    assert to_canonical(document) == (
        '{"s":"é😀<>&/\\"\\\\\\n\\t\\r\\b\\f\\u0001\x7f\\u2028\\u2029"}'
    )


def test_dates_outside_the_years_of_python_are_carried() -> None:
    text = (
        '{"a":{"$date":{"$numberLong":"-1"}},"b":{"$date":{"$numberLong":"9223372036854775807"}}}'
    )

    assert to_canonical(from_extended(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"$regex":"^a","$options":"i"}',
        '{"$regex":"^a","$in":["x"]}',
        '{"$ref":"c","$id":{"$oid":"0123456789abcdef01234567"},"$db":"d"}',
        '{"$type":"string"}',
        '{"$match":{"$expr":true}}',
    ],
)
def test_operators_and_references_stay_plain_documents(text: str) -> None:
    assert to_canonical(from_extended(f'{{"a":{text}}}')) == f'{{"a":{text}}}'
    assert from_extended(f'{{"a":{text}}}')[4] == 3


def test_duplicate_keys_and_their_order_are_kept() -> None:
    text = '{"b":"1","a":"2","b":"3"}'

    assert to_canonical(from_extended(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('{"v": 1}', '{"v":{"$numberInt":"1"}}'),
        ('{"v" :\n-2147483649 }', '{"v":{"$numberLong":"-2147483649"}}'),
        ('{"v":9223372036854775808}', '{"v":{"$numberDouble":"9.223372036854775808E+18"}}'),
        ('{"v":1.0}', '{"v":{"$numberDouble":"1.0"}}'),
        ('{"v":1e2}', '{"v":{"$numberDouble":"100.0"}}'),
        (
            '{"v":{"$date":"1970-01-01T00:00:01.5Z"}}',
            '{"v":{"$date":{"$numberLong":"1500"}}}',
        ),
        (
            '{"v":{"$binary":"AQ==","$type":"0"}}',
            '{"v":{"$binary":{"base64":"AQ==","subType":"00"}}}',
        ),
        ('{"v":"\\ud83d\\ude00\\u00e9\\/"}', '{"v":"😀é/"}'),
    ],
)
def test_older_and_human_forms_are_understood(text: str, canonical: str) -> None:
    written = to_canonical(from_extended(text))

    assert written == canonical.replace("9.223372036854775808E", "9.223372036854776E")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        '{"a":1',
        '{"a":1}}',
        '{"a":1,}',
        '{"a" 1}',
        "{a:1}",
        '{"a":01}',
        '{"a":NaN}',
        '{"a":tru}',
        '{"a":1e999}',
        '{"a":"\n"}',
        '{"a":"\\x"}',
        '{"a":"\\ud800"}',
        '{"a\\ud800":1}',
        '{"a\\u0000":1}',
        '{"$oid":"0123456789abcdef01234567"}',
        '{"a":{"$numberInt":"2147483648"}}',
        '{"a":{"$numberLong":"1","x":2}}',
        '{"a":{"$numberDouble":"1e999"}}',
        '{"a":{"$numberDecimal":"x"}}',
        '{"a":{"$binary":{"base64":"*","subType":"00"}}}',
        '{"a":{"$date":"2020-13-01T00:00:00Z"}}',
        '{"a":{"$minKey":{"$numberInt":"1"}}}',
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_wrong_text_is_refused(text: str) -> None:
    with pytest.raises(MalformedMetadataError):
        from_extended(text)


def test_refusal_names_the_position() -> None:
    with pytest.raises(MalformedMetadataError, match="at character 12"):
        from_extended('{"good": 1, bad: 2}')


@pytest.mark.parametrize("piece", ['{"a":', "[", '{"a":['])
def test_bottomless_nesting_is_refused_quickly(piece: str) -> None:
    began = thread_time()

    with pytest.raises(MalformedMetadataError, match="nested too deeply"):
        from_extended('{"a":' + piece * 200_000)

    assert thread_time() - began < 5


def test_the_deepest_document_a_server_takes_survives() -> None:
    document = struct.pack("<ib", 5, 0)
    for _ in range(199):
        document = struct.pack("<i", len(document) + 8) + b"\x03d\0" + document + b"\0"

    assert from_extended(to_canonical(document)) == document


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_writing_hostile_bytes_raises_only_our_error(body: bytes) -> None:
    document = struct.pack("<i", len(body) + 5) + body + b"\0"
    try:
        text = to_canonical(document)
    except MalformedBsonError:
        return
    json.loads(text)


@settings(deadline=None)
@given(
    st.binary().map(lambda raw: raw.decode("utf-8", "replace"))
    | st.lists(st.sampled_from([*'{}[],:"1-.e', '"$oid"', '"$date"', '"a"', "null"])).map("".join)
)
def test_reading_hostile_text_raises_only_our_error(text: str) -> None:
    try:
        document = from_extended(text)
    except MalformedMetadataError:
        return
    json.loads(text)
    bson.decode(document)


@needs_corpus
@pytest.mark.parametrize(("_kind", "cases"), corpus_cases("valid"))
def test_corpus_is_written_as_it_says(_kind: str, cases: list[dict[str, str]]) -> None:
    for case in cases:
        text = json.loads(case["canonical_extjson"])
        for field in ("canonical_bson", "degenerate_bson"):
            if field in case:
                assert json.loads(to_canonical(bytes.fromhex(case[field]))) == text


@needs_corpus
@pytest.mark.parametrize(("_kind", "cases"), corpus_cases("valid"))
def test_corpus_survives_both_ways(_kind: str, cases: list[dict[str, str]]) -> None:
    for case in cases:
        if not case.get("lossy"):
            document, text = bytes.fromhex(case["canonical_bson"]), case["canonical_extjson"]
            assert from_extended(text) == document
            assert from_extended(to_canonical(document)) == document
            assert from_extended(case.get("degenerate_extjson", text)) == document


@needs_corpus
@pytest.mark.parametrize(("kind", "cases"), corpus_cases("parseErrors"))
def test_wrong_text_of_the_corpus_is_refused(kind: str, cases: list[dict[str, str]]) -> None:
    for case in cases:
        text = case["string"]
        if kind.startswith("decimal128"):
            text = json.dumps({"d": {"$numberDecimal": text}})

        with pytest.raises(MalformedMetadataError):
            from_extended(text)
