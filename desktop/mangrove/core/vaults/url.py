"""A vault's URL, taken apart: the kind of its storage, the place in it, and options."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

from mangrove.core.errors import InvalidProfileError, InvalidVaultUrlError
from mangrove.core.tunnel import TunnelAuth, parse_server

_KINDS_HINT = (
    "write file:///path, s3://bucket/prefix?endpoint=https://host&region=name, "
    "az://container/prefix?account=name, gs://bucket/prefix, sftp://user@host:port/path or "
    "rclone://remote/path"
)
_SFTP_HINT = "write sftp://user@host:port/path, or /~/path for a folder below the user's own"


class StorageKind(StrEnum):
    """The kinds of storage a vault can live in."""

    FOLDER = "file"
    S3 = "s3"
    AZURE = "az"
    GOOGLE = "gs"
    SFTP = "sftp"
    RCLONE = "rclone"


_OPTIONS: dict[str, frozenset[str]] = {
    StorageKind.FOLDER: frozenset(),
    StorageKind.S3: frozenset({"endpoint", "region", "style", "checksum"}),
    StorageKind.AZURE: frozenset({"account", "endpoint"}),
    StorageKind.GOOGLE: frozenset({"endpoint"}),
    StorageKind.SFTP: frozenset({"auth", "key", "known_hosts"}),
    StorageKind.RCLONE: frozenset({"config"}),
}
_ROOT_WORDS = {
    StorageKind.S3: "bucket",
    StorageKind.AZURE: "container",
    StorageKind.GOOGLE: "bucket",
    StorageKind.RCLONE: "remote of rclone",
}
_REMOTE = re.compile(r"[\w.+@][\w.+@ -]*")
_SECRET_OPTIONS = frozenset(
    {"sig", "password", "secret", "secret_key", "secret_access_key", "account_key", "sas"}
)


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """A vault's URL, taken apart; never holds keys.

    Attributes:
        root: The folder's absolute path; ``bucket`` or ``bucket/prefix``, and so for a container
            or a remote of rclone; ``user@host:port/path`` for SFTP.
        options: Query parameters such as ``endpoint`` and ``region``.
    """

    kind: StorageKind
    root: str
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        """Return a parameter's value."""
        return dict(self.options).get(name)


def parse_vault_url(url_text: str) -> StorageAddress:
    """Take a vault's URL apart.

    Raises:
        InvalidVaultUrlError: If the kind is unknown, a part is missing, or keys are inside.
    """
    try:
        parts = urlsplit(url_text.strip())
        scheme, host, path = parts.scheme, parts.netloc, unquote(parts.path)
    except ValueError:
        raise InvalidVaultUrlError("this is not a vault URL", hint=_KINDS_HINT) from None
    is_login = parts.username is not None and scheme != StorageKind.SFTP
    if is_login or parts.password is not None:
        raise _keys_inside()
    if not scheme and path.startswith("/"):
        raise InvalidVaultUrlError(
            "a vault is named by a URL, not by a path", hint=f"write file://{path}"
        )
    if scheme not in _OPTIONS:
        raise InvalidVaultUrlError(f"'{scheme}' is not a kind of vault", hint=_KINDS_HINT)
    kind = StorageKind(scheme)
    options = _checked_options(kind, parts.query)
    if kind is StorageKind.FOLDER:
        return _folder_address(host, path)
    if kind is StorageKind.SFTP:
        return _sftp_address(host, path, options)
    return _rooted_address(kind, host, path, options)


def _keys_inside() -> InvalidVaultUrlError:
    hint = "give the access key or password apart; it goes to the keyring"
    return InvalidVaultUrlError("a vault URL holds no keys", hint=hint)


def _checked_options(kind: StorageKind, query: str) -> tuple[tuple[str, str], ...]:
    options = tuple(parse_qsl(query))
    for name, _ in options:
        if name.lower() in _SECRET_OPTIONS:
            raise _keys_inside()
        if (
            name not in _OPTIONS[kind] and kind is not StorageKind.S3
        ):  # which took any from the first
            known = ", ".join(sorted(_OPTIONS[kind])) or "none"
            raise InvalidVaultUrlError(
                f"'{name}' is not an option of a vault of the kind '{kind}'",
                hint=f"these are: {known}",
            )
    return options


def _folder_address(host: str, path: str) -> StorageAddress:
    if host not in ("", "localhost") or not path.startswith("/"):
        raise InvalidVaultUrlError("a folder vault needs an absolute path", hint=_KINDS_HINT)
    return StorageAddress(StorageKind.FOLDER, path.rstrip("/") or "/")


def _sftp_address(server: str, path: str, options: tuple[tuple[str, str], ...]) -> StorageAddress:
    try:
        parse_server(server)
    except InvalidProfileError as error:
        raise InvalidVaultUrlError(error.message, hint=_SFTP_HINT) from None
    if path.rstrip("/") in ("", "/~"):
        raise InvalidVaultUrlError("the URL names no folder on the server", hint=_SFTP_HINT)
    if any(part in (".", "..") for part in path.split("/")):
        raise InvalidVaultUrlError("the folder holds a dotted part", hint=_SFTP_HINT)
    if dict(options).get("auth", TunnelAuth.AGENT) not in tuple(TunnelAuth):
        raise InvalidVaultUrlError(
            "this is no way to sign in", hint=f"auth is one of {', '.join(TunnelAuth)}"
        )
    return StorageAddress(StorageKind.SFTP, server + path.rstrip("/"), options)


def _rooted_address(
    kind: StorageKind, root: str, path: str, options: tuple[tuple[str, str], ...]
) -> StorageAddress:
    """Take apart what begins with a bucket, a container or a remote of rclone."""
    if not root:
        raise InvalidVaultUrlError(f"the URL names no {_ROOT_WORDS[kind]}", hint=_KINDS_HINT)
    if kind is StorageKind.RCLONE and not _REMOTE.fullmatch(root):
        raise InvalidVaultUrlError("this is no name of an rclone remote", hint=_KINDS_HINT)
    if kind is StorageKind.AZURE and "account" not in dict(options):
        hint = "write az://container/prefix?account=name"
        raise InvalidVaultUrlError("the URL names no storage account", hint=hint)
    prefix = path.strip("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise InvalidVaultUrlError("the prefix holds an empty or dotted part", hint=_KINDS_HINT)
    return StorageAddress(kind, f"{root}/{prefix}".rstrip("/"), options)
