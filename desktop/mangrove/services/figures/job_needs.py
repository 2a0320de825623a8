"""Says what schedules and runs need from somebody, with the action that mends it."""

from collections.abc import Iterator, Sequence

from mangrove.core.command_line import command_line
from mangrove.core.figures.answer import JobFigures
from mangrove.core.figures.compliance import SlotState
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency
from mangrove.core.run import RunState, RunStatus

NOW, SOON = Urgency.NOW, Urgency.SOON


def job_needs(jobs: Sequence[JobFigures], *, is_anybody_firing: bool) -> Iterator[Need]:
    """Yield what the schedules need: the last time of a job counts, not its history."""
    if jobs and not is_anybody_firing:
        yield Need(
            NeedKind.NOBODY_FIRES,
            NOW,
            "No window is open and no agent runs: jobs start only while one of them does.",
            Remedy.START_AGENT,
            command="mangrove agent install",
        )
    for job in jobs:
        past = [s for s in job.slots if s.state not in (SlotState.COMING, SlotState.PAUSED)]
        last = past[-1] if past else None
        if last is None or last.state not in (SlotState.FAILED, SlotState.MISSED):
            continue
        is_missed = last.state is SlotState.MISSED
        what = "missed its time of" if is_missed else "failed at"
        why = f": {last.problem}" if last.problem else ""
        yield Need(
            NeedKind.RUN_MISSED if is_missed else NeedKind.RUN_FAILED,
            SOON,
            f"The job {job.name} {what} {last.at:%Y-%m-%d %H:%M} UTC{why}.",
            Remedy.OPEN_JOBS,
            job.name,
            profile=job.profile,
            vault=job.vault,
            job=job.name,
            command=command_line("job", "run", job.name),
        )


def run_needs(backups: Sequence[RunStatus], known: frozenset[str]) -> Iterator[Need]:
    """Yield what the newest backup run of each profile needs."""
    for run in backups:
        if run.profile not in known:
            continue
        losses = len(run.result.losses) if run.result else 0
        if run.state in (RunState.FAILED, RunState.INTERRUPTED):
            why = run.problem.message if run.problem else run.state.value
            kind, sentence = NeedKind.RUN_FAILED, f"The last backup of {run.profile} failed: {why}."
        elif losses:
            kind = NeedKind.RUN_WITH_LOSSES
            sentence = f"The last backup of {run.profile} is done with losses: {losses} listed."
        else:
            continue
        yield Need(
            kind,
            SOON,
            sentence,
            Remedy.BACKUP,
            run.profile,
            profile=run.profile,
            vault=run.vault,
            command=command_line("backup", run.profile, "--vault", run.vault),
        )
