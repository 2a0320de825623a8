"""The strict walk over one document: everything legal passes, everything else names its place."""

import struct
from time import thread_time

import pytest
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.core.errors import MalformedBsonError
from mangrove.engine.bson_walk import MAX_DEPTH, elements, validate_document
from unit.engine.bson_corpus import corpus_cases, needs_corpus


def raw_document(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def nested(levels: int) -> bytes:
    document = raw_document()
    for _ in range(levels - 1):
        document = raw_document(b"\x03d\0", document)
    return document


SAMPLES = {
    "double": b"\x01a\0" + b"\0" * 8,
    "string": b"\x02a\0\2\0\0\0x\0",
    "document": b"\x03a\0\5\0\0\0\0",
    "array": b"\x04a\0\5\0\0\0\0",
    "binary": b"\x05a\0\1\0\0\0\0x",
    "old-binary": b"\x05a\0\5\0\0\0\2\1\0\0\0x",
    "undefined": b"\x06a\0",
    "object-id": b"\x07a\0" + b"\1" * 12,
    "boolean": b"\x08a\0\1",
    "date": b"\x09a\0" + b"\xff" * 8,
    "null": b"\x0aa\0",
    "regex": b"\x0ba\0x\0im\0",
    "db-pointer": b"\x0ca\0\2\0\0\0x\0" + b"\1" * 12,
    "code": b"\x0da\0\2\0\0\0x\0",
    "symbol": b"\x0ea\0\2\0\0\0x\0",
    "code-with-scope": b"\x0fa\0\x0f\0\0\0\2\0\0\0x\0\5\0\0\0\0",
    "int32": b"\x10a\0\0\0\0\0",
    "timestamp": b"\x11a\0" + b"\1" * 8,
    "int64": b"\x12a\0" + b"\1" * 8,
    "decimal128": b"\x13a\0" + b"\1" * 16,
    "min-key": b"\xffa\0",
    "max-key": b"\x7fa\0",
}


@pytest.mark.parametrize("element", SAMPLES.values(), ids=SAMPLES)
def test_validator_accepts_every_type(element: bytes) -> None:
    document = raw_document(element, b"\x0alast\0")

    validate_document(document, check_utf8=True)

    assert [name for _, name, _ in elements(document)] == [b"a", b"last"]


@pytest.mark.parametrize("element", SAMPLES.values(), ids=SAMPLES)
def test_validator_refuses_every_type_cut_short(element: bytes) -> None:
    for length in range(1, len(element)):
        with pytest.raises(MalformedBsonError):
            validate_document(raw_document(element[:length]))


@pytest.mark.parametrize(
    "element",
    [
        b"\x08a\0\2",
        b"\x14a\0",
        b"\x80a\0",
        b"\x02a\0\0\0\0\0\0",
        b"\x02a\0\xff\xff\xff\xff\0",
        b"\x05a\0\5\0\0\0\2\2\0\0\0x",
        b"\x03a\0\4\0\0\0",
        b"\x03a\0\5\0\0\0\1",
    ],
)
def test_validator_refuses_impossible_values(element: bytes) -> None:
    with pytest.raises(MalformedBsonError):
        validate_document(raw_document(element))


def test_validator_names_the_offset_of_the_damage() -> None:
    with pytest.raises(MalformedBsonError) as caught:
        validate_document(raw_document(b"\x0aa\0", b"\x08b\0\7"))

    assert caught.value.details["offset"] == 10


def test_validator_looks_at_text_only_when_asked() -> None:
    document = raw_document(b"\x02a\0\3\0\0\0\xc3\x28\0")

    validate_document(document)
    with pytest.raises(MalformedBsonError):
        validate_document(document, check_utf8=True)


def test_validator_stops_at_the_depth_limit() -> None:
    validate_document(nested(MAX_DEPTH))

    with pytest.raises(MalformedBsonError, match="nested"):
        validate_document(nested(MAX_DEPTH + 1))


def test_validator_meets_bottomless_nesting_without_recursion() -> None:
    with pytest.raises(MalformedBsonError, match="nested"):
        validate_document(nested(20_000))


def test_validator_takes_time_in_proportion_to_the_length() -> None:
    document = raw_document(b"\x0aa\0" * 300_000)

    began = thread_time()
    validate_document(document, check_utf8=True)

    assert thread_time() - began < 5


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_validator_of_hostile_bytes_raises_only_our_error(body: bytes) -> None:
    try:
        validate_document(raw_document(body), check_utf8=True)
    except MalformedBsonError:
        return
    RawBSONDocument(raw_document(body)).items()


@settings(deadline=None)
@given(st.sampled_from(list(SAMPLES.values())), st.data())
def test_validator_survives_any_single_changed_byte(element: bytes, data: st.DataObject) -> None:
    document = bytearray(raw_document(element, b"\x03d\0", raw_document(element)))
    document[data.draw(st.integers(0, len(document) - 1))] = data.draw(st.integers(0, 255))

    try:
        validate_document(bytes(document), check_utf8=True)
    except MalformedBsonError:
        return
    assert list(elements(bytes(document)))


@settings(deadline=None)
@given(st.sampled_from(list(SAMPLES.values())), st.data())
def test_validator_judges_alike_with_and_without_a_look_at_text(
    element: bytes, data: st.DataObject
) -> None:
    document = bytearray(raw_document(element, SAMPLES["string"], SAMPLES["int32"]))
    document[data.draw(st.integers(4, len(document) - 1))] = data.draw(st.integers(0, 127))

    verdicts = [verdict(bytes(document), check_utf8=choice) for choice in (False, True)]

    assert verdicts[0] == verdicts[1] or "UTF-8" in verdicts[1]


def verdict(document: bytes, *, check_utf8: bool) -> str:
    try:
        validate_document(document, check_utf8=check_utf8)
    except MalformedBsonError as error:
        return str(error)
    return "sound"


@needs_corpus
@pytest.mark.parametrize(("_kind", "cases"), corpus_cases("valid"))
def test_validator_accepts_the_corpus(_kind: str, cases: list[dict[str, str]]) -> None:
    for case in cases:
        for field in ("canonical_bson", "degenerate_bson"):
            if field in case:
                validate_document(bytes.fromhex(case[field]), check_utf8=True)


@needs_corpus
@pytest.mark.parametrize(("_kind", "cases"), corpus_cases("decodeErrors"))
def test_validator_refuses_the_damage_of_the_corpus(
    _kind: str, cases: list[dict[str, str]]
) -> None:
    accepted = [case["description"] for case in cases if not is_refused(case["bson"])]

    assert accepted == []


def is_refused(hexadecimal: str) -> bool:
    try:
        validate_document(bytes.fromhex(hexadecimal), check_utf8=True)
    except MalformedBsonError:
        return True
    return False
