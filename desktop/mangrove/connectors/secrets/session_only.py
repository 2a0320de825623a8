"""Secrets in memory, for as long as this process lives."""

from threading import Lock

from typing_extensions import override

from mangrove.core.errors import SecretNotFoundError
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef


class SessionSecrets(SecretStore):
    """Keeps secrets in memory and nowhere else.

    Threads: safe for several.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[SecretRef, Secret] = {}

    @override
    def fetch(self, ref: SecretRef) -> Secret:
        with self._lock:
            secret = self._kept.get(ref)
        if secret is None:
            raise SecretNotFoundError(
                f"this session holds no '{ref.name}'", hint="enter the secret again", ref=ref.name
            )
        return secret

    @override
    def store(self, ref: SecretRef, secret: Secret) -> None:
        with self._lock:
            self._kept[ref] = secret

    @override
    def forget(self, ref: SecretRef) -> None:
        with self._lock:
            self._kept.pop(ref, None)

    @override
    def describe(self) -> str:
        return "this session only"

    @override
    def is_lasting(self) -> bool:
        return False

    def holds(self, ref: SecretRef) -> bool:
        """Return whether this secret is here."""
        with self._lock:
            return ref in self._kept

    @property
    def count(self) -> int:
        """Return how many secrets are kept."""
        with self._lock:
            return len(self._kept)
