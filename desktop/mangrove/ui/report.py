"""The report of a run that somebody can send: what ran, where it stood, why it failed, its log."""

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QSysInfo

from mangrove.core.run import LogLine, RunStatus
from mangrove.core.uri import redact


def run_report(status: RunStatus, log: Iterable[LogLine]) -> str:
    """Write the report, without user information or secrets of any connection string."""
    problem = status.problem
    lines = [
        f"Mangrove {QCoreApplication.applicationVersion()}, {QSysInfo.prettyProductName()}",
        f"run {status.run_id}: {status.kind}, {status.state}",
        f"begun {status.created_at.isoformat()}, phase {status.phase or 'none'}",
    ]
    if problem is not None:
        lines += [f"code {problem.code}: {problem.message}", problem.hint]
    lines += [f"{line.at.isoformat()}  {line.text}" for line in log]
    return redact("\n".join(line for line in lines if line)) + "\n"
