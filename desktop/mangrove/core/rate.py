"""Bandwidth limits: how they are written, and how long whoever moved bytes has to wait."""

import re
from dataclasses import dataclass, replace
from typing import Self

from mangrove.core.errors import InvalidSelectionError

BURST_S = 0.25
_UNITS = {
    "": 1,
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "ki": 1 << 10,
    "mi": 1 << 20,
    "gi": 1 << 30,
}
_RATE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmg]i?|)b?(?:/s|ps)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """A limit, and when everything taken so far will have been paid for.

    Units: bytes per second; seconds of any clock that only grows.
    Source: the generic cell rate algorithm, which is a token bucket kept as one moment.
    """

    bytes_per_s: float
    paid_until_s: float

    def taking(self, count: int, now_s: float) -> tuple[Self, float]:
        """Take bytes; returns the bucket afterwards and how many seconds to wait.

        What was not used lately may be caught up for a quarter of a second's worth, no more.
        """
        begun_s = max(self.paid_until_s, now_s - BURST_S)
        paid_until_s = begun_s + count / self.bytes_per_s
        return replace(self, paid_until_s=paid_until_s), max(0.0, paid_until_s - now_s)


def parse_rate(text: str) -> int:
    """Understand ``10MB/s``, ``512KiB/s`` or ``2M``: bytes per second.

    Raises:
        InvalidSelectionError: If it is no such text, or less than one byte.
    """
    match = _RATE.fullmatch(text.strip())
    rate = int(float(match["number"]) * _UNITS[match["unit"].lower()]) if match else 0
    if rate < 1:
        raise InvalidSelectionError(
            f"'{text}' is no rate; nothing was started", hint="write it like 10MB/s or 512KiB/s"
        )
    return rate
