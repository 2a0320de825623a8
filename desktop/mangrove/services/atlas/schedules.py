"""Backup schedules at Atlas: show one, weigh a new one, send it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from mangrove.core.atlas.cluster import Wish
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.estimate import Estimate, estimate
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.policy import BackupSchedule, CopySetting, PolicyItem
from mangrove.core.atlas.policy_rules import Broken, broken_rules, require_valid
from mangrove.services.atlas.tools import AtlasTools


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule with what follows from it.

    Attributes:
        estimate: How many snapshots it comes to.
        broken: The rules of Atlas that it breaks.
        compliance: What binds the project; None without a policy.
    """

    schedule: BackupSchedule
    estimate: Estimate
    broken: tuple[Broken, ...] = ()
    compliance: CompliancePolicy | None = None


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """What shall be different; None leaves a part as it is.

    Attributes:
        items: All lines of the new schedule.
        time: Hour and minute, UTC.
        also_existing: Whether existing snapshots get the new retention too.
    """

    items: tuple[PolicyItem, ...] | None = None
    time: tuple[int, int] | None = None
    restore_window_days: int | None = None
    copies: tuple[CopySetting, ...] | None = None
    also_existing: bool = False

    def applied_to(self, old: BackupSchedule) -> BackupSchedule:
        """Return the new schedule; lines that go on keep Atlas' ids."""
        items = old.items if self.items is None else tuple(_with_ids(self.items, old.items))
        hour, minute = self.time or (old.hour, old.minute)
        days = self.restore_window_days
        return replace(
            old,
            items=items,
            hour=hour,
            minute=minute,
            restore_window_days=old.restore_window_days if days is None else days,
            copies=old.copies if self.copies is None else self.copies,
        )


class AtlasSchedules:
    """Calls go to Atlas and block for as long as that takes; ``weigh`` only computes."""

    def __init__(self, tools: AtlasTools) -> None:
        self._tools = tools

    def show(self, place: Located) -> ScheduleView:
        """Return a cluster's schedule.

        Raises:
            AtlasUnsupportedError: If its tier has none.
        """
        place.cluster.require(Wish.SCHEDULE)
        with self._tools.opened(place) as api:
            schedule = api.schedule(place.cluster)
            compliance = api.compliance(place.project.project_id)
        return self.weigh(place, schedule, compliance)

    def weigh(
        self, place: Located, schedule: BackupSchedule, compliance: CompliancePolicy | None
    ) -> ScheduleView:
        """Say what a schedule comes to and which rules it breaks; nothing is asked of Atlas."""
        counted = estimate(schedule, self._tools.clock.now().date())
        broken = broken_rules(schedule, place.cluster, compliance)
        return ScheduleView(schedule, counted, broken, compliance)

    def preview(self, place: Located, change: ScheduleChange) -> ScheduleView:
        """Say what a change would come to; nothing is changed."""
        now = self.show(place)
        return self.weigh(place, change.applied_to(now.schedule), now.compliance)

    def change(self, place: Located, change: ScheduleChange) -> ScheduleView:
        """Send a change, if it breaks no rule.

        Raises:
            InvalidAtlasPolicyError: Naming every broken rule; nothing was sent.
            AtlasUnsupportedError: If its tier has no schedule.
        """
        now = self.show(place)
        wanted = change.applied_to(now.schedule)
        require_valid(wanted, place.cluster, now.compliance)
        with self._tools.opened(place) as api:
            made = api.change_schedule(place.cluster, wanted, also_existing=change.also_existing)
        return self.weigh(place, made, now.compliance)


def _with_ids(new: Sequence[PolicyItem], old: Sequence[PolicyItem]) -> Sequence[PolicyItem]:
    """Give each new line the id of the old one that it goes on from: of its kind, in order."""
    kept = []
    for frequency in dict.fromkeys(i.frequency for i in new):
        olds = [i for i in old if i.frequency is frequency]
        news = [i for i in new if i.frequency is frequency]
        for item, before in zip_longest(news, olds[: len(news)]):
            kept.append(replace(item, item_id=before.item_id if before else ""))
    return kept
