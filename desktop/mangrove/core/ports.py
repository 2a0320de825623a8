"""What nearly everything needs from outside: the time, and a place for secrets.

What one subject needs lies in that subject's ``core/*_ports.py``. Adapters in ``vault`` and
``connectors`` fulfil these small protocols; ``app`` ties the two together.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from mangrove.core.secret import Secret, SecretRef


class Clock(Protocol):
    """Tells the time; tests move it by hand."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that only ever grow."""
        ...

    def zone_name(self) -> str:
        """Return the IANA name of the time zone that the person lives in."""
        ...


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


StepListener = Callable[[str, str], None]
"""Called with a step's name and "" when it begins, then its result in words."""
