"""Captures: start one, say whether one goes on, stop it."""

from functools import partial

from mangrove.core.backup import BackupRequest
from mangrove.core.errors import ChainTakenError, MangroveError
from mangrove.core.own_work import OwnWork
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest, OnGap
from mangrove.core.pitr.planning import Base, base_of
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.state import RunHistory
from mangrove.core.profile import Profile
from mangrove.core.run import RunId, RunKind, RunStatus
from mangrove.core.vaults.vault import VaultSpec
from mangrove.jobs.capture import PHASES, CaptureBody
from mangrove.jobs.context import RunContext
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.services.backups import Backups, BackupTools


class Captures:
    """Keeping the oplog."""

    def __init__(
        self, tools: BackupTools, backups: Backups, slices: SliceCatalog, history: RunHistory
    ) -> None:
        self._tools = tools
        self._backups = backups
        self._slices = slices
        self._history = history

    def start(self, request: CaptureRequest) -> RunId:
        """Start a capture and return at once; it runs beside everything but a second one.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: Nothing was started.
            UnsupportedTopologyError: If the oplog of its Atlas cluster cannot be read.
            ChainTakenError: If this profile is being captured into this vault already.
        """
        tools = self._tools
        profile = tools.profiles.find(request.profile)
        spec = tools.vaults.find(request.vault)
        tools.limits.require(profile.profile_id, OwnWork.CAPTURE)
        self._refuse_second(profile, spec)
        body = CaptureBody(
            request=request,
            slug=profile.slug,
            open_oplog=partial(tools.gate.open_oplog, profile),
            vault=tools.keeper.open(spec),
            catalog=self._slices,
            bases=partial(self._bases, profile, spec),
            clock=tools.clock,
            on_gap=partial(self._take_base, request),
            mirrors=tools.mirrors_of(spec),
        )
        goes_on = request.mode is CaptureMode.FOLLOW
        ticket = Ticket(
            kind=RunKind.CAPTURE,
            title=f"{'Follow' if goes_on else 'Capture'} the oplog of {profile.name}",
            phases=PHASES,
            profile=profile.name,
            vault=spec.name,
            claims=(Claim(f"capture of {profile.name} into {spec.name}"),),
        )
        return tools.runner.start(ticket, body)

    def going_on(self, profile: str) -> tuple[RunStatus, ...]:
        """Return the captures of a profile that run now, in this process or another."""
        mine = {s.run_id: s for s in self._tools.runner.live()}
        return tuple(
            mine.get(run.run_id, run)
            for run in self._history.unfinished()
            if run.kind is RunKind.CAPTURE and run.profile == profile
        )

    def _refuse_second(self, profile: Profile, spec: VaultSpec) -> None:
        for run in self.going_on(profile.name):
            if run.vault == spec.name:
                raise ChainTakenError(
                    f"'{profile.name}' is being captured into the vault '{spec.name}' already"
                    f" (run {run.run_id}); nothing was started",
                    hint="stop that one first",
                )

    def _bases(self, profile: Profile, spec: VaultSpec) -> tuple[Base, ...]:
        return tuple(
            base_of(record)
            for record in self._tools.catalog.of_profile(profile.slug)
            if record.vault_id == spec.vault_id
        )

    def _take_base(self, request: CaptureRequest, ctx: RunContext) -> None:
        """Start a backup beside the capture, if the request says so."""
        if request.on_gap is not OnGap.TAKE_BASE:
            return
        try:
            run_id = self._backups.start(BackupRequest(request.profile, request.vault))
        except MangroveError as error:
            ctx.log(f"a new base could not be taken: {error.message}")
        else:
            ctx.log(f"a new base is taken by run {run_id}")
