"""Prints what a run came to, and returns the number that says the same."""

from collections.abc import Sequence

from mangrove.cli.exit_codes import ExitCode, code_of_run
from mangrove.cli.json_value import run_document
from mangrove.cli.output import Block, Facts, Output
from mangrove.core.backup_record import BackupRecord
from mangrove.core.explain import size_text
from mangrove.core.run import Loss, Problem, RunResult, RunState, RunStatus
from mangrove.core.shell_command import shell_command
from mangrove.core.wording import counted

SHOWN_IDS = 20
CANCELLED = Problem("cancelled", "cancelled; what the run had begun was removed")
INTERRUPTED = Problem("run-interrupted", "the run ended without finishing", "start it again")


def report_run(output: Output, status: RunStatus, indexes: Sequence[str] | None = None) -> int:
    """Print the end of a run as text or JSON; returns the exit code.

    Args:
        output: Where to.
        status: How the run ended.
        indexes: The commands of the indexes that were not built, when they were asked for.
    """
    document = run_document(status)
    if status.result is not None:
        more = {} if indexes is None else {"index_commands": indexes}
        shown = map(shell_command, indexes or ())
        output.give({"run": document, **more}, *result_blocks(status.result), *shown)
    elif status.state is RunState.CANCELLED:
        output.refuse(_cancelled(status), run=document)
    else:
        output.refuse(status.problem or INTERRUPTED, run=document)
    return code_of_run(status)


def ending_words(status: RunStatus) -> str:
    """Return how a run stands or ended, as a person would say it."""
    if status.state is not RunState.SUCCEEDED_WITH_WARNINGS:
        return status.state.value
    if code_of_run(status) is ExitCode.BAD_BACKUP:
        return "found something wrong"
    has_losses = status.result is not None and bool(status.result.losses)
    return "done with losses" if has_losses else "done with warnings"


def _cancelled(status: RunStatus) -> Problem:
    """Say that everything was removed, or what was not."""
    is_clean = status.note in ("", CANCELLED.code)
    return CANCELLED if is_clean else Problem(CANCELLED.code, status.note)


def result_blocks(result: RunResult) -> list[Block]:
    """Return summary, figures, warnings and losses as text."""
    blocks: list[Block] = [f"{result.summary}."]
    pairs = [(name, figure_text(name, value)) for name, value in result.figures]
    if result.backup:
        pairs.insert(0, ("backup", result.backup))
    if result.safety_backup:
        pairs.append(("safety backup", result.safety_backup))
    blocks.append(Facts(tuple((name.replace("_", " "), text) for name, text in pairs)))
    blocks += [f"warning: {text}" for text in result.warnings]
    blocks += [loss_text(loss) for loss in result.losses]
    return blocks


def figure_text(name: str, value: float) -> str:
    """Write a figure in the unit that its name ends on."""
    if name.endswith("bytes"):
        return size_text(value)
    if name.endswith("seconds"):
        return f"{value:.1f} s"
    return f"{value:,.0f}"


def loss_text(loss: Loss) -> str:
    """Say what is missing, with the first ``_id``s."""
    head = f"lost: {loss.subject}: {loss.reason}"
    if loss.count:
        head += f" ({counted(loss.count, 'document')})"
    lines = [head, *(f"  _id {text}" for text in loss.ids[:SHOWN_IDS])]
    total = max(loss.count, len(loss.ids))
    if loss.ids and total > SHOWN_IDS:
        lines.append(f"  and {total - SHOWN_IDS:,} more")
    return "\n".join(lines)


def proof_text(record: BackupRecord) -> str:
    """Say in a table cell what is known of a backup's soundness."""
    if record.problem:
        return f"unreadable: {record.problem}"
    if record.failed_evidence is not None:
        return f"FAILED ({record.failed_evidence.level})"
    proven = record.proven
    if proven is None:
        return "never verified"
    return str(proven.level)
