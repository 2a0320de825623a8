"""Names of oplog slices and breaks in a vault (DESIGN.md section 4), and the way back."""

import re
from dataclasses import dataclass

from mangrove.core.backup import Compression
from mangrove.core.blobs import BlobName
from mangrove.core.oplog import ChainId, OplogTimestamp
from mangrove.core.pitr.slices import ChainBreak
from mangrove.vault.blob_name import checked
from mangrove.vault.layout import SEALED_SUFFIX, SIGNATURE_SUFFIX

_OPLOG = "oplog"
_BREAKS = "breaks"
_TS = r"\d{10}-\d{10}"
_SLICE = re.compile(
    rf"(?P<slug>[a-z0-9-]+)/{_OPLOG}/(?P<chain>\d{{8}}T\d{{6}}Z-[0-9a-f]{{4}})/"
    rf"(?P<first>{_TS})_(?P<last>{_TS})\.bson(?P<packed>\.zst|\.gz)?"
    r"(?:(?:\.r(?P<generation>[1-9]\d{0,5}))?(?P<sealed>\.age))?"
    r"(?P<signature>\.minisig)?",
    re.ASCII,
)
_BREAK = re.compile(
    rf"(?P<slug>[a-z0-9-]+)/{_OPLOG}/{_BREAKS}/(?P<stem>[a-z-]+_{_TS}_{_TS}_[0-9A-Za-z-]+)\.txt"
    r"(?P<sealed>\.age)?(?P<signature>\.minisig)?",
    re.ASCII,
)
_PACKED = {kind.suffix: kind for kind in Compression}


@dataclass(frozen=True, slots=True)
class SliceName:
    """What the name of a slice says; only its signature says whether it is true.

    Attributes:
        generation: How often it was given to other recipients.
    """

    profile_slug: str
    chain: ChainId
    first: OplogTimestamp
    last: OplogTimestamp
    compression: Compression
    sealed: bool
    generation: int = 0

    @property
    def place(self) -> tuple[str, ChainId, OplogTimestamp, OplogTimestamp]:
        """What it is, in whatever generation."""
        return (self.profile_slug, self.chain, self.first, self.last)

    @property
    def blob(self) -> BlobName:
        """The name itself; names of one chain sort by time, so a shell can join them."""
        again = f".r{self.generation}" if self.generation else ""
        seal = f"{again}{SEALED_SUFFIX}" if self.sealed else ""
        span = f"{_written(self.first)}_{_written(self.last)}"
        return checked(
            f"{chain_folder(self.profile_slug, self.chain)}{span}.bson"
            f"{self.compression.suffix}{seal}"
        )


def oplog_folder(profile_slug: str) -> str:
    """Return the folder of a profile's slices, with a slash at its end."""
    return f"{profile_slug}/{_OPLOG}/"


def chain_folder(profile_slug: str, chain: ChainId) -> str:
    """Return the folder of one chain, with a slash at its end."""
    return f"{oplog_folder(profile_slug)}{chain}/"


def break_name(cut: ChainBreak, *, sealed: bool) -> BlobName:
    """Name a break: the same one has the same name, however often it is found."""
    stem = f"{cut.kind}_{_written(cut.at)}_{_written(cut.until)}_{cut.chain or 'all'}"
    seal = SEALED_SUFFIX if sealed else ""
    return checked(f"{oplog_folder(cut.profile_slug)}{_BREAKS}/{stem}.txt{seal}")


def slice_in(name: str) -> SliceName | None:
    """Read the name of a slice or of its signature; None for any other."""
    match = _SLICE.fullmatch(name)
    if match is None:
        return None
    return SliceName(
        match["slug"],
        ChainId(match["chain"]),
        _read(match["first"]),
        _read(match["last"]),
        _PACKED[match["packed"] or ""],
        match["sealed"] is not None,
        int(match["generation"] or 0),
    )


def is_of_oplog(name: str) -> bool:
    """Whether a blob is a slice, a break, or the signature of either."""
    return bool(_SLICE.fullmatch(name) or _BREAK.fullmatch(name))


def is_break(name: str) -> bool:
    """Whether a blob is a break, not its signature."""
    match = _BREAK.fullmatch(name)
    return match is not None and match["signature"] is None


def is_signature(name: str) -> bool:
    """Whether a name is that of a signature."""
    return name.endswith(SIGNATURE_SUFFIX)


def _written(ts: OplogTimestamp) -> str:
    return f"{ts.seconds:010d}-{ts.increment:010d}"


def _read(text: str) -> OplogTimestamp:
    seconds, _, increment = text.partition("-")
    return OplogTimestamp(int(seconds), int(increment))
