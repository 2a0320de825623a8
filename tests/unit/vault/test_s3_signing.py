from datetime import UTC, datetime

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mangrove.core.secret import Secret
from mangrove.vault.storage.s3_signing import Keys, Request, quoted, signed_headers

NOW = datetime(2026, 11, 26, 2, 3, 4, tzinfo=UTC)
KEYS = Keys("AKEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "eu-central-1")
NAMES = ("plain", "shop/20260101T020000Z-shop-1a2b/odd %24 & ä+~.age", "")
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"versioning": ""},
    {"versions": "", "prefix": "a b/ü+&=", "key-marker": "~*'()"},
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("body", [b"", b"<Retention/>"])
def test_a_request_is_signed_as_the_makers_of_s3_sign_it(
    monkeypatch: pytest.MonkeyPatch, name: str, query: dict[str, str], body: bytes
) -> None:
    path = f"/bucket/{quoted(name, '/')}"
    request = Request("PUT", "host:9000", path, query, {"Content-MD5": "abc="}, body)

    headers = signed_headers(request, KEYS, NOW)

    monkeypatch.setattr(auth, "get_current_datetime", lambda: NOW.replace(tzinfo=None))
    theirs = AWSRequest(
        "PUT",
        f"http://host:9000{path}" + (f"?{request.query_text}" if query else ""),
        {"Content-MD5": "abc=", "x-amz-content-sha256": headers["x-amz-content-sha256"]},
        body,
    )
    credentials = Credentials(KEYS.access_key, KEYS.secret_key.reveal())
    auth.S3SigV4Auth(credentials, "s3", KEYS.region).add_auth(theirs)
    assert headers["authorization"] == theirs.headers["Authorization"]


def test_without_keys_nothing_is_signed() -> None:
    assert "authorization" not in signed_headers(Request("GET", "h", "/", {}, {}), None, NOW)
