"""What every secret store must do; an adapter's test class inherits this and gives ``store``."""

import threading

import pytest

from mangrove.core.errors import SecretNotFoundError
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef

REF = SecretRef("profile/3f2a/password")
OTHER = SecretRef("profile/3f2a/certificate-password")
NASTY = "pä:/?#[]@! \t\n\"'\\%00 \U0001f600"


class SecretStoreSuite:
    """The promises of the ``SecretStore`` port."""

    def test_a_secret_comes_back(self, store: SecretStore) -> None:
        store.store(REF, Secret(NASTY))

        assert store.fetch(REF).reveal() == NASTY

    def test_a_long_secret_comes_back(self, store: SecretStore) -> None:
        store.store(REF, Secret("k" * 2000))

        assert store.fetch(REF) == Secret("k" * 2000)

    def test_a_second_store_replaces_the_first(self, store: SecretStore) -> None:
        store.store(REF, Secret("one"))
        store.store(REF, Secret("two"))

        assert store.fetch(REF) == Secret("two")

    def test_secrets_of_two_names_are_apart(self, store: SecretStore) -> None:
        store.store(REF, Secret("one"))
        store.store(OTHER, Secret("two"))

        store.forget(REF)

        assert store.fetch(OTHER) == Secret("two")

    def test_a_secret_that_was_never_stored_is_not_found(self, store: SecretStore) -> None:
        with pytest.raises(SecretNotFoundError, match=REF.name):
            store.fetch(REF)

    def test_a_forgotten_secret_is_not_found(self, store: SecretStore) -> None:
        store.store(REF, Secret("one"))

        store.forget(REF)

        with pytest.raises(SecretNotFoundError):
            store.fetch(REF)

    def test_forgetting_what_is_not_there_is_no_error(self, store: SecretStore) -> None:
        store.forget(REF)

    def test_it_says_in_words_where_secrets_go(self, store: SecretStore) -> None:
        assert len(store.describe().split()) > 1

    def test_it_never_prints_a_secret(
        self, store: SecretStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(0):
            store.store(REF, Secret("hunter2"))
            store.fetch(REF)
            shown = f"{store!r} {store} {vars(store)} {store.describe()}"

        assert "hunter2" not in shown
        assert "hunter2" not in caplog.text

    def test_threads_store_and_fetch_at_once(self, store: SecretStore) -> None:
        found: dict[int, str] = {}

        def work(number: int) -> None:
            ref = SecretRef(f"vault/{number}/signing-key")
            store.store(ref, Secret(f"secret {number}"))
            found[number] = store.fetch(ref).reveal()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert found == {n: f"secret {n}" for n in range(4)}
