"""Drills: a recovery to a moment drawn by lot, timed step by step; its evidence is kept."""

import secrets
from dataclasses import replace
from datetime import timedelta

from mangrove.core.backup import Consistency
from mangrove.core.drill import DrillPlan, DrillRequest, plan_drill
from mangrove.core.ports.state import ScratchRegister
from mangrove.core.run import RunId, RunKind
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.jobs.verifications.verify import phases_of
from mangrove.services.assertions import Assertions
from mangrove.services.backups import BackupTools
from mangrove.services.points import Points
from mangrove.services.verification import body_of


class Drills:
    """Recoveries on trial, of whole profiles."""

    def __init__(
        self,
        tools: BackupTools,
        points: Points,
        scratch: ScratchRegister,
        assertions: Assertions,
    ) -> None:
        self._tools = tools
        self._points = points
        self._scratch = scratch
        self._assertions = assertions

    def plan(self, request: DrillRequest) -> DrillPlan:
        """Say where a drill would go; a request without a seed is drawn anew each time.

        Raises:
            PointNotReachableError: If there is no way there.
            ProfileNotFoundError: If neither a profile nor a backup is called so, or the target
                is no profile.
        """
        if request.target != EMBEDDED:
            self._tools.profiles.find(request.target)
        slug = self._points.slug_of(request.profile)
        records = self._tools.catalog.of_profile(slug)
        seeded = replace(request, seed=request.seed or secrets.token_hex(4))
        return plan_drill(self._points.timeline(request.profile), records, seeded)

    def start(self, request: DrillRequest) -> RunId:
        """Start a drill and return at once.

        Raises:
            PointNotReachableError, ProfileNotFoundError: Nothing was started.
        """
        tools = self._tools
        started_s = tools.clock.monotonic_s()
        plan = self.plan(request)
        wanted = VerifyRequest(plan.base.backup, Level.DRILLED, request.target)
        body = replace(
            body_of(tools, self._scratch, self._assertions, plan.base, wanted),
            rewind=plan.rewind,
            drill=plan.drill,
            located=timedelta(seconds=tools.clock.monotonic_s() - started_s),
        )
        ticket = Ticket(
            kind=RunKind.DRILL,
            title=f"Drill a recovery of {plan.base.profile_name}",
            phases=phases_of(
                Level.DRILLED,
                replays=_replays(plan),
                asks=bool(body.assertions),
                compares=bool(plan.drill.compared_with),
            ),
            profile=plan.base.profile_name,
            vault=body.vault.spec.name,
            backup=plan.base.backup,
            claims=(Claim(f"backup {plan.base.backup}"),),
        )
        return tools.runner.start(ticket, body)


def _replays(plan: DrillPlan) -> bool:
    has_slices = plan.rewind is not None and bool(plan.rewind.slices)
    return has_slices or plan.base.achieved is Consistency.OPLOG
