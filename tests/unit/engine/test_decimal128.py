"""Decimal128 text: the shape the specification asks for, and no rounding, ever."""

from time import thread_time

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.engine.decimal128 import decimal128_bytes, decimal128_text
from unit.engine.bson_corpus import corpus_cases, needs_corpus


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-0",
        "0E-6176",
        "0E+6111",
        "1.50",
        "0.000001",
        "1E-7",
        "-1.234567890123456789012345678901234E+6144",
        "9999999999999999999999999999999999",
        "Infinity",
        "-Infinity",
        "NaN",
        "1E-6176",
        "1.2E+4",
    ],
)
def test_decimal_survives_both_ways(text: str) -> None:
    assert decimal128_text(decimal128_bytes(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1E+6112", "1.0E+6112"),
        ("10E-6177", "1E-6176"),
        ("0E+99999999999999999999", "0E+6111"),
        ("0e-99999999999999999999", "0E-6176"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+007", "7"),
        ("1" + "0" * 40, "1.000000000000000000000000000000000E+40"),
        ("inf", "Infinity"),
    ],
)
def test_decimal_moves_zeros_where_that_is_exact(text: str, canonical: str) -> None:
    assert decimal128_text(decimal128_bytes(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "E5",
        "1e",
        "1 ",
        "1_0",
        "\u0661",
        "0x1",
        "1E+6145",
        "1E-6177",
        "12345678901234567890123456789012345",
        "1E+99999999999999999999",
    ],
)
def test_decimal_refuses_what_it_cannot_hold_exactly(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        decimal128_bytes(text)


def test_decimal_of_a_very_long_text_takes_time_in_proportion() -> None:
    began = thread_time()

    assert decimal128_text(decimal128_bytes("0" * 3_000_000 + "1")) == "1"

    assert thread_time() - began < 5


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_decimal_text_agrees_with_the_driver_on_all_bits(payload: bytes) -> None:
    text = decimal128_text(payload)

    assert Decimal128(text).bid == decimal128_bytes(text)
    significand = int.from_bytes(payload, "little") & ((1 << 113) - 1)
    if significand < 10**34:
        assert text == str(Decimal128.from_bid(payload))


@needs_corpus
@pytest.mark.parametrize(("kind", "cases"), corpus_cases("parseErrors"))
def test_decimal_refuses_the_wrong_texts_of_the_corpus(
    kind: str, cases: list[dict[str, str]]
) -> None:
    if kind.startswith("decimal128"):
        for case in cases:
            with pytest.raises(ValueError, match="decimal"):
                decimal128_bytes(case["string"])
