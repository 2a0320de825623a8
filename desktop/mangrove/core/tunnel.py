"""SSH tunnels: how a deployment behind another machine is reached, and what can go through one."""

import re
from dataclasses import dataclass
from enum import StrEnum

from mangrove.core.errors import InvalidProfileError
from mangrove.core.secret import SecretRef
from mangrove.core.uri import MAX_PORT, MongoUri

SSH_PORT = 22
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::(\d{1,5}))?")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1"})
_SHAPE_HINT = "write it as user@host or user@host:port"


class TunnelAuth(StrEnum):
    """How a person proves to the SSH server who they are."""

    AGENT = "agent"
    KEY_FILE = "key-file"
    PASSWORD = "password"  # noqa: S105 - the name of a way, not a secret


@dataclass(frozen=True, slots=True)
class TunnelSpec:
    """The SSH server between here and a deployment.

    Attributes:
        host: Name or address, IPv6 without brackets.
        key_file: Path of the private key; "" unless ``auth`` is ``KEY_FILE``.
        known_hosts: File with the host keys to trust; "" for the person's own
            ``~/.ssh/known_hosts``.
        secret: Reference to the password, or to the passphrase of the key file; None without.
    """

    host: str
    user: str
    port: int = SSH_PORT
    auth: TunnelAuth = TunnelAuth.AGENT
    key_file: str = ""
    known_hosts: str = ""
    secret: SecretRef | None = None

    @property
    def address(self) -> str:
        """``user@host:port``, the port only where it is not SSH's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}" + (f":{self.port}" if self.port != SSH_PORT else "")

    def takes_same_secret(self, other: "TunnelSpec | None") -> bool:
        """Whether a secret that opens the other tunnel is the one that opens this one."""
        return other is not None and _lock_of(self) == _lock_of(other)


def _lock_of(spec: TunnelSpec) -> tuple[object, ...]:
    if spec.auth is TunnelAuth.KEY_FILE:
        return (spec.auth, spec.key_file)
    return (spec.auth, spec.host, spec.port, spec.user)


def parse_server(text: str) -> tuple[str, str, int]:
    """Take ``user@host[:port]`` apart into user, host and port.

    Raises:
        InvalidProfileError: If a part is missing or malformed.
    """
    user, _, server = text.strip().rpartition("@")
    if not user:
        raise InvalidProfileError("the SSH server lacks the user's name", hint=_SHAPE_HINT)
    host, port = parse_host(server)
    return user, host, port


def parse_host(text: str) -> tuple[str, int]:
    """Take ``host[:port]`` apart.

    Raises:
        InvalidProfileError: If it is malformed.
    """
    match = _SERVER.fullmatch(text.strip())
    if match is None:
        raise InvalidProfileError("the SSH server's name is malformed", hint=_SHAPE_HINT)
    port = int(match[2] or SSH_PORT)
    if not 0 < port <= MAX_PORT:
        raise InvalidProfileError(f"the SSH port {port} is out of range", hint=_SHAPE_HINT)
    return match[1].strip("[]"), port


def check_tunnel(spec: TunnelSpec, uri: MongoUri) -> None:
    """Refuse a tunnel that lacks a part, or that cannot carry this connection.

    Raises:
        InvalidProfileError: It says which part is missing.
    """
    if not spec.user.strip():
        raise InvalidProfileError("the SSH tunnel lacks the user's name")
    if not spec.host.strip():
        raise InvalidProfileError("the SSH tunnel lacks the server's name")
    if spec.auth is TunnelAuth.KEY_FILE and not spec.key_file:
        raise InvalidProfileError("the SSH tunnel lacks the private key's file")
    if uri.scheme == "mongodb+srv" or len(uri.hosts) != 1:
        raise InvalidProfileError(
            "an SSH tunnel leads to one host, and the connection string names several",
            hint="name one member, as mongodb://host:27017, and make one profile for each member",
        )
    host, _ = far_end(uri)
    if host.endswith(".sock"):
        raise InvalidProfileError("an SSH tunnel leads to a host and a port, not to a socket file")
    if uri.uses_tls and host not in _LOOPBACK_NAMES and not uri.takes_any_host_name:
        raise InvalidProfileError(
            "the host name in the server's certificate cannot be checked through an SSH tunnel",
            hint="add tlsAllowInvalidHostnames=true if that is acceptable: the authority of the "
            "certificate is still checked, and SSH protects the way to its server",
        )


def far_end(uri: MongoUri) -> tuple[str, int]:
    """Return host and port that the SSH server is asked to connect to."""
    name, _, port = uri.hosts[0].rpartition(":")
    if not port.isdigit():
        return uri.hosts[0].strip("[]"), 27017
    return name.strip("[]"), int(port)


def near_end(uri: MongoUri, port: int) -> str:
    """Return the address of the tunnel's local port, as the driver is to call it.

    The driver compares the certificate with the name it connects to, and offers no other way.
    So a server that calls itself localhost is called so, and its certificate is checked whole.
    Source: pymongo 4.20, ``pool_shared``: ``wrap_socket(sock, server_hostname=host)``.
    """
    host, _ = far_end(uri)
    return f"{host if host in _LOOPBACK_NAMES else '127.0.0.1'}:{port}"
