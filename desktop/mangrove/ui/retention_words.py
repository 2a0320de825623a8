"""What is said and drawn of a retention preview, for the pane and the policy dialog alike."""

from collections.abc import Iterable, Mapping
from datetime import date

from PySide6.QtCore import QCoreApplication

from mangrove.core.retention.forecast import is_expected
from mangrove.core.retention.rule import Judgement
from mangrove.services.retention import RetentionView
from mangrove.ui import text
from mangrove.ui.models.fates_model import day_of
from mangrove.ui.widgets.days.retention_calendar import NOTHING, DayFate
from mangrove.ui.wording import counted


def _tr(words: str) -> str:
    return QCoreApplication.translate("Retention", words)


def what_words(view: RetentionView) -> str:
    """Say what stays, what goes, from when on, and what that frees."""
    if not view.fates:
        return _tr("There is no backup in this vault yet.")
    going = view.going
    backups = counted(len(view.fates), _tr("backup"), _tr("backups"))
    if not going:
        return _tr("All {backups} stay.").format(backups=backups)
    first = min(fate.goes_at for fate in going if fate.goes_at is not None)
    words = _tr("{going} of {backups} go, the first on {day}. {size} will be free.")
    return words.format(
        going=len(going),
        backups=backups,
        day=f"{first.astimezone():%Y-%m-%d}",
        size=text.size(view.freed_bytes),
    )


def ahead_words(ahead: Judgement) -> str:
    """Say what there will be in a month if backups come as they do now."""
    kept = [verdict.entry for verdict in ahead.verdicts if verdict.stays]
    new = sum(is_expected(entry.backup) for entry in kept)
    backups = counted(len(kept), _tr("backup"), _tr("backups"))
    size = text.size(sum(entry.stored_bytes for entry in kept))
    words = _tr("In a month, if backups come as they do now: {backups}, {new} of them new, {size}.")
    return words.format(backups=backups, new=new, size=size)


def calendar_days(
    view: RetentionView, ahead: Judgement | None
) -> tuple[Mapping[date, DayFate], date]:
    """Return what each day has, now or a month ahead, and today."""
    if ahead is None:
        pairs = [(day_of(f.record.finished_at), _of(stays=f.stays)) for f in view.fates]
    else:
        pairs = [
            (
                day_of(v.entry.finished_at),
                DayFate(expected=1) if is_expected(v.entry.backup) else DayFate(stays=1),
            )
            for v in ahead.verdicts
            if v.stays
        ]
    return _summed(pairs), day_of(view.now)


def _of(*, stays: bool) -> DayFate:
    return DayFate(stays=1) if stays else DayFate(goes=1)


def _summed(pairs: Iterable[tuple[date, DayFate]]) -> dict[date, DayFate]:
    found: dict[date, DayFate] = {}
    for day, fate in pairs:
        held = found.get(day, NOTHING)
        found[day] = DayFate(
            held.stays + fate.stays, held.goes + fate.goes, held.expected + fate.expected
        )
    return found
