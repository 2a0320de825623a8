"""Words for the agent: who fires jobs, and what was noticed."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from mangrove.core.explain import duration_text
from mangrove.core.jobs.vigil import AgentRank, Notice, NoticeKind
from mangrove.core.ports.agent import LeaseHolder
from mangrove.ui import text

_UNREMARKABLE = (NoticeKind.STARTED, NoticeKind.STOPPED)


def holder_words(holder: LeaseHolder | None, *, is_ours: bool) -> str:
    """Say who fires jobs."""
    if holder is None:
        return _tr("Nothing starts by itself: no window is open and no agent runs.")
    if is_ours:
        return _tr("Jobs run while Mangrove is open.")
    if holder.rank is AgentRank.BACKGROUND:
        return _tr("Jobs run in the background, also without a window.")
    if holder.rank is AgentRank.ONCE:
        return _tr("What is due is being run by process {pid}.").format(pid=holder.pid)
    return _tr("Jobs are run by another window (process {pid}).").format(pid=holder.pid)


def notice_words(notice: Notice, now: datetime) -> str:
    """Say what was noticed, and when."""
    span = duration_text(notice.span)
    words = {
        NoticeKind.STARTED: _tr("jobs are run from here on"),
        NoticeKind.STOPPED: _tr("jobs are run no more"),
        NoticeKind.ABSENT: _tr("nobody ran jobs for {span}"),
        NoticeKind.SLEPT: _tr("the computer slept for {span}"),
        NoticeKind.CLOCK_FORWARD: _tr("the clock was put forward by {span}"),
        NoticeKind.CLOCK_BACK: _tr("the clock was put back by {span}; nothing runs twice"),
        NoticeKind.ZONE_CHANGED: _tr("another time zone: {detail}; jobs keep their own"),
        NoticeKind.NO_NETWORK: _tr("no network; waiting for it: {detail}"),
        NoticeKind.NETWORK_BACK: _tr("the network is back"),
        NoticeKind.CRASHED: _tr("a run was cut off and is closed now: {detail}"),
        NoticeKind.STUCK: _tr("a run was ended, nothing moved for {span}: {detail}"),
    }
    said = words[notice.kind].format(span=span, detail=notice.detail)
    return f"{text.moment(notice.at, now).text}: {said}"


def remarkable(notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """Return what is more than beginning and end."""
    return tuple(n for n in notices if n.kind not in _UNREMARKABLE)


def _tr(words: str) -> str:
    return QCoreApplication.translate("AgentWords", words)
