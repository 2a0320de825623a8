"""Words and states of what the overview shows: tiers, slots, changes, kits, needs."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from mangrove.core.figures.changes import Change, ChangeKind
from mangrove.core.figures.needs import Urgency
from mangrove.core.figures.restore_estimate import RestoreEstimate
from mangrove.core.figures.sizes import Tier
from mangrove.core.vaults.keys import KitState
from mangrove.ui import text
from mangrove.ui.theme.tokens import Tone


def tier_word(tier: Tier) -> str:
    """Return how long backups of a tier are likely to stay."""
    return {
        Tier.YEARLY: _tr("yearly"),
        Tier.MONTHLY: _tr("monthly"),
        Tier.WEEKLY: _tr("weekly"),
        Tier.DAILY: _tr("daily"),
        Tier.HOURLY: _tr("more than daily"),
        Tier.OLDER: _tr("older"),
    }[tier]


def urgency_tone(urgency: Urgency) -> Tone:
    """Return how pressing something is as a state."""
    return {
        Urgency.NOW: Tone.EXPOSED,
        Urgency.SOON: Tone.UNPROVEN,
        Urgency.LATER: Tone.NEUTRAL,
    }[urgency]


def urgency_word(urgency: Urgency) -> str:
    """Return how pressing something is in a word."""
    return {
        Urgency.NOW: _tr("now"),
        Urgency.SOON: _tr("soon"),
        Urgency.LATER: _tr("later"),
    }[urgency]


def evidence_words(estimate: RestoreEstimate, now: datetime) -> str:
    """Say in a few words how it is known how long a restore takes."""
    if estimate.newest is None:
        return estimate.why_unknown or _tr("never measured")
    words = _tr("from {size}, {ago}")
    newest = estimate.newest
    return words.format(ago=text.ago(newest.ended_at, now), size=text.size(newest.plain_bytes))


def kit_state(kit: KitState) -> tuple[Tone, str]:
    """Return the state of a recovery kit, and its words."""
    return {
        KitState.MISSING: (Tone.EXPOSED, _tr("no recovery kit")),
        KitState.OUTDATED: (Tone.UNPROVEN, _tr("kit older than the keys")),
        KitState.UNCONFIRMED: (Tone.UNPROVEN, _tr("kit not confirmed as stored")),
        KitState.STORED: (Tone.PROVEN, _tr("kit stored")),
    }[kit]


def change_words(change: Change, profile: str) -> str:
    """Say one change in a sentence; names keep their case."""
    place = {"subject": change.subject, "profile": profile, "words": change.words}
    words = {
        ChangeKind.NEW_DATABASE: _tr("New database {subject} on {profile}."),
        ChangeKind.GONE_DATABASE: _tr("Database {subject} is gone from {profile}."),
        ChangeKind.GREW: _tr("Size of {profile} grew: {words}."),
        ChangeKind.SHRANK: _tr("Size of {profile} shrank: {words}."),
        ChangeKind.SERVER_VERSION: _tr("Server of {profile} is {words}."),
        ChangeKind.MISSED_DRILLS: _tr("Proofs of {profile} by the job {subject}: {words}."),
    }[change.kind]
    return words.format(**place)


def change_tone(kind: ChangeKind) -> Tone:
    """Return what a change asks for."""
    if kind in (ChangeKind.GONE_DATABASE, ChangeKind.SHRANK):
        return Tone.EXPOSED
    return Tone.UNPROVEN if kind is ChangeKind.MISSED_DRILLS else Tone.NEUTRAL


def _tr(words: str) -> str:
    return QCoreApplication.translate("Overview", words)
