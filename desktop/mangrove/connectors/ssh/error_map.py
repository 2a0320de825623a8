"""Turns what asyncssh and the network say into ours: the one place that knows both."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncssh

from mangrove.connectors.ssh.host_keys import HostKeys
from mangrove.core.errors import TunnelError
from mangrove.core.tunnel import TunnelAuth, TunnelSpec

_LOOK_AT_TUNNEL = "check host, port and user of the tunnel in the profile"


@contextmanager
def reading_key(spec: TunnelSpec) -> Iterator[None]:
    """Turn what is wrong with a private key's file into a TunnelError."""
    try:
        yield
    except asyncssh.KeyEncryptionError as error:
        raise _key_error(spec, "the passphrase does not open", "type it again") from error
    except asyncssh.KeyImportError as error:
        if "passphrase" in str(error).lower():
            problem, hint = "there is no passphrase for", "type it into the profile's tunnel"
        else:
            problem, hint = "there is no private key in", "choose the file without .pub"
        raise _key_error(spec, problem, hint) from error
    except (OSError, ValueError) as error:
        raise _key_error(spec, "cannot read", "choose another file") from error


@contextmanager
def opening(spec: TunnelSpec, keys: HostKeys, target: str) -> Iterator[None]:
    """Turn what goes wrong until a tunnel stands into a TunnelError.

    Args:
        spec: The way.
        keys: What is known of the server, and what it showed.
        target: Host and port behind it.
    """
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as error:
        raise keys.refusal() from error
    except asyncssh.KeyExchangeFailed as error:
        raise _failed(spec, "does not agree on how to encrypt", "update it") from error
    except asyncssh.PermissionDenied as error:
        raise _failed(spec, f"refused {_PROOF[spec.auth]}", _PROOF_HINT[spec.auth]) from error
    except asyncssh.ChannelOpenError as error:
        raise _no_way_on(spec, target, error) from error
    except (TimeoutError, asyncssh.Error, OSError) as error:
        raise _no_server(spec, error) from error


def _key_error(spec: TunnelSpec, problem: str, hint: str) -> TunnelError:
    return TunnelError(
        f"{problem} the SSH key file {spec.key_file}; nothing was sent",
        hint=hint,
        path=spec.key_file,
    )


def _failed(spec: TunnelSpec, what: str, hint: str) -> TunnelError:
    return TunnelError(f"the SSH server {spec.address} {what}", hint=hint, host=spec.host)


def _no_way_on(spec: TunnelSpec, target: str, error: asyncssh.ChannelOpenError) -> TunnelError:
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        hint = "let its administrator allow forwarding (AllowTcpForwarding, PermitOpen)"
        return _failed(spec, f"does not allow a tunnel to {target}", hint)
    return _failed(
        spec,
        f"could not reach {target}",
        "check the connection string: host and port are looked up from the SSH server",
    )


def _no_server(spec: TunnelSpec, error: Exception) -> TunnelError:
    if isinstance(error, TimeoutError):
        return _failed(spec, "did not answer within the time limit", _LOOK_AT_TUNNEL)
    reason = error.strerror if isinstance(error, OSError) else getattr(error, "reason", "")
    tail = f": {reason}" if reason else ""
    return _failed(spec, f"could not be reached{tail}", _LOOK_AT_TUNNEL)


_PROOF = {
    TunnelAuth.AGENT: "every key of the SSH agent",
    TunnelAuth.KEY_FILE: "the key",
    TunnelAuth.PASSWORD: "the user name or the password",
}
_PROOF_HINT = {
    TunnelAuth.AGENT: "check the user, and with ssh-add -l which keys the agent holds",
    TunnelAuth.KEY_FILE: "check the user, and that the server lists this key as authorized",
    TunnelAuth.PASSWORD: "check user and password of the tunnel in the profile",
}
