"""Bech32 texts and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.vault.crypto.bech32 import Bech32Error, decode, encode


@given(data=st.binary(max_size=100))
def test_data_reads_back_from_its_text_in_either_case(data: bytes) -> None:
    text = encode("age", data)

    assert decode(text) == ("age", data)
    assert decode(text.upper()) == ("age", data)


@given(place=st.integers(4, 61), letter=st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
def test_one_wrong_letter_is_noticed(place: int, letter: str) -> None:
    text = encode("age", bytes(range(32)))
    wrong = text[:place] + letter + text[place + 1 :]

    if wrong != text:
        with pytest.raises(Bech32Error):
            decode(wrong)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A1g7SGD8", "mixed case"),
        ("10a06t8", "no prefix"),
        ("pzry9x0s0muk", "no prefix"),
        ("li1dgmt3", "no prefix or no checksum"),
        ("x1b4n0q5v", "foreign character"),
        ("\x201nwldj5", "prefix with foreign"),
        ("age1qqqqqqqqqqqq", "wrong checksum"),
    ],
)
def test_malformed_text_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(Bech32Error, match=reason):
        decode(text)


def test_bits_left_over_are_refused() -> None:
    with pytest.raises(Bech32Error, match="loose bits"):
        decode("age1qpu0j2ex")
