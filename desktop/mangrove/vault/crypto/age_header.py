"""The text header of an age file: who can open it, and the proof that nobody changed that."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NewType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mangrove.core.errors import ChunkForgedError, HeaderMalformedError

FileKey = NewType("FileKey", bytes)

FILE_KEY_BYTES = 16
MAC_BYTES = 32
COLUMNS = 64
MAX_HEADER_BYTES = 1 << 20  # hundreds of recipients; keeps a forged file from filling memory
VERSION_LINE = b"age-encryption.org/v1"
ARGUMENT_LINE = re.compile(rb"->(?: [\x21-\x7e]+)+")


@dataclass(frozen=True, slots=True)
class Stanza:
    """One way to the file key: a type with its arguments, and the wrapped key."""

    kind: str
    arguments: tuple[str, ...]
    body: bytes

    def serialise(self) -> bytes:
        """Return the stanza's lines; the last one is always shorter than 64 columns."""
        text = encode_base64(self.body)
        lines = [text[at : at + COLUMNS] for at in range(0, len(text) + 1, COLUMNS)]
        return "\n".join([" ".join(["->", self.kind, *self.arguments]), *lines, ""]).encode()


@dataclass(frozen=True, slots=True)
class Header:
    """All stanzas of a file and the MAC over them.

    Source: C2SP age.md, "Header". The format has exactly one spelling for each header, so the
    MAC may be computed over the serialised form of a parsed one.
    """

    stanzas: tuple[Stanza, ...]
    mac: bytes

    def serialise(self) -> bytes:
        """Return the header as it stands at the start of a file, with its last line feed."""
        return _authenticated_part(self.stanzas) + b" " + encode_base64(self.mac).encode() + b"\n"

    def check(self, file_key: FileKey) -> None:
        """Prove that whoever wrote the header knew the file key.

        Raises:
            ChunkForgedError: The header is not the one that was written.
        """
        mac = HMAC(derive_key(file_key, salt=b"", info=b"header"), SHA256())
        mac.update(_authenticated_part(self.stanzas))
        try:
            mac.verify(self.mac)
        except InvalidSignature as error:
            raise ChunkForgedError("the encrypted header was altered, nothing was read") from error


class HeaderReader:
    """Takes a header off the front of a byte stream and leaves the rest.

    Shapes: ``chunks`` of any size; their borders mean nothing.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._at = 0
        self._taken = 0

    def read_header(self) -> Header:
        """Parse strictly; nothing but the one right spelling passes.

        Raises:
            HeaderMalformedError: What is there is no age v1 header.
        """
        if (version := self._line()) != VERSION_LINE:
            raise HeaderMalformedError(_version_message(version))
        stanzas = []
        while (line := self._line()).startswith(b"->"):
            stanzas.append(self._stanza(line))
        if not stanzas:
            raise HeaderMalformedError("the encrypted header names no recipient")
        if not line.startswith(b"--- "):
            raise HeaderMalformedError("the encrypted header has a line of no known kind")
        mac = decode_base64(line[4:])
        if len(mac) != MAC_BYTES:
            raise HeaderMalformedError("the encrypted header's MAC has the wrong length")
        return Header(tuple(stanzas), mac)

    def read_exactly(self, count: int) -> bytes:
        """Return the next ``count`` bytes.

        Raises:
            HeaderMalformedError: The stream ends before.
        """
        while len(self._held) - self._at < count:
            self._fetch()
        self._at += count
        return self._held[self._at - count : self._at]

    def rest(self) -> Iterator[bytes]:
        """Return what follows what was read so far."""
        return chain([self._held[self._at :]], self._chunks)

    def _stanza(self, argument_line: bytes) -> Stanza:
        if not ARGUMENT_LINE.fullmatch(argument_line):
            raise HeaderMalformedError("the encrypted header has a malformed recipient line")
        kind, *arguments = argument_line.decode("ascii").split(" ")[1:]
        text = b""
        while len(line := self._line()) == COLUMNS:
            text += line
        if len(line) > COLUMNS:
            raise HeaderMalformedError("the encrypted header has a line of over 64 columns")
        return Stanza(kind, tuple(arguments), decode_base64(text + line))

    def _line(self) -> bytes:
        while (end := self._held.find(b"\n", self._at)) < 0:
            self._fetch()
        length = end + 1 - self._at
        self._taken += length
        if self._taken > MAX_HEADER_BYTES:
            raise _too_long()
        return self.read_exactly(length)[:-1]

    def _fetch(self) -> None:
        self._held, self._at = self._held[self._at :], 0
        if len(self._held) > MAX_HEADER_BYTES:  # and no line feed in it
            raise _too_long()
        try:
            self._held += next(self._chunks)
        except StopIteration:
            raise HeaderMalformedError("the encrypted file ends inside its header") from None


def seal_header(stanzas: Sequence[Stanza], file_key: FileKey) -> Header:
    """Return the header of these stanzas with its MAC."""
    mac = HMAC(derive_key(file_key, salt=b"", info=b"header"), SHA256())
    mac.update(_authenticated_part(stanzas))
    return Header(tuple(stanzas), mac.finalize())


def derive_key(material: bytes, *, salt: bytes, info: bytes) -> bytes:
    """Return 32 bytes by HKDF-SHA-256.

    Source: C2SP age.md, "Conventions used in this document"; RFC 5869.
    """
    return HKDF(SHA256(), length=32, salt=salt, info=info).derive(material)


def encode_base64(data: bytes) -> str:
    """Return canonical base64 without padding, as age headers want it."""
    return b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64(text: bytes | str) -> bytes:
    """Return the bytes of canonical, unpadded base64.

    Raises:
        HeaderMalformedError: Any other spelling.
    """
    raw = text.encode() if isinstance(text, str) else text
    try:
        data = b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except Base64Error as error:
        raise HeaderMalformedError("the encrypted header has malformed base64") from error
    if encode_base64(data).encode() != raw:
        raise HeaderMalformedError("the encrypted header has base64 that is not canonical")
    return data


def _authenticated_part(stanzas: Iterable[Stanza]) -> bytes:
    lines = b"".join(stanza.serialise() for stanza in stanzas)
    return VERSION_LINE + b"\n" + lines + b"---"


def _too_long() -> HeaderMalformedError:
    return HeaderMalformedError("the encrypted header is too long, nothing was read")


def _version_message(line: bytes) -> str:
    if line.startswith(b"age-encryption.org/"):
        return "the file is encrypted in a version of the age format that is not supported"
    return "this is not an age-encrypted file"
