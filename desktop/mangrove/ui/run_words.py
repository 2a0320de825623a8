"""Words, tones and icons for runs: their states, phases and kinds."""

from PySide6.QtCore import QCoreApplication

from mangrove.core.figures.lights import Light
from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.ui.theme.tokens import Tone

_TONES = {
    RunState.QUEUED: Tone.NEUTRAL,
    RunState.RUNNING: Tone.RUNNING,
    RunState.CANCELLING: Tone.RUNNING,
    RunState.SUCCEEDED: Tone.PROVEN,
    RunState.SUCCEEDED_WITH_WARNINGS: Tone.UNPROVEN,
    RunState.FAILED: Tone.EXPOSED,
    RunState.CANCELLED: Tone.NEUTRAL,
    RunState.INTERRUPTED: Tone.EXPOSED,
}


_LIGHTS = {
    Light.EXPOSED: Tone.EXPOSED,
    Light.UNPROVEN: Tone.UNPROVEN,
    Light.PROVEN: Tone.PROVEN,
}


def run_tone(state: RunState) -> Tone:
    """Return how a run's state is drawn."""
    return _TONES[state]


def light_tone(light: Light) -> Tone:
    """Return how a profile's protection is drawn."""
    return _LIGHTS[light]


def run_word(status: RunStatus) -> str:
    """Return a run's state in a word or two; losses are named."""
    if status.state is RunState.SUCCEEDED_WITH_WARNINGS and status.result and status.result.losses:
        return _tr("done with losses")
    words = {
        RunState.QUEUED: _tr("waiting"),
        RunState.RUNNING: _tr("running"),
        RunState.CANCELLING: _tr("cancelling"),
        RunState.SUCCEEDED: _tr("done"),
        RunState.SUCCEEDED_WITH_WARNINGS: _tr("done with warnings"),
        RunState.FAILED: _tr("failed"),
        RunState.CANCELLED: _tr("cancelled"),
        RunState.INTERRUPTED: _tr("interrupted"),
    }
    return words[status.state]


def light_word(light: Light) -> str:
    """Return a profile's protection in a word."""
    words = {
        Light.EXPOSED: _tr("exposed"),
        Light.UNPROVEN: _tr("unproven"),
        Light.PROVEN: _tr("proven"),
    }
    return words[light]


def phase_word(phase: Phase) -> str:
    """Return a phase in words."""
    words = {
        Phase.CONNECT: _tr("connect"),
        Phase.PREFLIGHT: _tr("preflight"),
        Phase.DUMP: _tr("read and store"),
        Phase.OPLOG: _tr("keep the oplog"),
        Phase.REREAD: _tr("re-read and compare"),
        Phase.SIGN: _tr("sign"),
        Phase.CATALOG: _tr("catalog"),
        Phase.CHECK_STORED: _tr("check stored objects"),
        Phase.DECODE: _tr("decode"),
        Phase.LOAD: _tr("load documents"),
        Phase.LOOK: _tr("look through the oplog"),
        Phase.REPLAY: _tr("replay the oplog"),
        Phase.INDEXES: _tr("build indexes"),
        Phase.COMPARE: _tr("compare"),
        Phase.ASSERT: _tr("ask the assertions"),
        Phase.REFERENCE: _tr("compare with the backup of that moment"),
        Phase.INSPECT: _tr("look through the vault"),
        Phase.SAFETY: _tr("safety backup"),
        Phase.SWAP: _tr("put in place"),
        Phase.ACCOUNTS: _tr("users and roles"),
        Phase.CLEAN_UP: _tr("clean up"),
        Phase.OPEN_DUMP: _tr("open and check the dump"),
        Phase.WRITE_DUMP: _tr("write the dump"),
    }
    return words.get(phase, str(phase.value))


def now_doing(status: RunStatus) -> str:
    """Say in one line what a run does now, or came to."""
    if status.problem is not None:
        return status.problem.message
    if status.result is not None:
        return status.result.summary
    if status.state is RunState.QUEUED:
        return status.waiting_for
    if status.phase is None:
        return status.note
    doing = phase_word(status.phase)
    return f"{doing}: {status.note}" if status.note else doing


def _tr(text: str) -> str:
    return QCoreApplication.translate("Runs", text)
