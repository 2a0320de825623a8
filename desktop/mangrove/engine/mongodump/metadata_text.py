"""A collection's metadata as a dump holds it, read within limits of size and time."""

from typing import Final

from mangrove.core.errors import MalformedDumpError, MalformedMetadataError
from mangrove.engine.metadata import CollectionMetadata

MAX_METADATA_BYTES: Final = 16 << 20
_MAX_VALUES: Final = 200_000
"""Far more than a collection has: 64 indexes of 32 fields (MongoDB manual, "Limits and Thresholds")
and a validator. Guards memory and time: a million bare numbers took 50 s and 400 MB.
"""


def parsed_metadata(content: bytes, file: str, what: str) -> CollectionMetadata | None:
    """Read a metadata document; None for an empty one, which old tools left for "unknown".

    Args:
        content: UTF-8 text.
        file: Where it was found.
        what: What to call it in messages.

    Raises:
        MalformedDumpError: If it is too large or cannot be understood.
    """
    if not content:
        return None
    if len(content) > MAX_METADATA_BYTES or content.count(b",") > _MAX_VALUES:
        raise MalformedDumpError(
            f"{what} is too large for a collection's metadata", file=file, offset=0
        )
    try:
        return CollectionMetadata.from_bytes(content)
    except MalformedMetadataError as error:
        raise MalformedDumpError(
            f"{what} cannot be understood: {error.message}",
            file=file,
            offset=error.details.get("position"),
        ) from error
