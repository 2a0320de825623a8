import sys
import threading

import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.backends.SecretService import Keyring as SecretServiceKeyring
from typing_extensions import override

from contract.secret_store_suite import REF, SecretStoreSuite
from mangrove.connectors.secrets.os_keyring import SERVICE, OsKeyring
from mangrove.core.errors import (
    KeyringLockedError,
    KeyringLostSecretError,
    KeyringUnavailableError,
    SecretError,
)
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret
from servers.keyring_service import SecretService

HIDDEN = Secret("hunter2")


@pytest.mark.keyring
@pytest.mark.skipif(sys.platform != "linux", reason="GNOME keyring is Linux's")
class TestGnomeKeyring(SecretStoreSuite):
    @pytest.fixture
    def store(self, secret_service: SecretService) -> SecretStore:
        assert secret_service.is_unlocked()
        return OsKeyring()

    def test_it_lasts_and_is_named_as_people_know_it(self, store: SecretStore) -> None:
        assert store.is_lasting()
        assert store.describe() == "the desktop keyring (Secret Service)"

    def test_a_secret_is_filed_under_our_service_and_the_reference(
        self, store: SecretStore
    ) -> None:
        store.store(REF, Secret("one"))

        assert keyring.get_password(SERVICE, REF.name) == "one"

    def test_another_store_object_finds_the_secret(self, store: SecretStore) -> None:
        store.store(REF, Secret("one"))

        assert OsKeyring().fetch(REF) == Secret("one")

    @pytest.mark.parametrize("verb", ["store", "fetch", "forget"])
    def test_a_locked_keyring_that_nobody_can_unlock_is_told(
        self, store: SecretStore, secret_service: SecretService, verb: str
    ) -> None:
        store.store(REF, HIDDEN)
        secret_service.lock()

        with pytest.raises(KeyringLockedError) as caught:
            use(store, verb)

        assert caught.value.retryable
        assert HIDDEN.reveal() not in str(caught.value)


@pytest.mark.keyring
@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is Linux's")
@pytest.mark.parametrize("verb", ["store", "fetch", "forget"])
@pytest.mark.parametrize("address", [None, "unix:path=/nonexistent/bus"])
def test_a_session_bus_that_is_not_there_makes_the_keyring_unavailable(
    monkeypatch: pytest.MonkeyPatch, verb: str, address: str | None
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    if address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

    with pytest.raises(KeyringUnavailableError):
        use(OsKeyring(SecretServiceKeyring()), verb)


def test_without_a_bus_keyring_finds_nothing_that_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    store = OsKeyring()

    with pytest.raises(KeyringUnavailableError) as caught:
        store.store(REF, HIDDEN)

    assert "session" in caught.value.hint
    assert (store.is_lasting(), store.describe()) == (False, "no keyring")


def test_a_keyring_that_keeps_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    store = OsKeyring()

    with pytest.raises(KeyringLostSecretError) as caught:
        store.store(REF, HIDDEN)

    assert HIDDEN.reveal() not in f"{caught.value} {caught.value.details}"
    assert (store.is_lasting(), store.describe()) == (False, "a keyring that keeps nothing")
    with pytest.raises(KeyringUnavailableError, match="keeps nothing"):
        store.fetch(REF)


@pytest.mark.parametrize("name", ["nowhere.Keyring", "keyring.backends.null.Nothing", "x"])
def test_a_backend_that_cannot_be_loaded_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    store = OsKeyring()

    with pytest.raises(KeyringUnavailableError):
        store.fetch(REF)

    assert (store.is_lasting(), store.describe()) == (False, "no keyring")


class Altering(null.Keyring):
    """Gives back something else than it was given."""

    @override
    def get_password(self, service: str, username: str, password: str | None = None) -> str:
        return "something else"


class PlaintextKeyring(Altering):
    """Named as the file backend of keyrings.alt is."""


class Refusing(fail.Keyring):
    """Fails with whatever it was told."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    @override
    def get_password(self, service: str, username: str, password: str | None = None) -> str:
        raise self.error

    set_password = get_password


def use(store: SecretStore, verb: str) -> None:
    match verb:
        case "store":
            store.store(REF, HIDDEN)
        case "fetch":
            store.fetch(REF)
        case _:
            store.forget(REF)


def test_a_keyring_that_alters_a_secret_is_found_out() -> None:
    with pytest.raises(KeyringLostSecretError):
        OsKeyring(Altering()).store(REF, HIDDEN)


@pytest.mark.parametrize("verb", ["store", "fetch", "forget"])
def test_a_keyring_in_a_plain_text_file_is_refused(verb: str) -> None:
    with pytest.raises(KeyringUnavailableError, match="plain text"):
        use(OsKeyring(PlaintextKeyring()), verb)


def test_an_entry_that_is_no_text_is_told_without_its_bytes() -> None:
    error = UnicodeDecodeError("utf-8", b"hunter2\xff", 7, 8, "invalid start byte")

    with pytest.raises(SecretError) as caught:
        OsKeyring(Refusing(error)).fetch(REF)

    assert caught.value.__cause__ is None
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (keyring.errors.KeyringLocked("x"), KeyringLockedError),
        (
            keyring.errors.InitError("Failed to create the collection: Prompt dismissed.."),
            KeyringLockedError,
        ),
        (keyring.errors.NoKeyringError("x"), KeyringUnavailableError),
        (keyring.errors.PasswordSetError("x"), SecretError),
        (ConnectionResetError("x"), KeyringUnavailableError),
    ],
    ids=lambda e: e.__name__ if isinstance(e, type) else type(e).__name__,
)
def test_each_failure_of_a_backend_becomes_one_of_ours(
    error: Exception, expected: type[SecretError]
) -> None:
    with pytest.raises(SecretError) as caught:
        OsKeyring(Refusing(error)).fetch(REF)

    assert type(caught.value) is expected
    assert caught.value.__cause__ is error


def test_a_chain_of_backends_is_named_by_its_first(monkeypatch: pytest.MonkeyPatch) -> None:
    backends: list[KeyringBackend] = [null.Keyring(), fail.Keyring()]
    monkeypatch.setattr(chainer.ChainerBackend, "backends", backends)

    assert OsKeyring(chainer.ChainerBackend()).describe() == "a keyring that keeps nothing"


def test_an_unlock_window_that_nobody_answers_counts_as_locked() -> None:
    answered = threading.Event()

    class Asking(null.Keyring):
        @override
        def get_password(self, service: str, username: str) -> str | None:
            assert answered.wait(30)
            return "too late"

    with pytest.raises(KeyringLockedError, match="nobody unlocked the keyring"):
        OsKeyring(Asking(), patience_s=0.05).fetch(REF)
    answered.set()
