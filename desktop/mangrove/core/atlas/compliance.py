"""Backup compliance policies: what a project's schedules may not fall short of."""

from dataclasses import dataclass

from mangrove.core.atlas.policy import BackupSchedule, PolicyItem, Retention
from mangrove.core.atlas.snapshot import Frequency
from mangrove.core.errors import AtlasComplianceError
from mangrove.core.wording import counted


@dataclass(frozen=True, slots=True)
class CompliancePolicy:
    """The least that every cluster of a project must do; nobody there can lower it.

    Source: Atlas documentation, "Configure a Backup Compliance Policy".

    Attributes:
        state: Atlas' own word, such as ``ACTIVE``.
        items: The least of scheduled snapshots.
        on_demand: How long snapshots on demand must stay.
        needs_continuous: Whether every cluster must have continuous backup.
    """

    state: str
    items: tuple[PolicyItem, ...] = ()
    on_demand: Retention | None = None
    restore_window_days: int = 0
    needs_continuous: bool = False

    @property
    def is_active(self) -> bool:
        """Whether it binds; while Atlas brings it in or changes it, too."""
        return bool(self.state)

    def shortfalls(self, schedule: BackupSchedule) -> tuple[str, ...]:
        """Say what a schedule falls short of."""
        found = [_shortfall(least, schedule) for least in self.items]
        days = schedule.restore_window_days or 0
        if days < self.restore_window_days:
            found.append(
                f"the restore window of {counted(days, 'day')} is shorter than the "
                f"{counted(self.restore_window_days, 'day')} of the compliance policy"
            )
        return tuple(filter(None, found))

    def require_kept(self, keep: Retention) -> None:
        """Refuse to keep a snapshot on demand for a shorter time than it must stay.

        Raises:
            AtlasComplianceError: If it would.
        """
        least = self.on_demand
        if self.is_active and least is not None and keep.length < least.length:
            raise AtlasComplianceError(
                f"snapshots on demand must stay {least.text} in this project, and {keep.text} "
                "were asked for; nothing was sent to Atlas",
                hint=f"keep it for {least.text} or longer",
            )

    def require_deletable(self) -> None:
        """Refuse to delete a snapshot where a policy is in force.

        Raises:
            AtlasComplianceError: If one is.
        """
        if self.is_active:
            raise AtlasComplianceError(
                "this project has a backup compliance policy: no snapshot can be deleted before "
                "it expires; nothing was sent to Atlas",
                hint="wait until it expires",
            )


def _shortfall(least: PolicyItem, schedule: BackupSchedule) -> str:
    same = [i for i in schedule.items if i.frequency is least.frequency]
    if least.frequency is Frequency.HOURLY:
        same = [i for i in same if i.interval <= least.interval]
    if not same:
        return f"the compliance policy wants a snapshot {least.when}"
    if max(i.keep.length for i in same) < least.keep.length:
        return f"snapshots {least.when} must be kept {least.keep.text} by the compliance policy"
    return ""
