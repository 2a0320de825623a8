"""The two ways to sign requests: HTTP digest with an API key, or a service account's token."""

import base64
import json
import threading
from collections.abc import Callable, Generator

import httpx
from typing_extensions import override

from mangrove.connectors.atlas.error_map import error_of, malformed
from mangrove.core.atlas.account import AtlasAccount, SignIn
from mangrove.core.secret import Secret

TOKEN_PATH = "/api/oauth/token"  # noqa: S105 - where tokens come from
MARGIN_S = 60.0
"""A token is renewed so long before it ends, so that none ends on the way."""
_OK, _UNAUTHORIZED = 200, 401


class ServiceAccountAuth(httpx.Auth):
    """Signs with a token that lasts an hour, and fetches the next one when it is due.

    Source: Atlas documentation, "Generate Service Account Token"; RFC 6749 section 4.4.

    Threads: safe for several.
    """

    requires_response_body = True

    def __init__(self, account: AtlasAccount, secret: Secret, seconds: Callable[[], float]) -> None:
        self._account = account
        self._secret = secret
        self._seconds = seconds
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._ends_s = 0.0

    @override
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._current()
        is_fresh = token is None
        if token is None:
            token = self._taken((yield self._token_request(request)))
        _sign(request, token)
        response = yield request
        if response.status_code != _UNAUTHORIZED or is_fresh:
            return
        # The token was revoked before its time: one more, then Atlas means us.
        token = self._taken((yield self._token_request(request)))
        _sign(request, token)
        yield request

    def _current(self) -> Secret | None:
        with self._lock:
            return self._token if self._seconds() < self._ends_s - MARGIN_S else None

    def _token_request(self, request: httpx.Request) -> httpx.Request:
        pair = f"{self._account.user}:{self._secret.reveal()}"
        return httpx.Request(
            "POST",
            self._account.url + TOKEN_PATH,
            headers={
                "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
                "Accept": "application/json",
            },
            data={"grant_type": "client_credentials"},
            extensions=dict(request.extensions),
        )

    def _taken(self, response: httpx.Response) -> Secret:
        if response.status_code != _OK:
            raise error_of(response)
        try:
            body = json.loads(response.content)
            token, lasts_s = Secret(str(body["access_token"])), float(body["expires_in"])
        except (ValueError, KeyError, TypeError) as error:
            raise malformed("the answer to a request for a token") from error
        with self._lock:
            self._token, self._ends_s = token, self._seconds() + lasts_s
        return token


def auth_of(account: AtlasAccount, secret: Secret, seconds: Callable[[], float]) -> httpx.Auth:
    """Return what signs the requests of an account."""
    if account.sign_in is SignIn.SERVICE_ACCOUNT:
        return ServiceAccountAuth(account, secret, seconds)
    return httpx.DigestAuth(account.user, secret.reveal())


def _sign(request: httpx.Request, token: Secret) -> None:
    request.headers["Authorization"] = f"Bearer {token.reveal()}"
