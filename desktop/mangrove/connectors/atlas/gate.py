"""Opens the way to Atlas, with the secret out of the keyring."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from typing_extensions import override

from mangrove.connectors.atlas.api import HttpAtlasApi
from mangrove.connectors.atlas.client import LIMIT_WAITS_S, AtlasClient
from mangrove.connectors.atlas.signing_in import auth_of
from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.atlas.ports import AtlasApi, AtlasGate, Say
from mangrove.core.patience import RETRY_WAITS_S
from mangrove.core.ports import SecretStore
from mangrove.core.secret import Secret


class HttpAtlasGate(AtlasGate):
    """Opens connections of their own for whoever asks.

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

    @override
    @contextmanager
    def open(
        self, account: AtlasAccount, secret: Secret | None = None, say: Say | None = None
    ) -> Iterator[AtlasApi]:
        known = secret or self._secrets.fetch(account.secret_ref)
        auth = auth_of(account, known, self._seconds)
        client = AtlasClient(account.url, auth, say or _say_nothing, *self._waits)
        try:
            yield HttpAtlasApi(client)
        finally:
            client.close()


def _say_nothing(_text: str) -> None:
    return None
