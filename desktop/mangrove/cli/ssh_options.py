"""The options that lead a profile through an SSH server, and the words that show it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from mangrove.cli.front import Desk
from mangrove.core.errors import InvalidProfileError
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelAuth, TunnelSpec, parse_server

SshServer = Annotated[
    str | None,
    typer.Option(metavar="USER@HOST[:PORT]", help="Go through this SSH server."),
]
SshKey = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Private key for it; else the SSH agent's keys are used."),
]
SshPasswordFromInput = Annotated[
    bool,
    typer.Option(
        "--ssh-password-stdin",
        help="Read its password, or with --ssh-key the key's passphrase, from standard input.",
    ),
]
SshKnownHosts = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Host keys to trust, instead of ~/.ssh/known_hosts."),
]


@dataclass(frozen=True, slots=True)
class SshOptions:
    """What one call says about an SSH tunnel.

    Attributes:
        server: ``user@host[:port]``; None where the tunnel stays, or there is none.
        key, known_hosts: Files, relative to where the person is.
        reads_secret: Whether standard input holds the password or the passphrase.
    """

    server: str | None
    key: Path | None
    known_hosts: Path | None
    reads_secret: bool = field(kw_only=True)

    def changed(self, old: TunnelSpec | None) -> TunnelSpec | None:
        """Return the tunnel as the options want it, on top of the one there was."""
        if self.server is None and old is None:
            if self.key or self.known_hosts or self.reads_secret:
                raise InvalidProfileError("there is no SSH tunnel yet", hint="name it with --ssh")
            return None
        tunnel = old or TunnelSpec("", "")
        if self.server is not None:
            user, host, port = parse_server(self.server)
            tunnel = replace(tunnel, user=user, host=host, port=port)
        if self.known_hosts is not None:
            tunnel = replace(tunnel, known_hosts=str(self.known_hosts.resolve()))
        if self.key is not None:
            key_file = str(self.key.resolve())
            return replace(tunnel, auth=TunnelAuth.KEY_FILE, key_file=key_file)
        if self.reads_secret and tunnel.auth is TunnelAuth.AGENT:
            return replace(tunnel, auth=TunnelAuth.PASSWORD)
        return tunnel

    def secret(self, desk: Desk, tunnel: TunnelSpec | None) -> Secret | None:
        """Read the password or passphrase, if it is to be read."""
        return Secret(desk.read_line()) if self.reads_secret and tunnel else None


def tunnel_text(tunnel: TunnelSpec | None) -> str:
    """Say in a line how a deployment is reached through SSH."""
    if tunnel is None:
        return "none"
    stored = ", its secret in the keyring" if tunnel.secret else ""
    known = f", trusting {tunnel.known_hosts}" if tunnel.known_hosts else ""
    return f"{tunnel.address} with {_proof_text(tunnel)}{stored}{known}"


def _proof_text(tunnel: TunnelSpec) -> str:
    match tunnel.auth:
        case TunnelAuth.AGENT:
            return "the keys of the SSH agent"
        case TunnelAuth.KEY_FILE:
            return f"the key {tunnel.key_file}"
        case TunnelAuth.PASSWORD:
            return "a password"
