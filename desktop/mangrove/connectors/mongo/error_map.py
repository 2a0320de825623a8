"""Turns the driver's exceptions into ours: the one place that knows both."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidOperation,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from mangrove.core.errors import (
    AuthenticationFailedError,
    ConnectionLostError,
    InvalidUriError,
    MangroveError,
    MissingPrivilegeError,
    ServerUnreachableError,
    SnapshotLostError,
    SourceError,
    StalledError,
    TlsError,
    UnsupportedTopologyError,
)
from mangrove.core.uri import redact

_SHOWN = 300
# Source: MongoDB server, src/mongo/base/error_codes.yml.
UNAUTHORIZED = 13
NAMESPACE_NOT_FOUND = 26
CURSOR_NOT_FOUND = 43
QUERY_PLAN_KILLED = 175
SNAPSHOT_CODES = frozenset({239, 246})  # SnapshotTooOld, SnapshotUnavailable
ATLAS_ERROR = 8000  # "bad auth" when somebody signs in, and what a tier does not allow
# UserNotFound, AuthenticationFailed, MechanismUnavailable
_BAD_CREDENTIALS = frozenset({11, 18, 334, ATLAS_ERROR})
# InterruptedAtShutdown, InterruptedDueToReplStateChange, ShutdownInProgress, PrimarySteppedDown,
# NotWritablePrimary, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary, CursorNotFound
_GONE = frozenset({11600, 11602, 91, 189, 10107, 13435, 13436, 43})
_TLS = re.compile(r"SSL handshake failed|CERTIFICATE_VERIFY_FAILED|\[SSL|TLSV1_ALERT|certificate")
_NAME_SERVICE = re.compile(r"DNS|resolution|nameserver|SRV host|query name", re.IGNORECASE)
_STALL_LIMIT = re.compile(r"socketTimeoutMS: ([\d.]+)ms")
_NOT_ALLOWED = re.compile(r"CMD_NOT_ALLOWED: (\w+)|\b(\w+) is not allowed")
_CLOSED = re.compile(r"connection closed", re.IGNORECASE)
_TLS_HINT = "check the certificate authority file, the client certificate and the host name"


@contextmanager
def connecting(hosts: str) -> Iterator[None]:
    """Turn what goes wrong while a deployment is entered into a ConnectError.

    Args:
        hosts: Where to, without user information.
    """
    try:
        yield
    except PyMongoError as error:
        raise while_connecting(error, hosts) from error
    except ValueError as error:  # an option with a value that the driver does not know
        raise InvalidUriError(
            f"the connection string cannot be used: {redact(str(error))}", hint="edit the profile"
        ) from error
    except OSError as error:  # an unreadable certificate file
        raise TlsError(
            f"a certificate file could not be read: {error.strerror or type(error).__name__}; "
            "nothing was sent",
            hint=_TLS_HINT,
            path=str(error.filename) if error.filename else None,
        ) from error


@contextmanager
def working(hosts: str) -> Iterator[None]:
    """Turn what goes wrong in the middle of work into ConnectionLostError and its like."""
    try:
        yield
    except PyMongoError as error:
        raise while_working(error, hosts) from error


def while_connecting(error: PyMongoError, hosts: str) -> MangroveError:
    """Return our error for one met before any work began."""
    text = str(error)
    if isinstance(error, OperationFailure):
        return _refused_entry(error, hosts)
    if isinstance(error, ConnectionFailure):
        return _unreachable(text, hosts)
    if isinstance(error, ConfigurationError):
        return _unusable(error, hosts)
    return ServerUnreachableError(f"{hosts} could not be entered: {redact(text)}", host=hosts)


def _unusable(error: ConfigurationError, hosts: str) -> MangroveError:
    """Return our error for what the driver found wrong with address, name or files."""
    text = str(error)
    is_shape = isinstance(error, InvalidURI)
    if not is_shape and _NAME_SERVICE.search(text):
        return ServerUnreachableError(
            f"the name {hosts} could not be resolved", hint="check the host name", host=hosts
        )
    if not is_shape and _TLS.search(text):
        return TlsError(
            f"the TLS files of {hosts} could not be used: {redact(text)}", hint=_TLS_HINT
        )
    if "password is required" in text:
        return AuthenticationFailedError(
            f"{hosts} asks for a password and none is stored", hint="edit the profile", host=hosts
        )
    return InvalidUriError(
        f"the connection string cannot be used: {redact(text)}", hint="edit the profile"
    )


def while_working(error: PyMongoError, hosts: str) -> MangroveError:
    """Return our error for one met in the middle of work."""
    if isinstance(error, OperationFailure) and not isinstance(error, ExecutionTimeout):
        return _refused_work(error, hosts)
    if isinstance(error, ServerSelectionTimeoutError) and _TLS.search(str(error)):
        return _unreachable(str(error), hosts)
    if isinstance(error, NetworkTimeout) and (limit := _STALL_LIMIT.search(str(error))):
        return _stalled(float(limit[1]) / 1000, hosts)
    # InvalidOperation: the client was closed under the call, because the run was cancelled.
    lost = (AutoReconnect, ConnectionFailure, ExecutionTimeout, InvalidOperation)
    if isinstance(error, lost):
        return ConnectionLostError(
            f"the connection to {hosts} was lost in the middle of work",
            hint="run it again once the deployment answers",
            host=hosts,
        )
    return SourceError(f"{hosts} could not be asked: {redact(str(error))}", host=hosts)


def _stalled(limit_s: float, hosts: str) -> StalledError:
    return StalledError(
        f"{hosts} took and gave not a byte for {limit_s:g} seconds, so the work was ended",
        hint="check that the server runs and that the network holds, then run it again",
        host=hosts,
    )


def explain(error: OperationFailure) -> str:
    """Return the server's own words for a failed command, by name and without user data."""
    details = error.details or {}
    name = str(details.get("codeName", "")) or "an error"
    return f"{name} ({error.code})" if error.code is not None else name


