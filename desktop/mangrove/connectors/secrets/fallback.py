"""The keyring where there is one; this session's memory, said out loud, where there is none."""

from typing_extensions import override

from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.errors import KeyringLostSecretError, KeyringUnavailableError
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef


class FallbackSecrets(SecretStore):
    """Tries the keyring, and keeps for this session what the keyring cannot keep.

    A locked keyring is no reason to fall back: the person can unlock it, so that error passes.
    Nothing is ever written to a file.

    Threads: safe for several, as its two parts are.
    """

    def __init__(self, primary: SecretStore, session: SessionSecrets) -> None:
        self._primary = primary
        self._session = session

    @override
    def fetch(self, ref: SecretRef) -> Secret:
        store = self._session if self._session.holds(ref) else self._primary
        return store.fetch(ref)

    @override
    def store(self, ref: SecretRef, secret: Secret) -> None:
        try:
            self._primary.store(ref, secret)
        except (KeyringUnavailableError, KeyringLostSecretError):
            self._session.store(ref, secret)
        else:
            self._session.forget(ref)

    @override
    def forget(self, ref: SecretRef) -> None:
        self._session.forget(ref)
        try:
            self._primary.forget(ref)
        except KeyringUnavailableError:
            return  # without a keyring there is nothing in it that this process could remove

    @override
    def describe(self) -> str:
        if self._session.count and self._primary.is_lasting():
            return f"{self._primary.describe()}, and partly this session only"
        return self._primary.describe() if self.is_lasting() else self._session.describe()

    @override
    def is_lasting(self) -> bool:
        return self._primary.is_lasting() and not self._session.count

    @property
    def notice(self) -> str:
        """Say what a person must know: that secrets are gone when the program ends; or ""."""
        kept = self._session.count
        if not kept:
            return ""
        secrets = "1 secret is" if kept == 1 else f"{kept} secrets are"
        return (
            f"no usable keyring: {secrets} kept for this session only "
            "and must be entered again after Mangrove was closed"
        )
