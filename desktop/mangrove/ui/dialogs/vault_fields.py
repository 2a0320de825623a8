"""A vault's place as the fields of a form, and the URL they make."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mangrove.core.vault import StorageKind

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """Where a vault shall be.

    Attributes:
        endpoint: Of an S3-compatible service; "" for Amazon's own.
    """

    kind: StorageKind = StorageKind.FOLDER
    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""

    def url(self) -> str:
        """Return the vault URL, without keys."""
        if self.kind is StorageKind.FOLDER:
            return f"file://{quote(self.folder.strip())}"
        where = "/".join(filter(None, (self.bucket.strip(), self.prefix.strip(" /"))))
        options = (("endpoint", self.endpoint.strip()), ("region", self.region.strip()))
        query = urlencode([o for o in options if o[1]], quote_via=quote, safe="/:")
        return f"s3://{quote(where)}" + (f"?{query}" if query else "")


def recipients_in(text: str) -> tuple[str, ...]:
    """Return what stands on the lines of a text."""
    return tuple(filter(None, (line.strip() for line in text.splitlines())))


def is_recipient(text: str) -> bool:
    """Whether this looks like an age recipient; its checksum is tested when it is used.

    Source: C2SP age.md, "The X25519 recipient type": Bech32 of 32 bytes with prefix "age".
    """
    return _RECIPIENT.fullmatch(text) is not None
