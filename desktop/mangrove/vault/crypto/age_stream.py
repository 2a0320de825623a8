"""The payload of an age file: 64 KiB chunks, each sealed so that none can be moved or dropped."""

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from mangrove.core.errors import BackupTruncatedError, ChunkForgedError, CorruptBackupError
from mangrove.vault.crypto.age_header import FileKey, derive_key

PAYLOAD_NONCE_BYTES = 16
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
SEALED_BYTES = CHUNK_BYTES + TAG_BYTES
CHUNKS_PER_BLOCK = 16  # about 1 MiB at a time: work further down is counted in pieces
MORE, FINAL = b"\x00", b"\x01"


def seal_payload(file_key: FileKey, nonce: bytes, plain: Iterable[bytes]) -> Iterator[bytes]:
    """Encrypt a byte stream.

    Shapes: takes chunks of any size; yields pieces of up to 16 sealed chunks, at least one.
    Errors: none of its own. If the upstream raises, the final chunk is never written, so a
        reader meets a truncated stream and never a short but valid one.
    Source: C2SP age.md, "Payload".
    """
    cipher = _payload_cipher(file_key, nonce)
    counter = 0
    for block, is_last in _blocks(plain, CHUNK_BYTES * CHUNKS_PER_BLOCK):
        view = memoryview(block)
        starts = range(0, len(view), CHUNK_BYTES) or range(1)
        marks = [MORE] * len(starts)
        if is_last:
            marks[-1] = FINAL
        # Named, so that it lives until the next one: giving the memory back each time costs 3/4
        # of the speed in page faults (measured with glibc).
        piece = b"".join(
            [
                cipher.encrypt(
                    number.to_bytes(11, "big") + mark, view[start : start + CHUNK_BYTES], None
                )
                for number, (start, mark) in enumerate(zip(starts, marks, strict=True), counter)
            ]
        )
        counter += len(starts)
        yield piece


def open_payload(file_key: FileKey, nonce: bytes, sealed: Iterable[bytes]) -> Iterator[bytes]:
    """Decrypt a payload; only what has been authenticated is ever yielded.

    Shapes: takes chunks of any size; yields pieces of up to 16 chunks, none for an empty payload.
    Errors: what was good before the bad place is yielded first, then the error is raised.

    Raises:
        ChunkForgedError: A chunk was altered, moved, cut inside or followed by something.
        BackupTruncatedError: The stream ends before its final chunk.
    """
    opener = _Opener(_payload_cipher(file_key, nonce))
    for block, is_last in _blocks(sealed, SEALED_BYTES * CHUNKS_PER_BLOCK):
        plain: list[bytes] = []
        failure: CorruptBackupError | None = None
        try:
            plain.extend(opener.open_block(memoryview(block), is_last=is_last))
        except CorruptBackupError as error:
            failure = error
        if piece := b"".join(plain):
            yield piece
        if failure:
            raise failure


class _Opener:
    """Opens sealed chunks one after the other and knows the number of the next one."""

    def __init__(self, cipher: ChaCha20Poly1305) -> None:
        self._cipher = cipher
        self._counter = 0

    def open_block(self, block: memoryview, *, is_last: bool) -> Iterator[bytes]:
        last_start = (max(len(block) - 1, 0) // SEALED_BYTES) * SEALED_BYTES if is_last else -1
        for start in range(0, max(len(block), 1), SEALED_BYTES):
            chunk = block[start : start + SEALED_BYTES]
            yield from self._open_last(chunk) if start == last_start else self._open_inner(chunk)
            self._counter += 1

    def _open_inner(self, chunk: memoryview) -> Iterator[bytes]:
        """Open a chunk that has others behind it."""
        try:
            yield self._decrypt(chunk, MORE)
        except InvalidTag:
            yield self._open_final(chunk)
            raise ChunkForgedError(
                "something was appended to the encrypted data", chunk=self._counter
            ) from None

    def _open_last(self, chunk: memoryview) -> Iterator[bytes]:
        """Open the chunk at the end of the stream, which should be, but need not be, final."""
        if len(chunk) < TAG_BYTES:
            raise BackupTruncatedError("the encrypted data ends too early", chunk=self._counter)
        try:
            plain = self._open_final(chunk)
        except ChunkForgedError:
            if len(chunk) < SEALED_BYTES:
                raise
            yield self._open_unfinished(chunk)
            raise BackupTruncatedError(
                "the encrypted data ends before its final chunk", chunk=self._counter
            ) from None
        if not plain and self._counter:
            raise ChunkForgedError("the final chunk is empty", chunk=self._counter)
        yield plain

    def _open_final(self, chunk: memoryview) -> bytes:
        try:
            return self._decrypt(chunk, FINAL)
        except InvalidTag as error:
            raise self._forged() from error

    def _open_unfinished(self, chunk: memoryview) -> bytes:
        try:
            return self._decrypt(chunk, MORE)
        except InvalidTag as error:
            raise self._forged() from error

    def _decrypt(self, chunk: memoryview, mark: bytes) -> bytes:
        return self._cipher.decrypt(self._counter.to_bytes(11, "big") + mark, chunk, None)

    def _forged(self) -> ChunkForgedError:
        return ChunkForgedError("an encrypted chunk was altered or cut short", chunk=self._counter)


def _payload_cipher(file_key: FileKey, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(derive_key(file_key, salt=nonce, info=b"payload"))


def _blocks(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes | memoryview, bool]]:
    """Cut a stream into blocks of exactly ``size`` bytes; the last is marked and may be shorter.

    A block leaves only when a byte behind it has been seen, so that the mark is always right.
    """
    held: list[bytes | memoryview] = []
    held_bytes = 0
    for chunk in chunks:
        held.append(chunk)
        held_bytes += len(chunk)
        if held_bytes > size:
            view = memoryview(b"".join(held))
            cut = 0
            while held_bytes > size:
                yield view[cut : cut + size], False
                cut += size
                held_bytes -= size
            held = [view[cut:]]
    yield b"".join(held), True
