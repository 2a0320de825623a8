"""Trusted comments of oplog slices and breaks: everything a catalog has to know of them.

A signature also covers its comment alone, so a vault with a hundred thousand slices is listed
without reading any of them.
"""

import re
from datetime import datetime, timedelta

from mangrove.core.errors import SignatureInvalidError
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import ChainId, OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import BreakKind, ChainBreak, OplogSlice
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.codecs.strict_json import encode_moment
from mangrove.vault.slices.layout import SliceName

MAX_NUMBER = (1 << 32) - 1
_POSITION = r"\d{1,10}:\d{1,10}/-?\d{1,18}"
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
_CHAIN = r"\d{8}T\d{6}Z-[0-9a-f]{4}"
_SLICE = re.compile(
    rf"mangrove oplog slice of (?P<slug>[a-z0-9-]+) chain (?P<chain>{_CHAIN})"
    rf" first (?P<first>{_POSITION}) last (?P<last>{_POSITION})"
    r" entries (?P<entries>\d{1,15}) plain (?P<plain>\d{1,15}) stored (?P<stored>\d{1,15})"
    r" sha256 (?P<sha256>[0-9a-f]{64}) previous (?P<previous>[0-9a-f]{64}|none)"
    rf" headroom (?P<headroom>\d{{1,10}}|unknown) at (?P<at>{_MOMENT})"
    r"(?: to (?P<to>[0-9a-f]{16}))? vault (?P<vault>\S+)",
    re.ASCII,
)
_BREAK = re.compile(
    rf"mangrove oplog break of (?P<slug>[a-z0-9-]+) kind (?P<kind>[a-z-]+)"
    rf" chain (?P<chain>{_CHAIN}|all) after (?P<start>\d{{1,10}}:\d{{1,10}})"
    rf" until (?P<until>\d{{1,10}}:\d{{1,10}}) at (?P<at>{_MOMENT}) vault (?P<vault>\S+)",
    re.ASCII,
)


def slice_comment(piece: OplogSlice, to: str = "") -> str:
    """Return the trusted comment of a slice.

    Args:
        piece: What it is.
        to: The mark of whom a re-wrap sealed it to; "" for one that never was re-wrapped.
    """
    blob = piece.blob
    headroom = "unknown" if piece.headroom is None else int(piece.headroom.total_seconds())
    return (
        f"mangrove oplog slice of {piece.profile_slug} chain {piece.chain}"
        f" first {_written(piece.first)} last {_written(piece.last)}"
        f" entries {piece.entries} plain {blob.plain_bytes} stored {blob.size_bytes}"
        f" sha256 {blob.sha256} previous {piece.previous or 'none'}"
        f" headroom {headroom} at {encode_moment(piece.captured_at)}"
        f"{f' to {to}' if to else ''} vault {piece.vault_id}"
    )


def sealed_to(text: str) -> str:
    """Return the mark of whom a re-wrap sealed a slice to; "" for any other comment."""
    match = _SLICE.fullmatch(text)
    return (match["to"] or "") if match else ""


def parse_slice_comment(text: str, name: SliceName) -> OplogSlice:
    """Read a slice's trusted comment.

    Args:
        text: The comment, its signature checked.
        name: Of the blob it was found beside.

    Raises:
        SignatureInvalidError: If it is the comment of anything else, or of another place.
    """
    match = _SLICE.fullmatch(text)
    if match is None:
        raise SignatureInvalidError("the signature is not one of an oplog slice")
    headroom = match["headroom"]
    blob = StoredBlob(name.blob, int(match["stored"]), match["sha256"], int(match["plain"]))
    piece = OplogSlice(
        vault_id=VaultId(match["vault"]),
        profile_slug=match["slug"],
        chain=ChainId(match["chain"]),
        first=_position(match["first"]),
        last=_position(match["last"]),
        entries=int(match["entries"]),
        blob=blob,
        compression=name.compression,
        previous="" if match["previous"] == "none" else match["previous"],
        captured_at=_moment(match["at"]),
        headroom=None if headroom == "unknown" else timedelta(seconds=int(headroom)),
    )
    place = (piece.profile_slug, piece.chain, piece.first.ts, piece.last.ts)
    if place != (name.profile_slug, name.chain, name.first, name.last):
        raise SignatureInvalidError(
            "the slice was signed for another place or other boundaries than its name says"
        )
    return piece


def break_comment(cut: ChainBreak) -> str:
    """Return the trusted comment of a break."""
    return (
        f"mangrove oplog break of {cut.profile_slug} kind {cut.kind} chain {cut.chain or 'all'}"
        f" after {cut.at} until {cut.until} at {encode_moment(cut.noted_at)} vault {cut.vault_id}"
    )


def parse_break_comment(text: str) -> ChainBreak:
    """Read a break's trusted comment.

    Raises:
        SignatureInvalidError: If it is the comment of anything else.
    """
    match = _BREAK.fullmatch(text)
    if match is None or match["kind"] not in list(BreakKind):
        raise SignatureInvalidError("the signature is not one of an oplog break")
    return ChainBreak(
        vault_id=VaultId(match["vault"]),
        profile_slug=match["slug"],
        kind=BreakKind(match["kind"]),
        chain=None if match["chain"] == "all" else ChainId(match["chain"]),
        at=_timestamp(match["start"]),
        until=_timestamp(match["until"]),
        noted_at=_moment(match["at"]),
    )


def _written(position: OplogPosition) -> str:
    return f"{position.ts}/{position.term}"


def _position(text: str) -> OplogPosition:
    ts, _, term = text.partition("/")
    return OplogPosition(_timestamp(ts), int(term))


def _timestamp(text: str) -> OplogTimestamp:
    ts = OplogTimestamp.parse(text)
    if max(ts.seconds, ts.increment) > MAX_NUMBER:
        raise SignatureInvalidError("the signature names a moment that no oplog has")
    return ts


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.removesuffix("Z") + "+00:00")
    except ValueError:
        raise SignatureInvalidError("the signature names no moment in time") from None