def server_words(error: PyMongoError) -> str:
    """Return what the server said, in one line; only for commands without user data."""
    details = error.details if isinstance(error, OperationFailure) else None
    return " ".join(str((details or {}).get("errmsg", "")).split())[:_SHOWN]


def _refused_entry(error: OperationFailure, hosts: str) -> MangroveError:
    if error.code in _BAD_CREDENTIALS:
        return AuthenticationFailedError(
            f"{hosts} refused the user name or the password",
            hint="check user, password and authSource of the profile",
            host=hosts,
        )
    return _refused_work(error, hosts)


def _refused_work(error: OperationFailure, hosts: str) -> MangroveError:
    code = error.code
    if code == UNAUTHORIZED:
        return MissingPrivilegeError(
            f"the user may not do this on {hosts}: {_action(error)}",
            hint="grant the built-in role backup for dumps, restore for restores",
            host=hosts,
        )
    if code == ATLAS_ERROR and (refused := _NOT_ALLOWED.search(str(error))):
        command = refused[1] or refused[2]
        return UnsupportedTopologyError(
            f"Atlas does not allow {command} on clusters of this tier ({hosts})",
            hint="see 'Unsupported Commands in Atlas'; a dedicated cluster (M10 and up) allows it",
            host=hosts,
        )
    if code in _BAD_CREDENTIALS:
        return _refused_entry(error, hosts)
    if code in SNAPSHOT_CODES:
        return SnapshotLostError(
            f"{hosts} no longer holds the moment that is read at",
            hint="run it again with less data, with consistency none, or let the server keep "
            "more history (minSnapshotHistoryWindowInSeconds)",
            host=hosts,
        )
    if code in _GONE:
        return ConnectionLostError(
            f"{hosts} ended the work: {explain(error)}",
            hint="run it again once the deployment is steady",
            host=hosts,
        )
    return SourceError(f"{hosts} refused a command: {explain(error)}", host=hosts)


def _action(error: OperationFailure) -> str:
    """Return which command was refused; the server's message holds the whole command."""
    match = re.search(r"execute command \{ (\w+)", str(error))
    return match[1] if match else "sign-in is required"


def _unreachable(text: str, hosts: str) -> MangroveError:
    if _TLS.search(text):
        reason = re.search(r"\[SSL[^\]]*\][^(,]*", text)
        why = f": {reason[0].strip()}" if reason else ""
        return TlsError(f"no trusted TLS connection to {hosts} could be made{why}", hint=_TLS_HINT)
    if _CLOSED.search(text):
        return ServerUnreachableError(
            f"{hosts} closed the connection at once",
            hint="the server may want TLS: add tls=true to the connection string",
            host=hosts,
        )
    return ServerUnreachableError(
        f"{hosts} did not answer within the time limit",
        hint="check host, port, firewall and that the server runs",
        host=hosts,
    )
