"""The way to a deployment: straight, or through an SSH tunnel that stands as long as the block."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mangrove.core.errors import ConnectionLostError, ServerUnreachableError
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelSpec, check_tunnel, far_end, near_end
from mangrove.core.uri import MongoUri


@dataclass(frozen=True, slots=True)
class Route:
    """Where the driver is to connect, and what a person is told of it."""

    uri: MongoUri
    hosts: str


@contextmanager
def open_route(
    profile: Profile, secrets: SecretStore, tunnel_secret: Secret | None = None
) -> Iterator[Route]:
    """Open the profile's tunnel, if it has one.

    Through it the driver talks to the one named node only: the names that a replica set gives
    its members mean nothing on this side.

    Args:
        profile: Where to.
        secrets: Asked for the tunnel's secret, unless one is given.
        tunnel_secret: Used instead of the stored one.

    Raises:
        InvalidProfileError: If this connection cannot go through a tunnel.
        TunnelError: As ``connectors.ssh.tunnel`` says.
        ConnectionLostError: If the tunnel broke while the block lasted.
    """
    uri, spec = profile.uri, profile.tunnel
    if spec is None:
        yield Route(uri, ", ".join(uri.hosts))
        return
    # Loaded here, because it takes a quarter of a second and most profiles have no tunnel.
    from mangrove.connectors.ssh.tunnel import open_tunnel  # noqa: PLC0415

    check_tunnel(spec, uri)
    secret = tunnel_secret or (secrets.fetch(spec.secret) if spec.secret else None)
    with open_tunnel(spec, far_end(uri), secret) as tunnel:
        direct = replace(uri, hosts=(near_end(uri, tunnel.port),))
        try:
            yield Route(direct.with_option("directConnection", "true"), profile.hosts_text)
        except (ConnectionLostError, ServerUnreachableError) as error:
            if tunnel.is_lost():
                raise _broken(spec) from error
            raise


def _broken(spec: TunnelSpec) -> ConnectionLostError:
    return ConnectionLostError(
        f"the SSH tunnel through {spec.address} broke in the middle of work",
        hint="run it again once the SSH server answers",
        host=spec.host,
    )
