"""Where secrets are kept: outside our own files."""

from typing import Protocol

from mangrove.core.secret import Secret, SecretRef


class SecretStore(Protocol):
    """Keeps secrets outside our own files. Calls may block on an unlock window."""

    def fetch(self, ref: SecretRef) -> Secret:
        """Return a secret; raises SecretNotFoundError, KeyringLockedError, …."""
        ...

    def store(self, ref: SecretRef, secret: Secret) -> None:
        """Keep a secret and read it back; raises KeyringLostSecretError if it did not stay."""
        ...

    def forget(self, ref: SecretRef) -> None:
        """Remove a secret; one that is not there is no error."""
        ...

    def describe(self) -> str:
        """Say in words where secrets go, e.g. "GNOME keyring" or "this session only"."""
        ...

    def is_lasting(self) -> bool:
        """Whether secrets outlive this process."""
        ...
