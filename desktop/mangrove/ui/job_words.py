"""Words, tones and short texts for jobs and what became of their times."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from mangrove.core.jobs.job import Firing, FiringState, Job, JobKind
from mangrove.core.jobs.outlook import Outlook, Standing
from mangrove.core.verification import Level
from mangrove.ui import text
from mangrove.ui.theme.tokens import Tone

_TONES = {
    FiringState.RUNNING: Tone.RUNNING,
    FiringState.SUCCEEDED: Tone.PROVEN,
    FiringState.SUCCEEDED_WITH_WARNINGS: Tone.UNPROVEN,
    FiringState.FAILED: Tone.EXPOSED,
    FiringState.CANCELLED: Tone.NEUTRAL,
    FiringState.INTERRUPTED: Tone.EXPOSED,
    FiringState.SKIPPED: Tone.NEUTRAL,
}

_STANDINGS = {
    Standing.NOTHING: Tone.NEUTRAL,
    Standing.FAILED: Tone.EXPOSED,
    Standing.UNATTENDED: Tone.EXPOSED,
    Standing.WARNED: Tone.UNPROVEN,
    Standing.WORKING: Tone.RUNNING,
    Standing.RESTING: Tone.NEUTRAL,
    Standing.GOOD: Tone.PROVEN,
}


def firing_tone(firing: Firing | None) -> Tone:
    """Return how one time of a job is drawn; a time that never was, too."""
    return Tone.NEUTRAL if firing is None else _TONES[firing.state]


def firing_word(firing: Firing | None) -> str:
    """Return how one time of a job ended, in a word or two."""
    if firing is None:
        return _tr("never ran")
    words = {
        FiringState.RUNNING: _tr("running"),
        FiringState.SUCCEEDED: _tr("done"),
        FiringState.SUCCEEDED_WITH_WARNINGS: _tr("done with losses"),
        FiringState.FAILED: _tr("failed"),
        FiringState.CANCELLED: _tr("cancelled"),
        FiringState.INTERRUPTED: _tr("interrupted"),
        FiringState.SKIPPED: _tr("skipped"),
    }
    return words[firing.state]


def kind_word(kind: JobKind) -> str:
    """Return what a kind of job does, as a verb."""
    words = {
        JobKind.BACKUP: _tr("Back up"),
        JobKind.CAPTURE: _tr("Capture oplog"),
        JobKind.VERIFY: _tr("Verify"),
        JobKind.PRUNE: _tr("Prune"),
        JobKind.CHECK: _tr("Check vault"),
        JobKind.DRILL: _tr("Drill a recovery"),
    }
    return words[kind]


def level_word(level: Level) -> str:
    """Return how deep a verification looks."""
    words = {
        Level.STORED: _tr("stored objects compared"),
        Level.DECODED: _tr("every document decoded"),
        Level.RESTORED: _tr("restored on trial"),
        Level.DRILLED: _tr("recovery drilled"),
    }
    return words[level]


def steps_words(job: Job) -> str:
    """Say what a job does, step by step: ``Back up, then restored on trial, then pruned``."""
    steps = [kind_word(job.kind)]
    if job.level is not None:
        steps.append(level_word(job.level))
    if job.prunes:
        steps.append(_tr("vault pruned"))
    return _tr(", then ").join(steps)


def outlook_tone(outlook: Outlook) -> Tone:
    """Return how the state of all jobs together is drawn."""
    return _STANDINGS[outlook.standing]


def outlook_words(outlook: Outlook, now: datetime) -> str:
    """Say how the jobs stand."""
    who = f"“{outlook.names[0]}”" if len(outlook.names) == 1 else ""
    many = _tr("{count} jobs").format(count=len(outlook.names))
    moment = text.moment(outlook.moment, now).text if outlook.moment else ""
    words = {
        Standing.NOTHING: _tr("Nothing runs by itself yet."),
        Standing.FAILED: _tr("{who} failed the last time."),
        Standing.UNATTENDED: _tr("Nobody fires the jobs now."),
        Standing.WARNED: _tr("{who} ended with losses the last time."),
        Standing.WORKING: _tr("Running: {who}."),
        Standing.RESTING: _tr("All jobs rest until {moment}: {why}."),
        Standing.GOOD: _tr("All well. Next is {who}, {moment}."),
    }
    return words[outlook.standing].format(who=who or many, moment=moment, why=outlook.why)


def _tr(words: str) -> str:
    return QCoreApplication.translate("JobWords", words)
