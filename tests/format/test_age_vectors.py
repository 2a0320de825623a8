"""The published test vectors of the age format, each with its exact kind of failure."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mangrove.core.errors import (
    BackupTruncatedError,
    ChunkForgedError,
    HeaderMalformedError,
    MangroveError,
    WrongIdentityError,
)
from mangrove.vault.crypto.age import decrypt_stream
from mangrove.vault.crypto.armor import unarmor_stream
from mangrove.vault.crypto.recipients import Identity, ScryptIdentity, X25519Identity

VECTORS = Path(__file__).parent / "age" / "vectors"
NAMES = sorted(path.name for path in VECTORS.iterdir() if path.suffix != ".md")
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

# The post-quantum recipient type (ML-KEM-768 with X25519) is not offered.
HYBRID = {name for name in NAMES if "hybrid" in name}


@dataclass(frozen=True)
class Vector:
    fields: dict[str, list[str]]
    body: bytes

    def first(self, key: str) -> str:
        return self.fields.get(key, [""])[0]


def load(name: str) -> Vector:
    head, _, body = (VECTORS / name).read_bytes().partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode().split("\n"):
        key, _, value = line.partition(": ")
        fields.setdefault(key, []).append(value)
    compressed = fields.get("compressed") == ["zlib"]
    return Vector(fields, zlib.decompress(body) if compressed else body)


def identities_of(vector: Vector) -> list[Identity]:
    keys = [X25519Identity.from_text(text) for text in vector.fields.get("identity", [])]
    return [*keys, *(ScryptIdentity(text) for text in vector.fields.get("passphrase", []))]


def outcome_of(vector: Vector, chunk_bytes: int) -> tuple[str, str]:
    """What a reader sees: the kind of ending, and the SHA-256 of what was released."""
    cuts = range(0, len(vector.body), chunk_bytes)
    chunks: Iterator[bytes] = (vector.body[at : at + chunk_bytes] for at in cuts)
    if vector.first("armored") == "yes":
        chunks = unarmor_stream(chunks)
    released = hashlib.sha256()
    is_released = False
    try:
        for piece in decrypt_stream(chunks, identities_of(vector)):
            is_released = True
            released.update(piece)
    except MangroveError as error:
        return ending_of(error, is_released=is_released), released.hexdigest()
    return "success", released.hexdigest()


def ending_of(error: MangroveError, *, is_released: bool) -> str:
    match error:
        case WrongIdentityError():
            return "no match"
        case HeaderMalformedError():
            return "armor failure" if error.details.get("part") == "armor" else "header failure"
        case ChunkForgedError() if "chunk" not in error.details and not is_released:
            return "HMAC failure"
        case ChunkForgedError() | BackupTruncatedError():
            return "payload failure"
        case _:
            return f"unexpected {error!r}"


def test_collection_is_whole() -> None:
    assert len(NAMES) == 143
    assert len(HYBRID) == 19


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("chunk_bytes", [1 << 22, 1000], ids=["at-once", "in-pieces"])
def test_vector_ends_as_published(name: str, chunk_bytes: int) -> None:
    if name in HYBRID:
        pytest.skip(f"{name}: post-quantum recipients (ML-KEM-768 with X25519) are not offered")
    vector = load(name)

    ending, released = outcome_of(vector, chunk_bytes)

    assert ending == vector.first("expect")
    assert released == (vector.first("payload") or EMPTY_SHA256)


@pytest.mark.timeout(60)
def test_excessive_work_factor_is_refused_before_it_costs_anything() -> None:
    ending, _ = outcome_of(load("scrypt_work_factor_23"), 1 << 20)

    assert ending == "header failure"
