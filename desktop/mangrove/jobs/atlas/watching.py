"""Looks at something that goes on at Atlas until it is over, with patience and a way out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.atlas.link import Located
from mangrove.core.errors import RunCancelled
from mangrove.core.ports.atlas import AtlasApi, AtlasGate
from mangrove.jobs.context import RunContext

Seen = TypeVar("Seen")


@contextmanager
def opened(ctx: RunContext, gate: AtlasGate, account: AtlasAccount) -> Iterator[AtlasApi]:
    """Open the way to Atlas; a cancel breaks off what is under way there."""
    with gate.open(account, say=ctx.note) as api, ctx.closing_on_cancel(api.abort):
        yield api


def watched(
    ctx: RunContext,
    look: Callable[[], Seen],
    is_over: Callable[[Seen], bool],
    tell: Callable[[Seen], str],
    poll_s: float,
) -> Seen:
    """Look again and again until it is over; returns the last sight.

    Raises:
        RunCancelled: If the run was cancelled; what goes on at Atlas is not touched by that.
    """
    said = ""
    while True:
        seen = look()
        if is_over(seen):
            return seen
        now = tell(seen)
        if now != said:
            said = now
            ctx.log(now)
        ctx.note(now)
        if ctx.cancelled.wait(poll_s):
            raise RunCancelled


def lane_of(place: Located) -> str:
    """Name the lane of runs that change a cluster: one at a time."""
    return f"Atlas cluster {place.text}"
