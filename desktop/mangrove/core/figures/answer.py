"""The answers: what the overview, ``status`` and the alerts are given, in one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf

from mangrove.core.backup_record import BackupRecord
from mangrove.core.elsewhere import Elsewhere
from mangrove.core.figures.changes import Change
from mangrove.core.figures.compliance import Compliance, Slot
from mangrove.core.figures.days import DayMark
from mangrove.core.figures.evidence import EvidenceFact, Freshness
from mangrove.core.figures.exposure import Exposure, Span
from mangrove.core.figures.lights import Light, Lights
from mangrove.core.figures.needs import Need
from mangrove.core.figures.objectives import Objectives, RpoTarget
from mangrove.core.figures.protection import Observed, RpoPoint
from mangrove.core.figures.restore_estimate import MeasuredRestore, RestoreEstimate
from mangrove.core.figures.sizes import SizeSeries
from mangrove.core.jobs.job import JobId, JobKind
from mangrove.core.vaults.keys import KitState
from mangrove.core.vaults.vault import VaultId


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """The figures of one database.

    Attributes:
        exposure: E(d).
        target: R(d).
        is_met: Whether E(d) <= R(d).
        covered: How many of its collections a backup within the objective holds with all their
            documents; None for all of them.
        total: How many there are; None while nobody looked.
        objectives: What is set for it, the profile's included.
        freshness: V(d).
        restore: T(d).
        observed: Over the period of the profile's.
    """

    name: str
    light: Light
    lights: Lights
    exposure: Exposure
    target: RpoTarget
    is_met: bool
    covered: int | None
    total: int | None
    objectives: Objectives
    freshness: Freshness
    restore: RestoreEstimate
    observed: Observed


@dataclass(frozen=True, slots=True)
class VaultReaders:
    """Who can read what a vault holds.

    Attributes:
        readers: Pairs of a public key and whose it is ("" for not named).
        is_encrypted: If not, whoever reads the storage reads the data.
        kit: Whether the recovery kit is stored.
    """

    vault: str
    is_encrypted: bool
    is_write_only: bool
    readers: tuple[tuple[str, str], ...]
    kit: KitState

    @property
    def is_escrowed(self) -> bool:
        """Whether the backups can be opened when this workstation is gone."""
        return self.kit.is_safe or not self.is_encrypted


@dataclass(frozen=True, slots=True)
class JobFigures:
    """How a job's schedule was kept.

    Attributes:
        slots: The expected times of the last days with what became of them, oldest first.
        compliance: Over a longer time than the slots shown.
        next_at: None while it is paused or nobody fires.
        profile, vault: Names.
    """

    job_id: JobId
    name: str
    kind: JobKind
    profile: str
    vault: str
    schedule: str
    slots: tuple[Slot, ...]
    compliance: Compliance
    next_at: datetime | None
    paused_until: datetime | None
    paused_why: str


@dataclass(frozen=True, slots=True)
class ProfileFigures:
    """The figures of one profile: of each the worst of its databases, never an average.

    Attributes:
        lights: The worst of each over all databases.
        light: The lowest of them: the recoverability.
        reasons: Why it is not green, each one sentence without its full stop.
        exposure: The worst of its databases.
        target, is_met: Of that database.
        databases: The worst first.
        unlisted: Whether nobody knows what databases there are: no backup of the whole deployment
            was taken and nobody listed them.
        freshness: The worst of the databases that were ever restored on trial.
        restore, observed: Of the whole deployment.
        rpo_days: The worst exposure of each day of the last ``observed.period``.
        restores: Measured restores of this profile's backups or to it, oldest first.
        verified: Bytes verified within 30 days / bytes retained; None when nothing is kept.
        windows: The moments that captured oplog leads to, of the whole deployment.
        gaps: Between and after them, with the reason; an open one ends with None.
        days: The last year, day by day.
        newest: The newest complete backup of the whole deployment.
        backups, partial, filtered: How many complete ones are kept; those that hold a part; those
            from which queries left documents out.
        stored_bytes: What all its backups take.
        elsewhere: What others keep of it; counted in all of the above but sizes.
        disproofs: The newest trial restores, where they found something wrong.
    """

    profile_slug: str
    profile_name: str
    light: Light
    lights: Lights
    reasons: tuple[str, ...]
    exposure: Exposure
    target: RpoTarget
    is_met: bool
    databases: tuple[DatabaseFigures, ...]
    unlisted: bool
    objectives: Objectives
    freshness: Freshness
    restore: RestoreEstimate
    observed: Observed
    rpo_days: tuple[RpoPoint, ...]
    restores: tuple[MeasuredRestore, ...]
    verified: float | None
    windows: tuple[Span, ...]
    gaps: tuple[tuple[datetime, datetime | None, str], ...]
    headroom: timedelta | None
    days: tuple[DayMark, ...]
    changes: tuple[Change, ...]
    jobs: tuple[JobFigures, ...]
    readers: tuple[VaultReaders, ...]
    newest: BackupRecord | None
    backups: int
    partial: int
    filtered: int
    stored_bytes: int
    elsewhere: tuple[Elsewhere, ...] = ()
    disproofs: tuple[EvidenceFact, ...] = ()

    @property
    def lose_at_most(self) -> timedelta | None:
        """E of its worst database; None when that is everything."""
        return None if self.exposure.is_unprotected else self.exposure.age

    @property
    def objective(self) -> timedelta:
        """How old the newest data may be."""
        return self.target.age

    @property
    def proof(self) -> EvidenceFact | None:
        """The last passed test restore, though ``untried`` databases were not in it."""
        return self.freshness.proof

    @property
    def kept_elsewhere(self) -> int:
        """How many of its backups lie in no vault: snapshots, and what others keep."""
        return sum(len(kept.points) for kept in self.elsewhere)

    @property
    def untried(self) -> tuple[str, ...]:
        """The databases that were never restored on trial, where others were."""
        return untried_of(self.databases)

    @property
    def is_disproven(self) -> bool:
        """Whether the last word on whether it can be restored is no."""
        return self.lights.evidence is Light.EXPOSED

    @property
    def restore_takes(self) -> timedelta | None:
        """T of the whole deployment; None for unknown."""
        return self.restore.expected


@dataclass(frozen=True, slots=True)
class VaultFigures:
    """One vault on the overview.

    Attributes:
        sizes: Bytes over time with the projection.
        seen_at: When its storage was last looked at; None for never.
        is_reachable: Whether it answered at the last attempt; True while nobody tried.
        late_mirrors: Names of mirrors that lacked something when they were last looked at.
        vanished: Backups that were gone then though nobody here removed them.
        unreadable: Backups that cannot be read.
    """

    vault_id: VaultId
    name: str
    backups: int
    stored_bytes: int
    sizes: SizeSeries
    seen_at: datetime | None = None
    is_reachable: bool = True
    late_mirrors: tuple[str, ...] = ()
    vanished: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the overview draws.

    Attributes:
        at: When it was computed.
        profiles: The worst first.
        headline: The answer, in one or two sentences.
        needs: The most pressing first.
        backups, stored_bytes: In vaults.
        sizes: Of all vaults together.
        days_from: The first day of every calendar.
    """

    at: datetime
    profiles: tuple[ProfileFigures, ...]
    headline: str
    needs: tuple[Need, ...]
    vaults: tuple[VaultFigures, ...]
    jobs: tuple[JobFigures, ...]
    sizes: SizeSeries
    backups: int
    stored_bytes: int
    days_from: date


def untried_of(databases: Sequence[DatabaseFigures]) -> tuple[str, ...]:
    """Name the databases that were never restored on trial; nothing where none ever was."""
    untried = tuple(d.name for d in databases if d.freshness.age is None)
    return untried if len(untried) < len(databases) else ()


def worst_first(profiles: "list[ProfileFigures]") -> tuple[ProfileFigures, ...]:
    """Order profiles so that the one in most need stands first."""
    return tuple(
        sorted(
            profiles,
            key=lambda p: (
                p.light.rank,
                -(p.lose_at_most.total_seconds() if p.lose_at_most is not None else inf),
                p.profile_name.casefold(),
            ),
        )
    )
