"""When jobs were expected and when they ran: slots, thinned out to what finds room; no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.timeline.marks import Cluster, Tick, Ticks
from mangrove.ui.widgets.timeline.scale import Scale

APART = 18.0  # px: room for one shape


class SlotKind(StrEnum):
    """What became of an expected time, worst first."""

    FAILED = "failed"
    MISSED = "missed"
    LATE = "late"
    RUNNING = "running"
    PAUSED = "paused"
    ON_TIME = "on time"
    COMING = "coming"

    @property
    def tone(self) -> Tone:
        """The state it is drawn as."""
        return _TONES[self]


_TONES = {
    SlotKind.FAILED: Tone.EXPOSED,
    SlotKind.MISSED: Tone.EXPOSED,
    SlotKind.LATE: Tone.UNPROVEN,
    SlotKind.RUNNING: Tone.RUNNING,
    SlotKind.PAUSED: Tone.NEUTRAL,
    SlotKind.ON_TIME: Tone.PROVEN,
    SlotKind.COMING: Tone.NEUTRAL,
}
_ORDER = tuple(SlotKind)


@dataclass(frozen=True, slots=True)
class SlotMark:
    """One expected time.

    Attributes:
        at_s: When it was expected, in Unix seconds.
        begun_s: When it began; None where nothing did.
        words: What a pointer resting there is told besides the moments.
    """

    at_s: float
    kind: SlotKind
    words: str = ""
    begun_s: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Slots that fall on one place: the worst of them is what is seen."""

    slots: tuple[SlotMark, ...]
    x: float

    @property
    def kind(self) -> SlotKind:
        """The worst of them."""
        return min((slot.kind for slot in self.slots), key=_ORDER.index)


@dataclass(frozen=True)
class SlotRow:
    """The slots of one job, oldest first.

    Attributes:
        note: How well it was kept, in a few words.
        key: What it stands for, told when it is clicked.
    """

    name: str
    slots: tuple[SlotMark, ...]
    note: str = ""
    key: str = ""

    @cached_property
    def _ticks(self) -> Ticks:
        return Ticks([Tick(slot.at_s, slot.kind.tone) for slot in self.slots])

    def groups(self, scale: Scale) -> list[Group]:
        """Return what is seen, oldest first; slots closer than a shape is wide come as one."""
        return [self._group(cluster) for cluster in self._ticks.clusters(scale, APART)]

    def _group(self, cluster: Cluster) -> Group:
        return Group(self.slots[cluster.first : cluster.last + 1], cluster.x)


def counts(slots: Sequence[SlotMark]) -> list[tuple[SlotKind, int]]:
    """Return how many slots there are of each kind, worst first, without those of none."""
    found = [(kind, sum(slot.kind is kind for slot in slots)) for kind in _ORDER]
    return [(kind, number) for kind, number in found if number]
