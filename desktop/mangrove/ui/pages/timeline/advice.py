"""What to do for a deployment whose oplog nobody captures yet."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from mangrove.core.deployment import DeploymentReport, Topology

OPLOG_PURPOSE = "oplog"


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence or more, and whether capture can be started now."""

    words: str
    can_capture: bool


def advice(profile: str, report: DeploymentReport | None) -> Advice:
    """Say why only backups can be restored, and how to get to any second.

    Args:
        profile: The deployment's name.
        report: What a look at it found; None when nobody could look.

    Source: MongoDB manual, "Convert a Standalone mongod to a Replica Set": started with
        ``--replSet`` and initiated once, a single node keeps an oplog.
    """
    if report is not None and report.topology is Topology.STANDALONE:
        words = _tr(
            "{profile} is a standalone server: it keeps no oplog, so there is nothing to capture,"
            " and only the moments of its backups can be restored. Started with --replSet and"
            " initiated once with rs.initiate(), the same server is a replica set of one node and"
            " keeps an oplog."
        )
        return Advice(words.format(profile=profile), can_capture=False)
    if report is not None and report.topology is Topology.SHARDED:
        words = _tr(
            "{profile} is a sharded cluster: every shard keeps an oplog of its own, and they"
            " are not captured together, so only the moments of its backups can be restored."
        )
        return Advice(words.format(profile=profile), can_capture=False)
    finding = _oplog_finding(report)
    if finding:
        words = _tr(
            "Nothing captures the oplog of {profile} yet, and its user may not read it."
            " The role {role} would allow that."
        )
        return Advice(words.format(profile=profile, role=finding), can_capture=False)
    words = _tr(
        "Nothing captures the oplog of {profile} yet, so only the moments of its backups can be"
        " restored. With capture, any second after the newest backup can."
    )
    return Advice(words.format(profile=profile), can_capture=True)


def _oplog_finding(report: DeploymentReport | None) -> str:
    """Return the role that is missing for reading the oplog; "" when none is."""
    findings = report.privileges if report is not None else ()
    missing = (f for f in findings if f.purpose == OPLOG_PURPOSE and f.allowed is False)
    found = next(missing, None)
    return (found.role or "backup") if found is not None else ""


def _tr(words: str) -> str:
    return QCoreApplication.translate("Timeline", words)
