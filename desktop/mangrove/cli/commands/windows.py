"""``mangrove windows``: the moments that can be restored, and the gaps with their reasons."""

from datetime import tzinfo
from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.kept_words import kept_lines, kept_rows
from mangrove.cli.output import Table
from mangrove.cli.reports import proof_text
from mangrove.core.explain import duration_text
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Base, Gap, Timeline, Window
from mangrove.core.wording import counted

IN_DOUBT = "in doubt: its last check failed"


def windows(
    context: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="Whose moments.")],
) -> None:
    """List the intervals of which every moment can be restored, and say why others cannot."""
    desk = desk_of(context)
    with desk.services() as services:
        timeline = services.points.timeline(profile)
        zone = services.points.zone
        running = services.captures.going_on(profile)
    rows = sorted(
        [
            *((w.start, _window_row(w, zone)) for w in (*timeline.windows, *timeline.partial)),
            *((g.start, _gap_row(g, zone)) for g in timeline.gaps),
        ],
        key=lambda pair: pair[0],
    )
    kept = tuple(row for e in timeline.elsewhere for row in kept_rows(e, zone))
    table = Table(
        ("", "from", "to", "what"),
        (*(row for _, row in rows), *kept),
        "no moment between backups can be restored yet: the oplog was never captured",
    )
    bases = Table(
        ("base", "stands at", "evidence", "usable"),
        tuple(base_row(b, zone) for b in timeline.bases),
        "no backup of this profile yet",
    )
    desk.output.give(
        {"windows": _document(timeline)},
        table,
        bases,
        *_notes(timeline, is_running=bool(running)),
        *(line for e in timeline.elsewhere for line in kept_lines(e, zone)),
    )


def _window_row(window: Window, zone: tzinfo) -> tuple[str, ...]:
    what = counted(len(window.bases), "base")
    only = f" of {window.scope} only" if window.scope else ""
    return ("window", _at(window.start, zone), _at(window.end, zone), what + only)


def _gap_row(gap: Gap, zone: tzinfo) -> tuple[str, ...]:
    end = _at(gap.end, zone) if gap.end else "still open"
    return ("gap", _at(gap.start, zone), end, gap.sentence)


def base_row(base: Base, zone: tzinfo) -> tuple[str, ...]:
    """Return one base as a row; what its newest verification said comes before older proofs."""
    failed, proof = base.record.failed_evidence, base.record.proven
    if failed is not None:
        evidence, usable = f"{proof_text(base.record)} {failed.finished_at:%Y-%m-%d}", IN_DOUBT
    else:
        evidence = f"{proof.level.value} {proof.finished_at:%Y-%m-%d}" if proof else "none"
        usable = "yes"
    return (base.backup, _at(base.stands_at, zone), evidence, base.why_not or usable)


def _at(moment: OplogTimestamp, zone: tzinfo) -> str:
    return f"{moment.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z} ({moment})"


def _notes(timeline: Timeline, *, is_running: bool) -> tuple[str, ...]:
    found = [f"{counted(timeline.slices, 'slice')} stored."]
    if timeline.headroom is not None:
        room = duration_text(timeline.headroom)
        found.append(f"Headroom: capture may be away for about {room} before entries are lost.")
    found.append("Capture is running." if is_running else "Capture is not running.")
    return tuple(found)


def _document(timeline: Timeline) -> dict[str, object]:
    everything = (*timeline.windows, *timeline.partial)
    return {
        "windows": [
            {
                "start": str(w.start),
                "end": str(w.end),
                "start_at": w.start.at,
                "end_at": w.end.at,
                "chain": w.chain,
                "scope": w.scope,
                "bases": [b.backup for b in w.bases],
            }
            for w in everything
        ],
        "gaps": [
            {
                "start": str(g.start),
                "end": str(g.end) if g.end else None,
                "start_at": g.start.at,
                "end_at": g.end.at if g.end else None,
                "reason": g.reason,
                "sentence": g.sentence,
            }
            for g in timeline.gaps
        ],
        "bases": [
            {
                "backup": b.backup,
                "stands_at": str(b.stands_at),
                "usable": b.is_eligible,
                "why_not": b.why_not,
                "failed_evidence": b.record.failed_evidence,
            }
            for b in timeline.bases
        ],
        "slices": timeline.slices,
        "headroom": timeline.headroom,
        "elsewhere": timeline.elsewhere,
        "captured_at": timeline.captured_at,
    }
