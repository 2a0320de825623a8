"""The ASCII armor around an age file, for places that take only text."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator

from mangrove.core.errors import HeaderMalformedError

BEGIN = b"-----BEGIN AGE ENCRYPTED FILE-----"
END = b"-----END AGE ENCRYPTED FILE-----"
LINE_BYTES = 48
LINE_COLUMNS = 64
MAX_LINE_BYTES = 1024
BLOCK_BYTES = LINE_BYTES * 1024
MAX_OUTSIDE_BYTES = 1024  # of white space before and after


def armor_stream(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Wrap a binary age file in armor, lines of 64 columns.

    Source: C2SP age.md, "ASCII armor"; RFC 7468, section 3.
    """
    yield BEGIN + b"\n"
    held = b""
    for chunk in chunks:
        held += chunk
        whole = len(held) - len(held) % LINE_BYTES
        yield from _encode_blocks(held[:whole])
        held = held[whole:]
    yield from _encode_blocks(held)
    yield END + b"\n"


def unarmor_stream(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Take the armor off; strict but for LF or CRLF and white space before and after.

    Errors: nothing but whole, canonical lines is ever yielded.

    Raises:
        HeaderMalformedError: The text is no armor, or its armor is damaged or cut off.
    """
    lines = _lines(chunks)
    _skip_to_begin(lines)
    is_ended = False
    while (line := _strip_end(next(lines, b""))) != END:
        if is_ended or not line:
            raise _damaged("the armor is damaged or ends too early")
        data = _decode_line(line)
        is_ended = len(data) < LINE_BYTES
        yield data
    _check_only_space(lines)


def _encode_blocks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), BLOCK_BYTES):
        text = b64encode(data[start : start + BLOCK_BYTES])
        rows = [text[at : at + LINE_COLUMNS] for at in range(0, len(text), LINE_COLUMNS)]
        yield b"\n".join(rows) + b"\n"


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        held += chunk
        *whole, held = held.split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(held) > MAX_LINE_BYTES:
            raise _damaged("the armor has a line that is too long")
    if held:
        yield held


def _strip_end(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _skip_to_begin(lines: Iterator[bytes]) -> None:
    skipped = 0
    for line in lines:
        if line.strip():
            if _strip_end(line) != BEGIN:
                break
            return
        skipped += len(line)
        if skipped > MAX_OUTSIDE_BYTES:
            break
    raise _damaged("the armor does not begin as it should")


def _check_only_space(lines: Iterator[bytes]) -> None:
    seen = 0
    for line in lines:
        seen += len(line)
        if line.strip() or seen > MAX_OUTSIDE_BYTES:
            raise _damaged("something follows the end of the armor")


def _decode_line(line: bytes) -> bytes:
    if len(line) > LINE_COLUMNS:
        raise _damaged("the armor has a line of over 64 columns")
    try:
        data = b64decode(line, validate=True)
    except Base64Error as error:
        raise _damaged("the armor has malformed base64") from error
    if b64encode(data) != line:
        raise _damaged("the armor has base64 that is not canonical")
    return data


def _damaged(message: str) -> HeaderMalformedError:
    return HeaderMalformedError(message, part="armor")
