"""What the schedule strip, the calendar of days and the bands of windows draw."""

from collections.abc import Iterable
from datetime import date, datetime

from PySide6.QtCore import QCoreApplication

from mangrove.core.figures.answer import JobFigures, ProfileFigures
from mangrove.core.figures.compliance import Compliance, Slot, SlotState
from mangrove.core.figures.days import DayMark as Day
from mangrove.core.figures.days import DayState
from mangrove.ui import text
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.charts.slots import SlotKind, SlotMark, SlotRow
from mangrove.ui.widgets.days.calendar import DayMark, DayWords
from mangrove.ui.widgets.timeline.marks import Stretch, Stretches, StripMarks
from mangrove.ui.wording import counted

_KINDS = {
    SlotState.ON_TIME: SlotKind.ON_TIME,
    SlotState.LATE: SlotKind.LATE,
    SlotState.FAILED: SlotKind.FAILED,
    SlotState.MISSED: SlotKind.MISSED,
    SlotState.PAUSED: SlotKind.PAUSED,
    SlotState.RUNNING: SlotKind.RUNNING,
    SlotState.COMING: SlotKind.COMING,
}
_MARKS = {
    DayState.PROVEN: DayMark.PROVEN,
    DayState.UNPROVEN: DayMark.UNPROVEN,
    DayState.FAILED: DayMark.FAILED,
    DayState.NOTHING: DayMark.NOTHING,
}


def slot_rows(jobs: Iterable[JobFigures], start: datetime, end: datetime) -> list[SlotRow]:
    """Return a row for each job with its slots between two moments."""
    return [
        SlotRow(
            name=job.name,
            slots=tuple(_slot(slot) for slot in job.slots if start <= slot.at <= end),
            note=compliance_words(job.compliance, job),
            key=job.job_id,
        )
        for job in jobs
    ]


def compliance_words(kept: Compliance, job: JobFigures) -> str:
    """Say in a few words how a schedule was kept."""
    if job.paused_until is not None:
        return _tr("paused")
    if not kept.expected:
        return _tr("not due yet")
    words = _tr("{on_time} of {expected} on time")
    return words.format(on_time=text.count(kept.on_time), expected=text.count(kept.expected))


def day_words(days: Iterable[Day]) -> dict[date, DayWords]:
    """Return what each day comes to; days without anything are left out."""
    return {
        day.day: DayWords(_MARKS[day.state], _told(day))
        for day in days
        if day.state is not DayState.NOTHING or day.failed
    }


def window_marks(figures: ProfileFigures, now: datetime) -> StripMarks:
    """Return the windows of a profile as bands, and the gaps between them.

    They say that every second can be had, not that the backup below it is proven: no green.
    """
    bands = [
        Stretch(w.start.timestamp(), w.end.timestamp(), _tr("Any second"), Tone.RUNNING)
        for w in sorted(figures.windows, key=lambda w: w.start)
    ]
    gaps = [
        Stretch(start.timestamp(), (end or now).timestamp(), reason, Tone.EXPOSED)
        for start, end, reason in sorted(figures.gaps, key=lambda gap: gap[0])
    ]
    return StripMarks(Stretches(bands), Stretches(gaps), now_s=now.timestamp())


def _slot(slot: Slot) -> SlotMark:
    begun = slot.begun_at.timestamp() if slot.begun_at else None
    return SlotMark(slot.at.timestamp(), _KINDS[slot.state], slot.problem, begun)


def _told(day: Day) -> str:
    parts = []
    if day.backups:
        parts.append(counted(day.backups, _tr("backup"), _tr("backups")))
        proven = _tr("{count} restored on trial").format(count=day.proven)
        parts.append(proven if day.proven else _tr("not restored on trial"))
    if day.failed:
        parts.append(_tr("{count} failed").format(count=day.failed))
    return ", ".join(parts) or _tr("no backup")


def _tr(words: str) -> str:
    return QCoreApplication.translate("Overview", words)
