"""Capturing the oplog: what is asked for, and where a new chain begins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.backup import Compression
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.oplog import ChainId, OplogExtent, OplogTimestamp, chain_id
from mangrove.core.pitr.planning import Base, newest_base
from mangrove.core.pitr.slices import DEFAULT_SLICE, MAX_SLICE, MIN_SLICE, OplogSlice

BEFORE_BASE = timedelta(seconds=90)
"""A chain begins so much before its base: transactions that the base was read amidst of.

Source: MongoDB manual, "transactionLifetimeLimitSeconds": 60 by default.
"""
_LENGTH = re.compile(r"(?P<number>\d{1,4})\s*(?P<unit>s|m|min|h)?", re.ASCII)
_SECONDS = {None: 60, "s": 1, "m": 60, "min": 60, "h": 3600}


class CaptureMode(StrEnum):
    """How long a capture goes on."""

    ONCE = "once"
    FOLLOW = "follow"


class OnGap(StrEnum):
    """What a capture does when the chain broke or has no base."""

    ASK = "ask"
    TAKE_BASE = "take-base"


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """What a capture run shall do.

    Attributes:
        slice_length: A slice is stored at least so often, while anything is written.
    """

    profile: str
    vault: str
    mode: CaptureMode = CaptureMode.FOLLOW
    slice_length: timedelta = DEFAULT_SLICE
    compression: Compression | None = None
    on_gap: OnGap = OnGap.ASK


def parse_slice_length(text: str) -> timedelta:
    """Read ``15m``, ``900s``, ``1h`` or plain minutes.

    Raises:
        InvalidSelectionError: Outside of 1 to 60 minutes, or no length at all.
    """
    match = _LENGTH.fullmatch(text.strip().lower())
    length = timedelta(seconds=int(match["number"]) * _SECONDS[match["unit"]]) if match else None
    if length is None or not MIN_SLICE <= length <= MAX_SLICE:
        raise InvalidSelectionError(
            f"'{text}' is not a length of slices", hint="write 1m to 60m, such as 15m"
        )
    return length


def base_to_begin_at(bases: Sequence[Base], extent: OplogExtent) -> Base | None:
    """Return the newest base that the oplog still reaches back to: windows begin with it."""
    base = newest_base(bases)
    return base if base is not None and extent.oldest.ts <= base.needs_from else None


def begin_before(base: Base) -> OplogTimestamp:
    """Return where to look for the entry that a chain for a base begins on."""
    margin = int(BEFORE_BASE.total_seconds())
    return OplogTimestamp(max(0, base.needs_from.seconds - margin), 0)


def next_chain(now: datetime, former: OplogSlice | None, tail: str) -> ChainId:
    """Name a new chain so that it sorts after the former, even if the clock went back."""
    if former is not None:
        began = datetime.strptime(former.chain.partition("-")[0], "%Y%m%dT%H%M%S%z")
        now = max(now, began + timedelta(seconds=1))
    return chain_id(now, tail)
