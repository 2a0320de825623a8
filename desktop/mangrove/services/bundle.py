"""Everything a front end may ask, in one typed value.

Its parts are loaded by ``app``, which builds them: who only hands this on loads none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mangrove.core.ports.clock import Clock
    from mangrove.services.activity import Activity
    from mangrove.services.agent_desk import AgentDesk
    from mangrove.services.alerts import Alerts
    from mangrove.services.assertions import Assertions
    from mangrove.services.atlas.service import Atlas
    from mangrove.services.background import Background
    from mangrove.services.backups import Backups
    from mangrove.services.captures import Captures
    from mangrove.services.channels import Channels
    from mangrove.services.copies import Copies
    from mangrove.services.drills import Drills
    from mangrove.services.dumps import Dumps
    from mangrove.services.evidence_reports import EvidenceReports
    from mangrove.services.figures.service import Figures
    from mangrove.services.jobs import Jobs
    from mangrove.services.keys import Keys
    from mangrove.services.kits import Kits
    from mangrove.services.leftovers import Leftovers
    from mangrove.services.mirrors import Mirrors
    from mangrove.services.objectives import ObjectiveBook
    from mangrove.services.points import Points
    from mangrove.services.profiles import Profiles
    from mangrove.services.restores import Restores
    from mangrove.services.retention import Retention
    from mangrove.services.snapshots import Snapshots
    from mangrove.services.upkeep import Upkeep
    from mangrove.services.vaults import Vaults
    from mangrove.services.verification import Verifications


@dataclass(frozen=True, slots=True)
class Services:
    """The verbs of the product; built once by ``app``, handed to the window or the CLI."""

    profiles: Profiles
    vaults: Vaults
    keys: Keys
    kits: Kits
    backups: Backups
    verifications: Verifications
    assertions: Assertions
    drills: Drills
    evidence_reports: EvidenceReports
    restores: Restores
    retention: Retention
    upkeep: Upkeep
    dumps: Dumps
    leftovers: Leftovers
    copies: Copies
    captures: Captures
    points: Points
    figures: Figures
    objectives: ObjectiveBook
    mirrors: Mirrors
    atlas: Atlas
    snapshots: Snapshots
    activity: Activity
    jobs: Jobs
    agent: AgentDesk
    alerts: Alerts
    channels: Channels
    background: Background
    clock: Clock
