import pytest

from contract.secret_store_suite import OTHER, REF, SecretStoreSuite
from fakes.secrets import MemorySecrets
from mangrove.connectors.secrets.fallback import FallbackSecrets
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.errors import (
    KeyringLockedError,
    KeyringLostSecretError,
    KeyringUnavailableError,
    SecretError,
    SecretNotFoundError,
)
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef


class TestSessionSecrets(SecretStoreSuite):
    @pytest.fixture
    def store(self) -> SecretStore:
        return SessionSecrets()

    def test_they_do_not_last(self, store: SecretStore) -> None:
        assert not store.is_lasting()


class TestMemorySecrets(SecretStoreSuite):
    @pytest.fixture
    def store(self) -> SecretStore:
        return MemorySecrets()


class TestFallbackSecrets(SecretStoreSuite):
    @pytest.fixture
    def store(self) -> SecretStore:
        return FallbackSecrets(MemorySecrets(), SessionSecrets())


class BrokenKeyring(MemorySecrets):
    """A keyring that fails as told, and lasts only while it works."""

    def __init__(self, failure: SecretError | None) -> None:
        super().__init__()
        self.failure = failure

    def fetch(self, ref: SecretRef) -> Secret:
        self._fail()
        return super().fetch(ref)

    def store(self, ref: SecretRef, secret: Secret) -> None:
        self._fail()
        super().store(ref, secret)

    def forget(self, ref: SecretRef) -> None:
        self._fail()
        super().forget(ref)

    def is_lasting(self) -> bool:
        return self.failure is None

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class TestFallbackWithoutKeyring(SecretStoreSuite):
    @pytest.fixture
    def store(self) -> SecretStore:
        class Absent(BrokenKeyring):
            def fetch(self, ref: SecretRef) -> Secret:
                raise SecretNotFoundError(f"no '{ref.name}'")

        return FallbackSecrets(Absent(KeyringUnavailableError("none")), SessionSecrets())


@pytest.mark.parametrize("failure", [KeyringUnavailableError, KeyringLostSecretError])
def test_a_keyring_that_cannot_keep_makes_the_secret_stay_for_this_session_and_says_so(
    failure: type[SecretError],
) -> None:
    secrets = FallbackSecrets(BrokenKeyring(failure("x")), SessionSecrets())
    assert secrets.notice == ""

    secrets.store(REF, Secret("one"))
    secrets.store(OTHER, Secret("two"))

    assert secrets.fetch(REF) == Secret("one")
    assert "2 secrets are kept for this session only" in secrets.notice
    assert secrets.describe() == "this session only"
    assert not secrets.is_lasting()


def test_a_locked_keyring_is_an_error_because_a_person_can_unlock_it() -> None:
    session = SessionSecrets()
    secrets = FallbackSecrets(BrokenKeyring(KeyringLockedError("locked")), session)

    with pytest.raises(KeyringLockedError):
        secrets.store(REF, Secret("one"))

    assert session.count == 0


def test_an_absent_keyring_is_said_when_a_secret_of_an_earlier_session_is_wanted() -> None:
    secrets = FallbackSecrets(BrokenKeyring(KeyringUnavailableError("none")), SessionSecrets())

    with pytest.raises(KeyringUnavailableError):
        secrets.fetch(REF)


def test_a_keyring_that_came_back_takes_the_secret_over() -> None:
    keyring = BrokenKeyring(KeyringUnavailableError("none"))
    secrets = FallbackSecrets(keyring, SessionSecrets())
    secrets.store(REF, Secret("one"))
    secrets.store(OTHER, Secret("two"))
    keyring.failure = None

    secrets.store(REF, Secret("new"))

    assert keyring.kept == {REF: Secret("new")}
    assert secrets.fetch(REF) == Secret("new")
    assert "1 secret is kept" in secrets.notice
    assert secrets.describe() == "the test's own keyring, and partly this session only"


def test_forgetting_removes_both_copies() -> None:
    keyring, session = MemorySecrets(), SessionSecrets()
    for store in (keyring, session):
        store.store(REF, Secret("one"))

    FallbackSecrets(keyring, session).forget(REF)

    assert (keyring.kept, session.count) == ({}, 0)
