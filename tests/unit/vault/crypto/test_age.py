"""Round trips, and what happens to every kind of damage."""

import copy
import itertools
import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangrove.core.errors import (
    BackupTruncatedError,
    ChunkForgedError,
    CorruptBackupError,
    HeaderMalformedError,
    InvalidKeyError,
    VaultError,
    WrongIdentityError,
)
from mangrove.vault.crypto.age import (
    decrypt_bytes,
    decrypt_stream,
    encrypt_bytes,
    encrypt_stream,
    rewrap_stream,
)
from mangrove.vault.crypto.age_header import MAX_HEADER_BYTES, HeaderReader, Stanza
from mangrove.vault.crypto.armor import armor_stream, unarmor_stream
from mangrove.vault.crypto.recipients import (
    Recipient,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    X25519Recipient,
    parse_identity_file,
)

IDENTITY = X25519Identity.generate()
RECIPIENT = IDENTITY.recipient
SIZES = st.integers(0, 3) | st.sampled_from([65535, 65536, 65537, 131072, 1 << 20, (1 << 20) + 1])


STEPS = st.lists(st.sampled_from([0, 1, 7, 65536, 65552, 3_000_000]), max_size=5)


def content_of(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]  # 251 is prime: no two chunks are alike


def cut(data: bytes, steps: list[int]) -> Iterator[bytes]:
    at = 0
    for step in itertools.cycle([*steps, 300_000]):
        yield data[at : at + step]
        at += step
        if at >= len(data):
            return


@settings(max_examples=60, deadline=None)
@given(size=SIZES, steps=STEPS, other_steps=STEPS)
def test_content_survives_under_any_chunking(
    size: int, steps: list[int], other_steps: list[int]
) -> None:
    content = content_of(size)

    sealed = b"".join(encrypt_stream(cut(content, steps), [RECIPIENT]))
    opened = b"".join(decrypt_stream(cut(sealed, other_steps), [IDENTITY]))

    assert opened == content


@settings(max_examples=60, deadline=None)
@given(size=st.integers(0, 200) | SIZES, steps=STEPS, other_steps=STEPS)
def test_armor_survives_under_any_chunking(
    size: int, steps: list[int], other_steps: list[int]
) -> None:
    content = content_of(size)

    text = b"".join(armor_stream(cut(content, steps)))

    assert b"".join(unarmor_stream(cut(text, other_steps))) == content


def test_pieces_are_about_a_mebibyte_whatever_comes_in() -> None:
    content = [bytes(10_000)] * 500

    _, *pieces = encrypt_stream(content, [RECIPIENT])

    assert {len(piece) for piece in pieces[:-1]} == {16 * (65536 + 16)}
    assert [len(piece) for piece in pieces] == [1_048_832] * 4 + [805_904]


def test_every_flipped_byte_is_refused() -> None:
    sealed = encrypt_bytes(b"a small file", [RECIPIENT])

    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 1
        with pytest.raises(VaultError):  # a flip in the stanza may look like a foreign one
            decrypt_bytes(bytes(damaged), [IDENTITY])


def test_every_truncation_is_refused() -> None:
    sealed = encrypt_bytes(b"a small file", [RECIPIENT])

    for length in range(len(sealed)):
        with pytest.raises(CorruptBackupError):
            decrypt_bytes(sealed[:length], [IDENTITY])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_truncated_or_flipped_large_file_releases_only_true_content(data: st.DataObject) -> None:
    content = content_of(200_000)
    sealed = encrypt_bytes(content, [RECIPIENT])
    place = data.draw(st.integers(300, len(sealed) - 1))
    flipped = sealed[:place] + bytes([sealed[place] ^ 0x80]) + sealed[place + 1 :]

    for damaged in (sealed[:place], flipped):
        released = b""
        with pytest.raises(CorruptBackupError):  # noqa: PT012 - what came before is the point
            for piece in decrypt_stream([damaged], [IDENTITY]):
                released += piece
        assert content.startswith(released)
        assert len(released) < len(content)


def test_file_cut_between_chunks_is_called_truncated() -> None:
    sealed = encrypt_bytes(bytes(3 * 65536), [RECIPIENT])

    with pytest.raises(BackupTruncatedError):
        decrypt_bytes(sealed[: -(65536 + 16)], [IDENTITY])


def test_appended_byte_is_refused() -> None:
    sealed = encrypt_bytes(bytes(65536), [RECIPIENT])

    with pytest.raises(ChunkForgedError, match="appended"):
        decrypt_bytes(sealed + b"x", [IDENTITY])


def test_swapped_chunks_are_refused() -> None:
    sealed = encrypt_bytes(bytes(65536) + b"\x01" * 65536 + b"end", [RECIPIENT])
    payload = len(sealed) - (2 * 65552 + 19)
    first, second = sealed[payload : payload + 65552], sealed[payload + 65552 : payload + 131104]

    with pytest.raises(ChunkForgedError):
        decrypt_bytes(sealed[:payload] + second + first + sealed[-19:], [IDENTITY])


def test_failing_upstream_leaves_the_file_unfinished() -> None:
    def upstream() -> Iterator[bytes]:
        yield bytes(3 << 20)
        raise OSError("gone")

    written = []
    with pytest.raises(OSError, match="gone"):  # noqa: PT012 - what came before is the point
        for piece in encrypt_stream(upstream(), [RECIPIENT]):
            written.append(piece)  # noqa: PERF402 - must keep what came before the error

    with pytest.raises(BackupTruncatedError):
        decrypt_bytes(b"".join(written), [IDENTITY])


