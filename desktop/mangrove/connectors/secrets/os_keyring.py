"""Secrets in the operating system's keyring, always read back after they were stored."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait

import keyring
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from typing_extensions import override

from mangrove.connectors.secrets.error_map import keyring_errors, no_keyring
from mangrove.core.errors import (
    KeyringLockedError,
    KeyringLostSecretError,
    KeyringUnavailableError,
    SecretError,
    SecretNotFoundError,
)
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef

SERVICE = "mangrove"
UNLOCK_PATIENCE_S = 180.0
_NAMES = {
    "SecretService": "the desktop keyring (Secret Service)",
    "libsecret": "the desktop keyring (Secret Service)",
    "kwallet": "KWallet",
    "macOS": "the macOS Keychain",
    "Windows": "the Windows Credential Manager",
    "fail": "no keyring",
    "null": "a keyring that keeps nothing",
}


class OsKeyring(SecretStore):
    """Keeps secrets in the keyring, as user name ``SecretRef.name`` of the service "mangrove".

    Which keyring that is follows the ``keyring`` package's own conventions. A backend that
    writes plain text files is refused.

    Threads: safe for several; each call may block on an unlock window, so call it from a worker.

    Args:
        backend: The keyring to use; None takes the one ``keyring`` chooses when first needed.
        patience_s: So long an unlock window may stand open before a read gives up: at night
            nobody comes to type.
    """

    def __init__(
        self, backend: KeyringBackend | None = None, patience_s: float = UNLOCK_PATIENCE_S
    ) -> None:
        self._chosen = backend
        self._patience_s = patience_s

    @override
    def fetch(self, ref: SecretRef) -> Secret:
        text = self._read(self._backend(), ref)
        if text is None and type(self._effective()) is null.Keyring:
            raise KeyringUnavailableError(
                "the chosen keyring backend (null) keeps nothing, so no secret is in it",
                hint="choose another one with PYTHON_KEYRING_BACKEND, or unset that variable",
            )
        if text is None:
            raise SecretNotFoundError(
                f"the keyring holds no '{ref.name}'", hint="enter the secret again", ref=ref.name
            )
        return Secret(text)

    @override
    def store(self, ref: SecretRef, secret: Secret) -> None:
        backend = self._backend()
        with keyring_errors():
            backend.set_password(SERVICE, ref.name, secret.reveal())
        if self._read(backend, ref) != secret.reveal():
            raise KeyringLostSecretError(
                "the keyring took the secret and did not give it back",
                hint="choose another keyring backend, or keep secrets for this session only",
                ref=ref.name,
            )

    @override
    def forget(self, ref: SecretRef) -> None:
        backend = self._backend()
        if self._read(backend, ref) is None:
            return
        with keyring_errors():
            backend.delete_password(SERVICE, ref.name)
        if self._read(backend, ref) is not None:
            raise SecretError(f"the keyring still holds '{ref.name}'", ref=ref.name)

    @override
    def describe(self) -> str:
        try:
            backend = self._effective()
        except KeyringUnavailableError:
            return _NAMES["fail"]
        kind = type(backend)
        module = kind.__module__.rpartition(".")[2]
        return _NAMES.get(module, f"the keyring backend {kind.__module__}")

    @override
    def is_lasting(self) -> bool:
        try:
            return not isinstance(self._effective(), fail.Keyring | null.Keyring)
        except KeyringUnavailableError:
            return False

    def _read(self, backend: KeyringBackend, ref: SecretRef) -> str | None:
        with keyring_errors():
            return _within(self._patience_s, lambda: backend.get_password(SERVICE, ref.name))

    def _backend(self) -> KeyringBackend:
        if self._chosen is None:
            self._chosen = _load()
        effective = self._effective()
        if "Plaintext" in type(effective).__name__:
            raise KeyringUnavailableError(
                "the chosen keyring backend would write secrets into a plain text file",
                hint="choose another one with PYTHON_KEYRING_BACKEND",
            )
        return self._chosen

    def _effective(self) -> KeyringBackend:
        """Return the backend that a chain of backends would write to."""
        if self._chosen is None:
            self._chosen = _load()
        if isinstance(self._chosen, chainer.ChainerBackend):
            return next(iter(self._chosen.backends), self._chosen)
        return self._chosen


def _within(patience_s: float, read: Callable[[], str | None]) -> str | None:
    """Read on a thread of its own, which stays behind if an unlock window is never answered."""
    answer: Future[str | None] = Future()

    def work() -> None:
        try:
            answer.set_result(read())
        except BaseException as error:  # noqa: BLE001 - it is raised again for who asked
            answer.set_exception(error)

    threading.Thread(target=work, name="mangrove-keyring", daemon=True).start()
    if not wait([answer], patience_s).done:
        raise KeyringLockedError(
            f"nobody unlocked the keyring within {round(patience_s)} seconds",
            hint="unlock it, then try again",
        )
    return answer.result()


def _load() -> KeyringBackend:
    try:
        with keyring_errors():
            return keyring.get_keyring()
    except (ImportError, AttributeError, ValueError) as error:
        # PYTHON_KEYRING_BACKEND or keyringrc.cfg name something that is not there
        raise no_keyring() from error
