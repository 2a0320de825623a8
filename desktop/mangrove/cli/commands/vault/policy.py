"""``mangrove vault policy`` and ``mangrove vault unlock``."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.output import Table
from mangrove.cli.retention_options import ZONE, Count, counts_of
from mangrove.core.retention.policy import (
    Period,
    RetentionPolicy,
    parse_span,
    policy_of,
    span_text,
)
from mangrove.core.wording import counted

Name = Annotated[str, typer.Argument(metavar="NAME", help="The vault's name.")]
Span = Annotated[str | None, typer.Option(metavar="SPAN", help="As in 36h, 14d, 8w or 2y.")]


def policy(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    name: Name,
    *,
    keep_last: Count = None,
    keep_hourly: Count = None,
    keep_daily: Count = None,
    keep_weekly: Count = None,
    keep_monthly: Count = None,
    keep_yearly: Count = None,
    keep_within: Span = None,
    keep_within_hourly: Span = None,
    keep_within_daily: Span = None,
    keep_within_weekly: Span = None,
    keep_within_monthly: Span = None,
    keep_within_yearly: Span = None,
    recovery_window: Span = None,
    keep_at_least: Count = None,
    moments_of_last: Count = None,
    time_zone: Annotated[str | None, ZONE] = None,
    undo: Annotated[
        str | None, typer.Option(metavar="SPAN", help="How long a deletion can be taken back.")
    ] = None,
    keep_all: Annotated[
        bool, typer.Option("--keep-all", help="No rule: everything stays.")
    ] = False,
) -> None:
    """Show what a vault keeps, or set it; the new rules take the place of all former ones.

    Nothing is deleted by this: mangrove prune shows what the policy lets go.
    """
    counts = counts_of(keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly)
    spans = (
        keep_within,
        keep_within_hourly,
        keep_within_daily,
        keep_within_weekly,
        keep_within_monthly,
        keep_within_yearly,
    )
    within = {p: _span(text) for p, text in zip(Period, spans, strict=True)}
    more = _More(_span(recovery_window), keep_at_least, moments_of_last, time_zone, _span(undo))
    desk = desk_of(context)
    with desk.services() as services:
        held = services.retention.policy(name)
        has_rules = any(v is not None for v in (*counts.values(), *within.values(), more.window))
        if not (has_rules or keep_all or more.is_given):
            _give(desk, name, held)
            return
        if keep_all and has_rules:
            raise typer.BadParameter("--keep-all stands alone: it means that no rule is set")
        rules = policy_of(counts, within).rules if has_rules or keep_all else held.rules
        window = more.window if has_rules or keep_all else held.recovery_window
        made = more.applied(replace(held, rules=rules, recovery_window=window))
        _give(desk, name, services.retention.set_policy(name, made))


def unlock(
    context: typer.Context,
    name: Name,
    *,
    break_lock: Annotated[
        bool, typer.Option("--break-lock", help="Remove those without a sign of life for long.")
    ] = False,
) -> None:
    """Show who works with a vault; with --break-lock remove the locks of those that are gone."""
    desk = desk_of(context)
    with desk.services() as services:
        broken = services.vaults.break_stale_locks(name) if break_lock else ()
        locks, now = services.vaults.locks(name), services.clock.now()
    rows = tuple(
        (lock.mode.value, "stale" if lock.is_stale(now) else "alive", lock.describe(now))
        for lock in locks
    )
    said = (f"{counted(len(broken), 'lock')} removed.",) if break_lock else ()
    document = {"locks": locks, "removed": broken}
    desk.output.give(document, *said, Table(("lock", "state", "held by"), rows, "nobody holds one"))
    if break_lock and locks:
        raise typer.Exit(ExitCode.REFUSED)


class _More:
    """What a policy has besides its rules; None leaves it as it is."""

    def __init__(
        self,
        window: timedelta | None,
        at_least: int | None,
        moments: int | None,
        zone: str | None,
        undo: timedelta | None,
    ) -> None:
        self.window = window
        self._others = {
            "minimum_redundancy": at_least,
            "points_of_last": moments,
            "time_zone": zone,
            "undo": undo,
        }

    @property
    def is_given(self) -> bool:
        return any(value is not None for value in self._others.values())

    def applied(self, policy: RetentionPolicy) -> RetentionPolicy:
        changes = {name: value for name, value in self._others.items() if value is not None}
        return replace(policy, **changes)  # type: ignore[arg-type]  # names and types as above


def _span(text: str | None) -> timedelta | None:
    return None if text is None else parse_span(text)


def _give(desk: Desk, name: str, policy: RetentionPolicy) -> None:
    undo = f"A deletion can be taken back for {span_text(policy.undo)}."
    desk.output.give({"vault": name, "policy": policy}, f"{name}: {policy.describe()}.", undo)
