"""The journal of a vault: signed statements about what stays and goes, kept beside its backups.

They are not encrypted, so that a workstation that cannot open backups still knows what is pinned;
only the note is.
"""

import base64
import binascii
import logging
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC

from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BlobNotFoundError,
    CorruptBackupError,
    SecretError,
    SignatureInvalidError,
    UnknownFormatError,
    WrongIdentityError,
)
from mangrove.core.ports.storage import Storage
from mangrove.core.retention.marks import Journal, Statement
from mangrove.core.vaults.vault import VaultSpec
from mangrove.vault.codecs.statements import LIMIT_BYTES, decode_statement, encode_statement
from mangrove.vault.layout import JOURNAL_PATH, SIGNATURE_SUFFIX, signature_of, statement_name
from mangrove.vault.sealing import Sealer
from mangrove.vault.signatures import LIMIT_BYTES as SIGNATURE_LIMIT_BYTES
from mangrove.vault.signatures import statement_comment
from mangrove.vault.transfer import fetch_whole, store_compared

log = logging.getLogger(__name__)
UNREADABLE_NOTE = "(a note that this workstation cannot open)"


class StatementShelf:
    """The statements of one vault. Safe for several threads."""

    def __init__(self, storage: Storage, sealer: Sealer, spec: VaultSpec) -> None:
        self._storage = storage
        self._sealer = sealer
        self._spec = spec

    def add(self, statement: Statement) -> Statement:
        """Store a statement, then its signature: without one it was never made."""
        self._sealer.require_signing_key()
        at = statement.at.astimezone(UTC)
        name = statement_name(at, statement.kind, secrets.token_hex(4))
        data = encode_statement(statement, self._spec.vault_id, self._sealed(statement.note))
        comment = statement_comment(statement, self._spec.vault_id)
        signature = self._sealer.sign(data, comment)
        store_compared(self._storage, name, data)
        store_compared(self._storage, signature_of(name), signature)
        log.info("statement kept kind=%s backups=%d", statement.kind, len(statement.backups))
        return replace(statement, name=name)

    def read(self) -> Journal:
        """Return the statements whose signature holds, and the names of those where it does not."""
        names = {info.name for info in self._storage.list(JOURNAL_PATH)}
        signed = [n for n in sorted(names) if signature_of_name(n) in names]
        found, damaged = [], []
        for name in signed:
            try:
                found.append(self._checked(name))
            except (CorruptBackupError, UnknownFormatError) as error:
                log.info("statement not believed blob=%s reason=%s", name, error)
                damaged.append(name)
            except BlobNotFoundError:  # another workstation tidied up meanwhile
                continue
        return Journal(tuple(found), tuple(damaged))

    def remove(self, names: Iterable[str]) -> None:
        """Remove statements, each signature first: half of one is no statement."""
        for name in names:
            if not name.startswith(JOURNAL_PATH):
                raise AssertionError(f"not a statement: {name}")
            blob = BlobName(name)
            self._storage.delete(signature_of(blob))
            self._storage.delete(blob)

    def _checked(self, name: BlobName) -> Statement:
        signature = fetch_whole(self._storage, signature_of(name), SIGNATURE_LIMIT_BYTES)
        data = fetch_whole(self._storage, name, LIMIT_BYTES)
        comment = self._sealer.verify(data, signature)
        statement = decode_statement(data, self._spec.vault_id, name)
        if comment != statement_comment(statement, self._spec.vault_id):
            raise SignatureInvalidError("the statement was signed as another one", blob=name)
        return replace(statement, note=self._opened(statement.note))

    def _sealed(self, note: str) -> str:
        if not note or not self._spec.is_encrypted:
            return note
        return base64.b64encode(b"".join(self._sealer.seal_description([note.encode()]))).decode()

    def _opened(self, note: str) -> str:
        if not note or not self._spec.is_encrypted:
            return note
        try:
            sealed = base64.b64decode(note, validate=True)
            return b"".join(self._sealer.unseal_description([sealed])).decode()
        except (SecretError, WrongIdentityError, binascii.Error, UnicodeDecodeError):
            return UNREADABLE_NOTE


def signature_of_name(name: BlobName) -> str:
    """Return what the signature of a blob would be called; never fails."""
    return name + SIGNATURE_SUFFIX
