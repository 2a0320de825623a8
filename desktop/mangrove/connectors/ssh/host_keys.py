"""Host keys: who an SSH server must be, who it says it is, and the words for a difference."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from mangrove.core.errors import ChangedHostKeyError, TunnelError, UnknownHostKeyError
from mangrove.core.tunnel import SSH_PORT, TunnelSpec

USER_FILE = Path(".ssh/known_hosts")
# "+": after the kinds of key that are known of the server. With those alone, a server that now has
# another kind would only hang up, and nobody would learn that its key changed.
HOST_KEY_ALGORITHMS = (
    "+ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
    "rsa-sha2-512,rsa-sha2-256"
)


@dataclass(slots=True)
class HostKeys:
    """The keys we trust for one server, and the one it presented.

    Attributes:
        known: Everything in the file of known hosts.
        expected: The keys found there for this server; set while it is connected to.
        presented: The key the server showed and that is not among them.
    """

    spec: TunnelSpec
    known: asyncssh.SSHKnownHosts
    expected: list[asyncssh.SSHKey] = field(default_factory=list)
    presented: asyncssh.SSHKey | None = None

    def match(self, host: str, addr: str, port: int | None) -> tuple[object, ...]:
        """Find the trusted keys of a server, as asyncssh asks for them."""
        found = self.known.match(host, addr, port)
        self.expected = list(found[0])
        return tuple(found)

    def refusal(self) -> TunnelError:
        """Return what to say about a server that did not present a key we trust."""
        where, shown = self.spec.address, fingerprint(self.presented)
        if not self.expected and self.presented is not None:
            return UnknownHostKeyError(
                f"the SSH server {where} is not known yet; its key is {shown}; nothing was sent",
                hint="if its administrator confirms this fingerprint, accept it with: "
                f"{accepting_command(self.spec)}",
                fingerprint=shown,
            )
        known = ", ".join(fingerprint(key) for key in self.expected) or "another one"
        return ChangedHostKeyError(
            f"the SSH server {where} shows the key {shown} instead of {known}; this may be an "
            "attack; nothing was sent",
            hint="ask its administrator whether the key was changed; only then remove the old "
            f"one with: {forgetting_command(self.spec)}",
            fingerprint=shown,
        )


def read_host_keys(spec: TunnelSpec) -> HostKeys:
    """Read the file of known hosts; a file that is not there yet knows nobody.

    Raises:
        TunnelError: If it is there and cannot be read.
    """
    path = known_hosts_path(spec)
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
        return HostKeys(spec, asyncssh.import_known_hosts(text))
    except (OSError, ValueError) as error:
        raise TunnelError(
            f"the file of known hosts {path} cannot be read; nothing was sent",
            hint="correct the file, or name another one in the profile's tunnel",
            path=str(path),
        ) from error


def known_hosts_path(spec: TunnelSpec) -> Path:
    """Return where the keys of known servers are."""
    return Path(spec.known_hosts).expanduser() if spec.known_hosts else Path.home() / USER_FILE


def fingerprint(key: asyncssh.SSHKey | None) -> str:
    """Return a key's fingerprint as ssh shows it, ``SHA256:…`` with the kind of key."""
    if key is None:
        return "of another kind"
    return f"{key.get_fingerprint()} ({key.get_algorithm()})"


def accepting_command(spec: TunnelSpec) -> str:
    """Return the command that shows the fingerprint and keeps the key after a yes."""
    port = [] if spec.port == SSH_PORT else ["-p", str(spec.port)]
    file = ["-o", f"UserKnownHostsFile={spec.known_hosts}"] if spec.known_hosts else []
    return shlex.join(["ssh", *file, *port, "-l", spec.user, spec.host])


def forgetting_command(spec: TunnelSpec) -> str:
    """Return the command that removes the key of a server."""
    host = spec.host if spec.port == SSH_PORT else f"[{spec.host}]:{spec.port}"
    file = ["-f", spec.known_hosts] if spec.known_hosts else []
    return shlex.join(["ssh-keygen", *file, "-R", host])
