"""A vault's place as the fields of a form, and the URL they make."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mangrove.core.vaults.url import StorageKind

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """Where a vault shall be.

    Attributes:
        bucket: Also a container of Azure, or a remote of rclone.
        endpoint: Of another service than the kind's usual one; "" for that.
        account: Of Azure.
        server: ``user@host[:port]`` of an SFTP server.
        key_file, known_hosts: Files of this computer; "" for the agent or a password, and for
            the person's own.
    """

    kind: StorageKind = StorageKind.FOLDER
    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    account: str = ""
    server: str = ""
    key_file: str = ""
    known_hosts: str = ""

    def url(self) -> str:
        """Return the vault URL, without keys."""
        match self.kind:
            case StorageKind.FOLDER:
                return f"file://{quote(self.folder.strip())}"
            case StorageKind.SFTP:
                path = quote(self.folder.strip())
                where = f"{self.server.strip()}{'' if path.startswith('/') else '/'}{path}"
            case _:
                where = quote("/".join(filter(None, (self.bucket.strip(), self._prefix()))))
        query = urlencode([o for o in self._options() if o[1]], quote_via=quote, safe="/:")
        return f"{self.kind}://{where}" + (f"?{query}" if query else "")

    def _prefix(self) -> str:
        return self.prefix.strip(" /")

    def _options(self) -> tuple[tuple[str, str], ...]:
        endpoint = ("endpoint", self.endpoint.strip())
        match self.kind:
            case StorageKind.S3:
                return (endpoint, ("region", self.region.strip()))
            case StorageKind.AZURE:
                return (("account", self.account.strip()), endpoint)
            case StorageKind.GOOGLE:
                return (endpoint,)
            case StorageKind.SFTP:
                known = self.known_hosts.strip()
                return (("key", self.key_file.strip()), ("known_hosts", known))
            case _:
                return ()


def recipients_in(text: str) -> tuple[str, ...]:
    """Return what stands on the lines of a text."""
    return tuple(filter(None, (line.strip() for line in text.splitlines())))


def is_recipient(text: str) -> bool:
    """Whether this looks like an age recipient; its checksum is tested when it is used.

    Source: C2SP age.md, "The X25519 recipient type": Bech32 of 32 bytes with prefix "age".
    """
    return _RECIPIENT.fullmatch(text) is not None