def test_stranger_is_told_so() -> None:
    sealed = encrypt_bytes(b"x", [RECIPIENT])

    for identities in ([], [X25519Identity.generate()], [ScryptIdentity("guess")]):
        with pytest.raises(WrongIdentityError):
            decrypt_bytes(sealed, identities)


def test_passphrase_opens_and_a_wrong_one_does_not() -> None:
    sealed = encrypt_bytes(b"x", [ScryptRecipient("open sesame", work_factor=4)])

    assert decrypt_bytes(sealed, [IDENTITY, ScryptIdentity("open sesame")]) == b"x"
    with pytest.raises(WrongIdentityError):
        decrypt_bytes(sealed, [ScryptIdentity("open barley")])


def test_passphrase_beyond_the_readers_limit_is_refused() -> None:
    sealed = encrypt_bytes(b"x", [ScryptRecipient("open sesame", work_factor=5)])

    with pytest.raises(HeaderMalformedError, match="work factor"):
        decrypt_bytes(sealed, [ScryptIdentity("open sesame", max_work_factor=4)])


@pytest.mark.parametrize("work_factor", [0, 23])
def test_work_factor_nobody_reads_is_not_written(work_factor: int) -> None:
    with pytest.raises(InvalidKeyError):
        ScryptRecipient("open sesame", work_factor)


def test_unusable_recipients_are_refused_before_anything_is_read() -> None:
    unread = iter([b"content"])
    mixed: list[Recipient] = [ScryptRecipient("p", 1), RECIPIENT]
    low_order: list[Recipient] = [X25519Recipient(bytes(32))]
    for recipients in ([], mixed, low_order):
        with pytest.raises(InvalidKeyError):
            encrypt_stream(unread, recipients)
    with pytest.raises(InvalidKeyError):
        ScryptRecipient("")
    assert list(unread) == [b"content"]


def test_rewrapped_file_opens_for_the_new_recipients_with_its_payload_kept() -> None:
    new = X25519Identity.generate()
    sealed = encrypt_bytes(bytes(100_000), [RECIPIENT])

    rewrapped = b"".join(rewrap_stream([sealed], [IDENTITY], [new.recipient]))

    assert decrypt_bytes(rewrapped, [new]) == bytes(100_000)
    assert rewrapped[-100_000:] == sealed[-100_000:]
    with pytest.raises(WrongIdentityError):
        decrypt_bytes(rewrapped, [IDENTITY])


@pytest.mark.parametrize(
    ("start", "piece"),
    [(b"", b"x" * 65536), (b"age-encryption.org/v1\n", b"-> a\n\n" * 9000)],
    ids=["one-line", "many-stanzas"],
)
def test_endless_header_is_refused_without_reading_it_all(start: bytes, piece: bytes) -> None:
    chunks = iter([start, *[piece] * 100])

    with pytest.raises(HeaderMalformedError, match="too long"):
        HeaderReader(chunks).read_header()

    assert len(list(chunks)) > 100 - 2 * MAX_HEADER_BYTES // len(piece)


@given(body=st.binary(max_size=200), arguments=st.lists(st.text("aZ+/-~!", min_size=1)))
def test_stanza_reads_back_as_it_was(body: bytes, arguments: list[str]) -> None:
    stanza = Stanza("kind", tuple(arguments), body)
    text = b"age-encryption.org/v1\n" + stanza.serialise() + b"--- " + b"A" * 43 + b"\n"

    header = HeaderReader([text]).read_header()

    assert header.stanzas == (stanza,)
    assert header.serialise() == text


def test_secrets_neither_print_nor_copy() -> None:
    for secret in (IDENTITY, ScryptIdentity("pass"), ScryptRecipient("pass")):
        for text in (repr(secret), str(secret), f"{secret}"):
            assert text == f"{type(secret).__name__}(***)"
        with pytest.raises(TypeError):
            pickle.dumps(secret)
        with pytest.raises(TypeError):
            copy.copy(secret)


def test_keys_read_back_from_their_text() -> None:
    again = X25519Identity.from_text(IDENTITY.to_text())

    assert again.recipient == RECIPIENT
    assert X25519Recipient.from_text(f" {RECIPIENT} \n") == RECIPIENT
    assert IDENTITY.to_text().startswith("AGE-SECRET-KEY-1")
    assert parse_identity_file(f"# mine\n\n{IDENTITY.to_text()}\n")[0].recipient == RECIPIENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk",
        "age1Zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
        "ssh-ed25519 AAAA",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        "agé1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
        "age1bbbbbbbbbbb",
    ],
)
def test_what_is_no_recipient_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeyError):
        X25519Recipient.from_text(text)


def test_refused_identity_does_not_appear_in_the_message() -> None:
    wrong = IDENTITY.to_text()[:-1] + "B"

    with pytest.raises(InvalidKeyError) as caught:
        X25519Identity.from_text(wrong)

    assert "AGE-SECRET-KEY-1..." in str(caught.value)
    assert wrong[20:40] not in str(caught.value)
    with pytest.raises(InvalidKeyError):
        parse_identity_file("# nothing\n")


def test_known_keys_of_the_specification() -> None:
    text = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"

    identity = X25519Identity.from_text(text)

    assert identity.recipient.to_text() == (
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    )
    assert identity.to_text() == text


@pytest.mark.parametrize("text", [b" " * 2000 + b"\n", b"", b"\n" * 3, b"x" * 3000])
def test_what_is_no_armor_is_refused(text: bytes) -> None:
    with pytest.raises(HeaderMalformedError):
        list(unarmor_stream([text]))
