"""Signatures: what is accepted, and how each part of one resists tampering."""

import copy
import pickle
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.errors import InvalidKeyError, SignatureInvalidError
from mangrove.vault.crypto.minisign import MinisignPublicKey, MinisignSecretKey, sign, verify

KEY = MinisignSecretKey.generate()
DATA = b"manifest"
COMMENT = "backup a sequence 1"
PARTS = sign(KEY, DATA, COMMENT).split("\n")


def with_part(number: int, text: str) -> str:
    return "\n".join([*PARTS[:number], text, *PARTS[number + 1 :]])


def flipped(text: str, place: int) -> str:
    raw = bytearray(b64decode(text))
    raw[place] ^= 1
    return b64encode(bytes(raw)).decode()


@given(data=st.lists(st.binary()), comment=st.text(st.characters(categories=["L", "N", "P"])))
def test_signature_gives_its_comment_back_whatever_the_chunking(
    data: list[bytes], comment: str
) -> None:
    text = sign(KEY, data, comment)

    assert verify(KEY.public_key, b"".join(data), text) == comment


def test_other_data_is_refused() -> None:
    with pytest.raises(SignatureInvalidError, match="data is not what was signed"):
        verify(KEY.public_key, DATA + b"!", "\n".join(PARTS))


def test_another_key_is_refused_by_id_and_by_key() -> None:
    other = MinisignSecretKey.generate().public_key
    same_id = MinisignPublicKey(KEY.public_key.key_id, other.key)

    with pytest.raises(SignatureInvalidError, match="another key"):
        verify(other, DATA, "\n".join(PARTS))
    with pytest.raises(SignatureInvalidError, match="data is not what was signed"):
        verify(same_id, DATA, "\n".join(PARTS))


@pytest.mark.parametrize("place", range(74))
def test_every_flipped_byte_of_the_signature_is_refused(place: int) -> None:
    with pytest.raises(SignatureInvalidError):
        verify(KEY.public_key, DATA, with_part(1, flipped(PARTS[1], place)))


@pytest.mark.parametrize("place", range(64))
def test_every_flipped_byte_of_the_global_signature_is_refused(place: int) -> None:
    with pytest.raises(SignatureInvalidError, match="trusted comment is not"):
        verify(KEY.public_key, DATA, with_part(3, flipped(PARTS[3], place)))


def test_altered_trusted_comment_is_refused() -> None:
    with pytest.raises(SignatureInvalidError, match="trusted comment is not"):
        verify(KEY.public_key, DATA, with_part(2, PARTS[2].replace("1", "2")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        with_part(0, "comment"),
        with_part(2, "comment"),
        with_part(1, "?"),
        with_part(1, "é"),
        with_part(1, PARTS[3]),
        with_part(3, PARTS[1]),
        with_part(3, ""),
        with_part(4, "more"),
        "\n".join(PARTS[:3]),
    ],
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(SignatureInvalidError):
        verify(KEY.public_key, DATA, text)


def test_signature_with_windows_line_ends_is_accepted() -> None:
    assert verify(KEY.public_key, DATA, "\r\n".join(PARTS)) == COMMENT


@pytest.mark.parametrize("comment", ["two\nlines", "tab\t", "x" * 9000])
def test_comment_that_is_no_short_line_is_not_signed(comment: str) -> None:
    with pytest.raises(ValueError, match="trusted comment"):
        sign(KEY, DATA, comment)


def test_keys_read_back_from_their_texts() -> None:
    again = MinisignSecretKey.from_text(KEY.to_text())

    assert again.public_key == KEY.public_key
    assert MinisignPublicKey.from_text(KEY.public_key.to_text()) == KEY.public_key
    assert MinisignPublicKey.from_text(KEY.public_key.to_file_text()) == KEY.public_key


@pytest.mark.parametrize(
    "text",
    ["", "RWQ", "one\ntwo", "untrusted comment: x\n", pytest.param(KEY.to_text(), id="secret key")],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeyError):
        MinisignPublicKey.from_text(text)


def test_what_is_no_secret_key_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        MinisignSecretKey.from_text(KEY.public_key.to_text())


def test_secret_key_neither_prints_nor_copies() -> None:
    assert [repr(KEY), str(KEY), f"{KEY}"] == ["MinisignSecretKey(***)"] * 3
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(TypeError):
        copy.copy(KEY)
