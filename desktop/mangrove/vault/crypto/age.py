"""Encrypts and decrypts in the age v1 file format, streaming; the door to this package's rest."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from mangrove.core.errors import InvalidKeyError, WrongIdentityError
from mangrove.vault.crypto.age_header import (
    FILE_KEY_BYTES,
    FileKey,
    Header,
    HeaderReader,
    seal_header,
)
from mangrove.vault.crypto.age_stream import PAYLOAD_NONCE_BYTES, open_payload, seal_payload
from mangrove.vault.crypto.recipients import (
    SCRYPT_KIND,
    Identity,
    Recipient,
    check_scrypt_stands_alone,
)


def encrypt_stream(chunks: Iterable[bytes], recipients: Sequence[Recipient]) -> Iterator[bytes]:
    """Encrypt a byte stream so that each of the recipients alone can open it.

    Shapes: takes chunks of any size; yields the header, then pieces of about 1 MiB.
    Errors: the recipients are checked at the call, before anything is read. If the upstream
        raises, no final chunk is written and no reader takes the result for a whole file.
    Source: C2SP age.md.

    Raises:
        InvalidKeyError: No recipient, or a passphrase beside another recipient.
    """
    file_key = FileKey(secrets.token_bytes(FILE_KEY_BYTES))
    header = wrap_file_key(file_key, recipients)
    nonce = secrets.token_bytes(PAYLOAD_NONCE_BYTES)
    return chain([header.serialise() + nonce], seal_payload(file_key, nonce, chunks))


def decrypt_stream(chunks: Iterable[bytes], identities: Sequence[Identity]) -> Iterator[bytes]:
    """Decrypt a binary age file; only authenticated bytes are ever yielded.

    Shapes: takes chunks of any size; yields pieces of about 1 MiB, none for an empty file.

    Raises:
        WrongIdentityError: None of the identities opens the file.
        HeaderMalformedError: This is no age v1 file.
        ChunkForgedError: Header or data were altered.
        BackupTruncatedError: The data ends too early.
    """
    reader = HeaderReader(chunks)
    file_key = unwrap_file_key(reader.read_header(), identities)
    nonce = reader.read_exactly(PAYLOAD_NONCE_BYTES)
    yield from open_payload(file_key, nonce, reader.rest())


def rewrap_stream(
    chunks: Iterable[bytes], identities: Sequence[Identity], recipients: Sequence[Recipient]
) -> Iterator[bytes]:
    """Give an age file other recipients; the payload passes through as it is, unchecked.

    Whoever could open the old file and kept a copy of its header can open the new one too:
    this adds recipients, it does not shut anybody out.
    """
    reader = HeaderReader(chunks)
    file_key = unwrap_file_key(reader.read_header(), identities)
    yield wrap_file_key(file_key, recipients).serialise()
    yield from filter(None, reader.rest())


def encrypt_bytes(data: bytes, recipients: Sequence[Recipient]) -> bytes:
    """Return ``data`` as one age file."""
    return b"".join(encrypt_stream([data], recipients))


def decrypt_bytes(data: bytes, identities: Sequence[Identity]) -> bytes:
    """Return the content of one age file; errors as in `decrypt_stream`."""
    return b"".join(decrypt_stream([data], identities))


def wrap_file_key(file_key: FileKey, recipients: Sequence[Recipient]) -> Header:
    """Return a header from which each of the recipients gets the file key.

    Raises:
        InvalidKeyError: No recipient, or a passphrase beside another recipient.
    """
    if not recipients:
        raise InvalidKeyError("there is no recipient to encrypt to, nothing was written")
    stanzas = [recipient.wrap(file_key) for recipient in recipients]
    if len(stanzas) > 1 and any(stanza.kind == SCRYPT_KIND for stanza in stanzas):
        raise InvalidKeyError("a passphrase must be the only recipient, nothing was written")
    return seal_header(stanzas, file_key)


def unwrap_file_key(header: Header, identities: Sequence[Identity]) -> FileKey:
    """Return the file key of a header that is proven to be whole.

    Raises:
        WrongIdentityError: None of the identities opens it.
        HeaderMalformedError: A stanza breaks the format.
        ChunkForgedError: The header was altered.
    """
    check_scrypt_stands_alone(header.stanzas)
    found = (identity.unwrap(header.stanzas) for identity in identities)
    file_key = next((key for key in found if key is not None), None)
    if file_key is None:
        raise WrongIdentityError(
            "none of the identities opens this file, nothing was read",
            hint="Import the identity this vault was encrypted to, or open its recovery kit.",
        )
    header.check(file_key)
    return file_key
