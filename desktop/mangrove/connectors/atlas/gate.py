"""Opens the way to Atlas, with the secret out of the keyring."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from typing_extensions import override

from mangrove.connectors.atlas.api import HttpAtlasApi
from mangrove.connectors.atlas.client import LIMIT_WAITS_S, AtlasClient
from mangrove.connectors.atlas.signing_in import auth_of
from mangrove.core.atlas.account import AtlasAccount, SignIn
from mangrove.core.patience import RETRY_WAITS_S
from mangrove.core.ports.atlas import AtlasApi, AtlasGate, Say
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret


class HttpAtlasGate(AtlasGate):
    """Opens connections of their own for whoever asks.

    Threads: safe for several.

    Args:
        secrets: Where secrets of accounts are kept.
        seconds: A clock that only grows; tokens end by it.
        retry_waits_s, limit_waits_s: See :class:`AtlasClient`.
    """

    def __init__(
        self,
        secrets: SecretStore,
        seconds: Callable[[], float],
        retry_waits_s: tuple[float, ...] = RETRY_WAITS_S,
        limit_waits_s: tuple[float, ...] = LIMIT_WAITS_S,
    ) -> None:
        self._secrets, self._seconds = secrets, seconds
        self._waits = (retry_waits_s, limit_waits_s)
        self._signed: dict[tuple[AtlasAccount, Secret], httpx.Auth] = {}

    @override
    @contextmanager
    def open(
        self, account: AtlasAccount, secret: Secret | None = None, say: Say | None = None
    ) -> Iterator[AtlasApi]:
        known = secret or self._secrets.fetch(account.secret_ref)
        auth = self._auth(account, known)
        client = AtlasClient(account.url, auth, say or _say_nothing, *self._waits)
        try:
            yield HttpAtlasApi(client)
        finally:
            client.close()

    def _auth(self, account: AtlasAccount, secret: Secret) -> httpx.Auth:
        """Return what signs for an account; one that holds a token serves all calls."""
        made = auth_of(account, secret, self._seconds)
        if account.sign_in is SignIn.API_KEY:
            return made  # it counts its requests, which only one at a time may do
        return self._signed.setdefault((account, secret), made)


def _say_nothing(_text: str) -> None:
    return None
