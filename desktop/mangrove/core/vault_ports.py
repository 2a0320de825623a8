"""What a vault offers besides its backups: its journal of statements, and its locks."""

from collections.abc import Iterable
from typing import Protocol

from mangrove.core.retention_marks import Journal, Statement
from mangrove.core.vault_lock import LockMode, VaultLock


class RetentionJournal(Protocol):
    """The signed statements about what stays and goes."""

    def read(self) -> Journal:
        """Return all statements whose signature holds, and the names of those that do not."""
        ...

    def add(self, statement: Statement) -> Statement:
        """Store a statement, signed; returns it with its name.

        Raises:
            SecretNotFoundError: If the signing key is not in the keyring.
        """
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove statements that say nothing any more."""
        ...


class Lease(Protocol):
    """A lock that is held."""

    @property
    def lock(self) -> VaultLock:
        """Return it as others see it."""
        ...

    def refresh(self) -> None:
        """Give a sign of life.

        Raises:
            VaultLockedError: If somebody has taken the lock away: nothing more may be written.
        """
        ...

    def release(self) -> None:
        """Remove it; once it is gone that is no error."""
        ...

    def abandon(self) -> None:
        """Let it go without asking the storage; whoever of this process comes next removes it."""
        ...


class VaultLocks(Protocol):
    """The locks in a vault's storage."""

    def all(self) -> tuple[VaultLock, ...]:
        """Return all, also stale ones, oldest first."""
        ...

    def take(self, mode: LockMode, purpose: str) -> Lease:
        """Take a lock; those that crashed processes of this workstation left are removed.

        Raises:
            VaultLockedError: If another one is in the way; it says whose, and whether it is stale.
        """
        ...

    def break_stale(self) -> tuple[VaultLock, ...]:
        """Remove the stale locks, after somebody was asked; returns them."""
        ...
