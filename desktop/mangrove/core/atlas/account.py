"""How we sign in to Atlas: a service account or an API key, without its secret."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from urllib.parse import urlsplit

from mangrove.core.errors import ConfigurationError
from mangrove.core.secret import SecretRef

AtlasAccountId = NewType("AtlasAccountId", str)
DEFAULT_URL = "https://cloud.mongodb.com"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_USER = re.compile(r"[A-Za-z0-9_.-]{1,128}")


class SignIn(StrEnum):
    """The two ways into the Atlas Administration API.

    Source: Atlas documentation, "Atlas Administration API Authentication".
    """

    SERVICE_ACCOUNT = "service-account"
    API_KEY = "api-key"


@dataclass(frozen=True, slots=True)
class AtlasAccount:
    """One way into Atlas.

    Attributes:
        account_id: Random and stable; the secret is filed under it.
        name: What the person calls it; unique without regard to case.
        user: The client id of a service account, or the public key of an API key.
        url: Where the Administration API answers.
    """

    account_id: AtlasAccountId
    name: str
    sign_in: SignIn
    user: str
    created_at: datetime
    url: str = DEFAULT_URL

    @property
    def secret_ref(self) -> SecretRef:
        """Name the keyring entry of the client secret or the private key."""
        return SecretRef(f"atlas/{self.account_id}/secret")


def checked_url(text: str) -> str:
    """Return the address of an Administration API, without a path.

    Raises:
        ConfigurationError: If it is none, or would carry the secret unencrypted.
    """
    parts = urlsplit(text.strip())
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not is_safe or parts.username or parts.query or parts.path.strip("/"):
        raise ConfigurationError(
            f"'{text.strip()}' is no address of Atlas; nothing was stored",
            hint=f"write {DEFAULT_URL}, or leave it out",
        )
    return f"{parts.scheme}://{parts.netloc}"


def checked_user(text: str) -> str:
    """Return a client id or public key without outer space.

    Raises:
        ConfigurationError: If it cannot be one.
    """
    trimmed = text.strip()
    if not _USER.fullmatch(trimmed):
        raise ConfigurationError(
            "the client id or public key is missing or holds characters that none has",
            hint="copy it from Atlas: a client id begins with mdb_sa_id_, a public key is short",
        )
    return trimmed
