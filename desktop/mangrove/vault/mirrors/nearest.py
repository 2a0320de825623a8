"""Reading a vault from whichever of its copies is nearest and good."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mangrove.core.backup import BackupId
from mangrove.core.errors import (
    BackupNotFoundError,
    CorruptBackupError,
    MangroveError,
    StalledError,
    StorageDeniedError,
    StorageUnavailableError,
    VaultNotFoundError,
)
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.ports.storage import Passing, as_they_come
from mangrove.core.ports.vault import Vault
from mangrove.core.vaults.mirror import ReadFrom
from mangrove.core.vaults.url import StorageKind, parse_vault_url

log = logging.getLogger(__name__)
T = TypeVar("T")
_GONE = (StorageUnavailableError, StorageDeniedError, StalledError, VaultNotFoundError)
_TRY_ANOTHER = (*_GONE, BackupNotFoundError, CorruptBackupError)
_NEARNESS = (StorageKind.FOLDER, StorageKind.SFTP)


def _words(name: str) -> str:
    return f"the mirror {name}" if name else "the vault itself"


def distance(url: str) -> int:
    """Rank a place by how near it is: a folder, a server of our own, all others."""
    kind = parse_vault_url(url).kind
    return _NEARNESS.index(kind) if kind in _NEARNESS else len(_NEARNESS)


class NearestCopy:
    """A vault's copies as one; what one lacks or has damaged is taken from the next.

    All are signed with the keys of one spec, so none is trusted more than another. Safe for
    several threads.

    Args:
        copies: Name and opened copy, nearest first.
    """

    def __init__(self, copies: Sequence[tuple[str, Vault]]) -> None:
        self._copies = tuple(copies)
        self._gone: set[str] = set()
        self._good: dict[str, str] = {}
        self._used: set[str] = set()
        self._failed: dict[str, str] = {}
        self._lock = threading.Lock()

    def abort(self) -> None:
        """End transfers that block in other threads."""
        for _, copy in self._copies:
            copy.abort()

    def manifest(self, backup: BackupId) -> Manifest:
        """Return the manifest of the nearest copy whose signature holds."""
        return self._first_good(lambda copy: copy.manifest(backup), "")

    def require_key(self, manifest: Manifest) -> None:
        """Make sure that documents can be decrypted here."""
        self._first_good(lambda copy: copy.require_key(manifest), "")

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Find a copy whose blob is as the manifest has it; raises what the nearest one said."""
        self._first_good(lambda copy: copy.compare(blob, passing), blob.name)

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield a blob decrypted, from the copy that was compared last, else from the nearest."""
        with self._lock:
            known = self._good.get(blob.name)
        if known is None:
            self.compare(blob)
            with self._lock:
                known = self._good[blob.name]
        return dict(self._copies)[known].read(blob)

    def read_from(self) -> ReadFrom:
        """Say which copies were read so far, and why another than one would expect."""
        with self._lock:
            used = [name for name, _ in self._copies if name in self._used]
            failed = dict(self._failed)
        warnings = tuple(f"{_words(name)}: {why}" for name, why in failed.items())
        others = ", ".join(_words(name) for name in used if name)
        if warnings and used:
            found = f"read from {', '.join(map(_words, used))}, because one copy is not whole"
            return ReadFrom(warnings=(found, *warnings))
        return ReadFrom(notes=(f"read from {others}, which is nearest",) if others else ())

    def _first_good(self, ask: Callable[[Vault], T], blob: str) -> T:
        first: MangroveError | None = None
        for name, copy in self._left():
            try:
                answer = ask(copy)
            except _TRY_ANOTHER as error:
                first = first or error
                with self._lock:
                    self._failed.setdefault(name, error.message)
                if isinstance(error, _GONE):
                    with self._lock:
                        self._gone.add(name)
                log.info("another copy is asked why=%s blob=%s", error.code, blob)
            else:
                with self._lock:
                    self._used.add(name)
                    if blob:
                        self._good[blob] = name
                return answer
        if first is None:
            raise StorageUnavailableError("no copy of the vault answers")
        raise first

    def _left(self) -> tuple[tuple[str, Vault], ...]:
        with self._lock:
            gone = set(self._gone)
        return tuple(pair for pair in self._copies if pair[0] not in gone) or self._copies[:1]
