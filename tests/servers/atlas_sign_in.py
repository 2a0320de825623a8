"""The two ways into a pretended Atlas: HTTP digest, and tokens for a service account.

Source: RFC 7616 (digest, MD5 with qop auth), RFC 6749 section 4.4 (client credentials), and the
Atlas documentation, "Atlas Administration API Authentication".
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.request import parse_http_list, parse_keqv_list

REALM = "MMS Public API"
LASTS_S = 3600


@dataclass
class SignIn:
    """Who may come in.

    Attributes:
        tokens: Those given out and not revoked.
        given: How many tokens were ever asked for with the right secret.
        challenges: How often somebody was asked to sign.
    """

    client_id: str = "mdb_sa_id_0123456789abcdef01234567"
    client_secret: str = field(default_factory=lambda: f"mdb_sa_sk_{secrets.token_hex(16)}")
    public_key: str = "abcdefgh"
    private_key: str = field(default_factory=lambda: secrets.token_hex(16))
    tokens: set[str] = field(default_factory=set)
    given: int = 0
    challenges: int = 0
    lasts_s: int = LASTS_S
    _nonces: set[str] = field(default_factory=set)

    def token_for(self, header: str) -> str | None:
        """Return a new token for the right client id and secret; None for others."""
        wanted = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if header != f"Basic {wanted}":
            return None
        self.given += 1
        token = f"token-{secrets.token_hex(12)}"
        self.tokens.add(token)
        return token

    def challenge(self) -> str:
        """Return what asks a client to sign."""
        self.challenges += 1
        nonce = secrets.token_hex(12)
        self._nonces.add(nonce)
        return f'Digest realm="{REALM}", domain="", nonce="{nonce}", algorithm=MD5, qop="auth"'

    def accepts(self, header: str, method: str, target: str) -> bool:
        """Whether a request is signed as it should be."""
        scheme, _, rest = header.partition(" ")
        if scheme == "Bearer":
            return rest in self.tokens
        return scheme == "Digest" and self._is_signed(rest, method, target)

    def _is_signed(self, rest: str, method: str, target: str) -> bool:
        said = parse_keqv_list(parse_http_list(rest))
        if said.get("username") != self.public_key or said.get("nonce") not in self._nonces:
            return False
        first = _md5(f"{self.public_key}:{REALM}:{self.private_key}")
        second = _md5(f"{method}:{said.get('uri')}")
        parts = (first, said["nonce"], said["nc"], said["cnonce"], said["qop"], second)
        return said.get("uri") == target and said.get("response") == _md5(":".join(parts))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
