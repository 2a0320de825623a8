"""Points in time: which moments of a profile can be restored, with what, and why not others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.elsewhere import Elsewhere, ElsewhereSource
from mangrove.core.errors import (
    InvalidObjectiveError,
    InvalidScheduleError,
    ProfileNotFoundError,
)
from mangrove.core.figures.objectives import parse_age
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.moments import Edge, Moment, Zones, check_ahead, parse_moment
from mangrove.core.pitr.planning import RewindPlan, Timeline, base_of, plan_rewind
from mangrove.core.pitr.rewind_answer import RewindAnswer, rewind_answer
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.pitr.timeline import timeline_of
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.profile import Profile
from mangrove.core.restores.forecast import time_forecast
from mangrove.services.backups import BackupTools

UNTIL_HINT = "such as --until '2026-12-24 08:00', --until 18:00 or --for 8h"
LocalZone = Callable[[], tzinfo]
_READING = timedelta(days=7)
"""A backup stands at a later moment than it was started at, but surely not by more."""


class Points:
    """The moments of every profile, from the catalog alone; no server and no vault is asked.

    Args:
        tools: What the services about backups share.
        slices: The catalog of slices.
        zones: Finds a time zone by name.
        local_zone: The zone that a person's clock is in.
        elsewhere: Tells what others keep; None for nothing.
    """

    def __init__(
        self,
        tools: BackupTools,
        slices: SliceCatalog,
        zones: Zones,
        local_zone: LocalZone,
        elsewhere: ElsewhereSource | None = None,
    ) -> None:
        self._elsewhere = elsewhere
        self._tools = tools
        self._slices = slices
        self._zones = zones
        self._local_zone = local_zone

    def timeline(self, profile: str) -> Timeline:
        """Return windows, gaps and bases of a profile.

        Raises:
            ProfileNotFoundError: If neither a profile nor a backup is called so.
        """
        slug = self.slug_of(profile)
        records = self._tools.catalog.of_profile(slug)
        own = self._timeline(slug, records, self._slices.slices(slug))
        return replace(own, elsewhere=self._kept_of(slug))

    def kept(self, profile: Profile) -> tuple[Elsewhere, ...]:
        """Return what others keep of a profile, as it was last seen; nobody is asked."""
        return self._elsewhere.kept(profile) if self._elsewhere else ()

    def captured(self, slug: str) -> Timeline | None:
        """Return the timeline since capture began, by a profile's folder; None without any.

        Quicker than ``timeline`` where there are many backups from before.
        """
        slices = self._slices.slices(slug)
        if not slices:
            return None
        begun_at = min(piece.first.ts.at for piece in slices) - _READING
        return self._timeline(slug, self._tools.catalog.of_profile(slug, begun_at), slices)

    def reach(self, profile: str) -> datetime | None:
        """Return the newest moment that a replay leads to; None where nothing was captured.

        Raises:
            ProfileNotFoundError: As ``timeline``.
        """
        end = self.timeline(profile).end
        return end.at if end is not None else None

    def _timeline(
        self, slug: str, records: Iterable[BackupRecord], slices: Sequence[OplogSlice]
    ) -> Timeline:
        breaks, now = self._slices.breaks(slug), self._tools.clock.now()
        return timeline_of(map(base_of, records), slices, breaks, now)

    def plan(
        self, profile: str, limit: OplogTimestamp, backup: BackupId | None = None
    ) -> RewindPlan:
        """Return how to get to a moment: from its newest base, or from the one that is named.

        Raises:
            PointNotReachableError: Saying why, and what is near.
            ProfileNotFoundError: As ``timeline``.
        """
        return plan_rewind(self.timeline(profile), limit, backup)

    def answer(self, profile: str, timeline: Timeline, moment: Moment) -> RewindAnswer:
        """Say how to get to a moment and how long that is known to take, or why there is no way.

        Args:
            profile: Whose timeline it is; how long restores to it took counts.
            timeline: As ``timeline`` gave it.
            moment: Where to go.
        """
        found = rewind_answer(timeline, moment)
        if found.plan is None or found.base_takes is not None:
            return found
        size_bytes = found.plan.base.record.plain_bytes
        times = self._tools.times.of(profile)
        return replace(found, forecast=time_forecast(size_bytes, times, profile))

    def moment(self, text: str, edge: Edge = Edge.BEFORE) -> Moment:
        """Read a moment as a person wrote it; times without a zone are in this machine's.

        Raises:
            InvalidSelectionError: If it is none, or none that is certain.
        """
        return parse_moment(text, self._tools.clock.now(), self.zone, self._zones, edge)

    def until(self, text: str, span: str = "") -> datetime:
        """Read until when something shall rest: a moment, or a length of time from now on.

        Raises:
            InvalidSelectionError: If it is no moment, as ``moment``.
            InvalidObjectiveError: If it is no length of time.
            InvalidScheduleError: If neither was written.
        """
        if span:
            return self._tools.clock.now() + parse_age(span)
        if not text.strip():
            raise InvalidScheduleError("say until when, or for how long", hint=UNTIL_HINT)
        return self.moment(text).limit.at

    def rest(self, text: str, now: datetime) -> datetime:
        """Read until when something shall rest: a length of time, or a moment that is ahead.

        Raises:
            InvalidSelectionError: If it is neither.
            InvalidScheduleError: If nothing was written, or the moment is over.
        """
        try:
            return now + parse_age(text)
        except InvalidObjectiveError:
            until = self.until(text)
        check_ahead(until, now, "choose a later one")
        return until

    @property
    def zone(self) -> tzinfo:
        """The zone of a person's clock."""
        return self._local_zone()

    def _kept_of(self, slug: str) -> tuple[Elsewhere, ...]:
        profiles = (p for p in self._tools.profiles.all() if isinstance(p, Profile))
        found = next((p for p in profiles if p.slug == slug), None)
        return self.kept(found) if found else ()

    def slug_of(self, profile: str) -> str:
        """Return the folder of a profile, also of one that only the vaults still know."""
        try:
            return self._tools.profiles.find(profile).slug
        except ProfileNotFoundError:
            wanted = profile.casefold()
            for record in self._tools.catalog.all():
                if wanted in (record.profile_name.casefold(), record.profile_slug):
                    return record.profile_slug
            raise
