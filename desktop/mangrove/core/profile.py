"""Connection profiles: how to reach a deployment, without any secret inside."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from mangrove.core.errors import InvalidProfileError
from mangrove.core.secret import SecretRef
from mangrove.core.tunnel import TunnelSpec
from mangrove.core.uri import MongoUri

ProfileId = NewType("ProfileId", str)
MAX_NAME = 60
MAX_SLUG = 40


class Colour(StrEnum):
    """The colour a person gives a profile, so that production never looks like staging."""

    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"


class SecretHome(StrEnum):
    """Where a profile's secrets are, as far as the profile knows."""

    NONE = "none"
    KEYRING = "keyring"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Profile:
    """One way to reach one deployment.

    Attributes:
        profile_id: Random and stable; secrets are filed under it, so a rename keeps them.
        name: What the person calls it; unique without regard to case.
        slug: The profile's folder in every vault; fixed when the profile is made.
        uri: The address, the user name and all options; never a password.
        password: Reference to the password; None when the deployment asks for none.
        certificate_password: Reference to the password of the TLS client key, if it has one.
        tunnel: The SSH server that the connection goes through; None for the straight way.
    """

    profile_id: ProfileId
    name: str
    slug: str
    uri: MongoUri
    password: SecretRef | None
    certificate_password: SecretRef | None
    colour: Colour
    created_at: datetime
    tunnel: TunnelSpec | None = None

    @property
    def hosts_text(self) -> str:
        """Where this leads, fit for a table."""
        hosts = ", ".join(self.uri.hosts)
        return f"{hosts} through {self.tunnel.address}" if self.tunnel else hosts

    @property
    def secret_refs(self) -> tuple[SecretRef, ...]:
        """Every secret that belongs to it."""
        tunnel = self.tunnel.secret if self.tunnel else None
        return tuple(filter(None, (self.password, self.certificate_password, tunnel)))


@dataclass(frozen=True, slots=True)
class UnreadableProfile:
    """A stored profile whose record is damaged: shown and kept, never guessed at."""

    name: str
    reason: str


def password_ref(profile_id: ProfileId) -> SecretRef:
    """Name the keyring entry of a profile's password."""
    return SecretRef(f"profile/{profile_id}/password")


def certificate_password_ref(profile_id: ProfileId) -> SecretRef:
    """Name the keyring entry of a profile's TLS client key password."""
    return SecretRef(f"profile/{profile_id}/certificate-password")


def tunnel_secret_ref(profile_id: ProfileId) -> SecretRef:
    """Name the keyring entry of the password or passphrase of a profile's SSH tunnel."""
    return SecretRef(f"profile/{profile_id}/tunnel-secret")


def checked_name(name: str) -> str:
    """Return the name without outer space.

    Raises:
        InvalidProfileError: If it is empty, too long, or holds control characters.
    """
    trimmed = name.strip()
    if not trimmed:
        raise InvalidProfileError("the name is missing")
    if len(trimmed) > MAX_NAME:
        raise InvalidProfileError(f"a name has at most {MAX_NAME} characters")
    if any(unicodedata.category(c).startswith("C") for c in trimmed):
        raise InvalidProfileError("a name holds no control characters")
    return trimmed


def slug_of(name: str, taken: frozenset[str] = frozenset()) -> str:
    """Make a folder name of lower-case ASCII letters, digits and dashes, not yet taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-") or "profile"
    candidates = (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3)))
    return next(c for c in candidates if c not in taken)
