"""Signs single requests to S3 that obstore does not make: about versions and locks.

Source: Amazon S3 API reference, "Authenticating Requests: Using the Authorization Header
(AWS Signature Version 4)", the variant with the whole payload signed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from mangrove.core.secret import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes over the line, but for its signature.

    Attributes:
        path: Percent-encoded already, from the root.
        query: Names and values, not encoded.
        headers: Besides host, date and hash, which are added.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def query_text(self) -> str:
        """The query as it is sent and signed: encoded and sorted."""
        pairs = sorted((quoted(name), quoted(value)) for name, value in self.query.items())
        return "&".join(f"{name}={value}" for name, value in pairs)


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs: the pair of keys, and the region they are used in."""

    access_key: str
    secret_key: Secret
    region: str


def quoted(text: str, keep: str = "") -> str:
    """Percent-encode as S3 does for signatures: everything but letters, digits and ``-._~``."""
    return quote(text, safe=f"-._~{keep}")


def signed_headers(request: Request, keys: Keys | None, now: datetime) -> dict[str, str]:
    """Return all headers of a request; without keys it is sent unsigned."""
    digest = hashlib.sha256(request.body).hexdigest()
    headers = {name.lower(): value.strip() for name, value in request.headers.items()}
    headers |= {
        "host": request.host,
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        "x-amz-content-sha256": digest,
    }
    if keys is None:
        return headers
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join(
        (request.method, request.path, request.query_text, lines, names, digest),
    )
    scope = f"{now:%Y%m%d}/{keys.region}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join((_ALGORITHM, headers["x-amz-date"], scope, hashed))
    signature = hmac.digest(_signing_key(keys, now), to_sign.encode(), "sha256").hex()
    credential = f"Credential={keys.access_key}/{scope}"
    headers["authorization"] = (
        f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _signing_key(keys: Keys, now: datetime) -> bytes:
    key = f"AWS4{keys.secret_key.reveal()}".encode()
    for part in (f"{now:%Y%m%d}", keys.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
