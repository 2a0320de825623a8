"""Holds what a vault shows against what this workstation remembers of it."""

import logging
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError, SignatureInvalidError
from mangrove.core.manifest import Manifest
from mangrove.core.ports.catalog import VaultMemory
from mangrove.core.vaults.memory import (
    Remembered,
    content_fingerprint,
    missing_from,
    rollback_sentence,
)
from mangrove.core.vaults.vault import VaultId

log = logging.getLogger(__name__)


class Recollection:
    """The memory of one vault. Safe for several threads; without a memory it knows nothing."""

    def __init__(self, memory: VaultMemory | None, vault_id: VaultId) -> None:
        self._memory = memory
        self._vault_id = vault_id
        self._lock = threading.Lock()
        self._held: list[Remembered] | None = None

    @property
    def floor(self) -> int:
        """The highest sequence number ever seen."""
        return self._memory.highest(self._vault_id) if self._memory else 0

    def check(self, manifest: Manifest) -> None:
        """Refuse a manifest that says another thing than before; remember one that is new.

        Raises:
            SignatureInvalidError: Somebody with the signing key wrote it anew.
        """
        if self._memory is None:
            return
        seen = _seen(manifest)
        before = self._memory.recall(self._vault_id, manifest.backup)
        if before is None:
            self.note(manifest)
        elif before != seen:
            raise SignatureInvalidError(
                f"{manifest.backup} says other things than when this workstation saw it first,"
                " though its signature is good: somebody who has the signing key replaced it",
                hint="do not restore from it; find out who has the signing key, and change it",
                backup=manifest.backup,
            )

    def note(self, manifest: Manifest) -> None:
        """Remember a backup that was just written or checked; failing to is no reason to fail."""
        if self._memory is None:
            return
        with self._lock:
            if self._held is not None:
                self._held.append(_seen(manifest))
                return
        self._kept([_seen(manifest)])

    def forget(self, backup: BackupId) -> None:
        """Let go of a backup that this workstation removed."""
        if self._memory is not None:
            self._memory.forget(self._vault_id, [backup])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Remember everything that is checked while the block lasts in one go at its end."""
        with self._lock:
            is_outer = self._held is None
            if is_outer:
                self._held = []
        try:
            yield
        finally:
            if is_outer:
                with self._lock:
                    held, self._held = self._held or [], None
                self._kept(held)

    def missing(self, present: Collection[BackupId]) -> tuple[Remembered, ...]:
        """Return what was there and is there no more, newest first."""
        return missing_from(self._memory.all(self._vault_id), present) if self._memory else ()

    def rollback(self, present: Collection[BackupId]) -> str:
        """Say that the storage was turned back; "" when it was not."""
        if self._memory is None:
            return ""
        return rollback_sentence(self._memory.all(self._vault_id), present)

    def _kept(self, items: list[Remembered]) -> None:
        if self._memory is None or not items:
            return
        try:
            self._memory.note(self._vault_id, items)
        except MangroveError as error:
            log.info("backups not remembered count=%d reason=%s", len(items), error)


def _seen(manifest: Manifest) -> Remembered:
    return Remembered(manifest.backup, manifest.sequence, content_fingerprint(manifest))
