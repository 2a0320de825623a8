"""A server that behaves like the Atlas Administration API, and a proxy that checks both sides.

It is stricter than the published description, which names few enumerations: every delivery type,
frequency and unit that Atlas does not document is refused.
Source: the description of Atlas Administration API v2 and the Atlas documentation.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

from servers.atlas_routes import add_routes
from servers.atlas_sign_in import SignIn
from servers.atlas_state import AtlasState
from servers.process import HOST

VERSION = re.compile(r"application/vnd\.atlas\.(\d{4}-\d{2}-\d{2})\+json")
NO_CONTENT, BAD = 204, 300
HELD_S = 30
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class RefusalError(Exception):
    """A request that Atlas answers with an error."""

    def __init__(self, status: int, code: str, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class FakeAtlas:
    """A running server, and what a test may do to it.

    Attributes:
        refusals: Given out one by one, before anything else is looked at.
        calls: Method and path of every request that was signed.
        denies: Words in a path that the account has no role for.
        cut_downloads: So many downloads break off half way.
        hold: Called when the next request comes, which then waits for ``release``.
    """

    url: str = ""
    state: AtlasState = field(default_factory=AtlasState)
    sign_in: SignIn = field(default_factory=SignIn)
    refusals: list[RefusalError] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    denies: set[str] = field(default_factory=set)
    cut_downloads: int = 0
    hold: Callable[[], None] | None = None
    release: threading.Event = field(default_factory=threading.Event)

    def refuse_next(self, status: int, code: str, detail: str = "no", **headers: str) -> None:
        """Let the next request fail."""
        self.refusals.append(RefusalError(status, code, detail, **headers))

    def count(self, method: str, part: str) -> int:
        """Return how often something was asked."""
        return sum(m == method and part in p for m, p in self.calls)


@contextmanager
def serving(fake: FakeAtlas) -> Iterator[FakeAtlas]:
    """Run the server for as long as the block lasts."""
    server = make_server(HOST, 0, _app(fake), threaded=True)
    server.daemon_threads = True  # type: ignore[attr-defined]  # of socketserver
    fake.url = f"http://{HOST}:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="atlas"
    )
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def atlas() -> Iterator[FakeAtlas]:
    """A fresh Atlas of the test's own."""
    with serving(FakeAtlas()) as fake:
        yield fake


def _app(fake: FakeAtlas) -> Flask:
    app = Flask("atlas")
    app.before_request(lambda: _guard(fake))
    app.register_error_handler(RefusalError, _refused)
    app.register_error_handler(HTTPException, _missing)
    app.after_request(_versioned)
    add_routes(app, fake, RefusalError)
    return app


def _guard(fake: FakeAtlas) -> Response | None:
    if request.path.startswith("/download/"):
        return None
    if request.path == "/api/oauth/token":
        return _token(fake)
    target = request.full_path.rstrip("?")
    if not fake.sign_in.accepts(request.headers.get("Authorization", ""), request.method, target):
        asks = fake.sign_in.challenge()
        raise RefusalError(401, "UNAUTHORIZED", "Sign in first.", WWW_Authenticate=asks)
    fake.calls.append((request.method, request.path))
    if fake.hold is not None:
        held, fake.hold = fake.hold, None
        held()
        fake.release.wait(HELD_S)
    if fake.refusals:
        raise fake.refusals.pop(0)
    _require_version()
    if any(word in request.path for word in fake.denies):
        raise RefusalError(403, "USER_UNAUTHORIZED", "Current user is not authorized.")
    if request.data:
        fake.bodies.append(request.get_json(force=True))
    return None


def _refused(refusal: RefusalError) -> Response:
    body = {
        "error": refusal.status,
        "errorCode": refusal.code,
        "detail": refusal.detail,
        "reason": REASONS.get(refusal.status, "Error"),
        "parameters": [],
    }
    response = jsonify(body)
    response.status_code = refusal.status
    response.headers.update(refusal.headers)
    return response


def _missing(error: HTTPException) -> Response:
    return _refused(RefusalError(error.code or 500, "RESOURCE_NOT_FOUND", error.description or ""))


def _versioned(response: Response) -> Response:
    is_ours = response.is_json or response.status_code == NO_CONTENT
    if is_ours and response.status_code < BAD and "/api/atlas" in request.path:
        response.headers["Content-Type"] = request.headers["Accept"]
    return response


def _token(fake: FakeAtlas) -> Response:
    if request.form.get("grant_type") != "client_credentials":
        raise RefusalError(400, "invalid_request", "grant_type must be client_credentials")
    token = fake.sign_in.token_for(request.headers.get("Authorization", ""))
    if token is None:
        raise RefusalError(401, "invalid_client", "The client id or secret is wrong.")
    return jsonify(
        {"access_token": token, "token_type": "Bearer", "expires_in": fake.sign_in.lasts_s}
    )


def _require_version() -> None:
    if not VERSION.fullmatch(request.headers.get("Accept", "")):
        raise RefusalError(406, "INVALID_VERSION_DATE", "Accept must name a version.")
    if request.data and request.headers.get("Content-Type") != request.headers["Accept"]:
        raise RefusalError(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must name the version.")
