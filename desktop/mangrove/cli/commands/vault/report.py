"""What ``mangrove vault check`` prints of a whole vault."""

from collections.abc import Sequence

from mangrove.cli.output import Block, Table
from mangrove.core.explain import size_text
from mangrove.core.growth import Growth
from mangrove.core.vaults.report import VaultFinding, VaultReport
from mangrove.core.wording import counted
from mangrove.services.upkeep import Repair


def report_blocks(report: VaultReport | None, mended: Repair | None) -> list[Block]:
    """Return what was found and mended, as text."""
    blocks: list[Block] = []
    if mended is not None:
        number = counted(len(mended.repaired), "finding")
        blocks.append(f"{number} mended, {size_text(mended.freed_bytes)} freed.")
    if report is None:
        return blocks
    if not report.hidden.is_nothing:
        blocks.append(f"{report.hidden.sentence}.")
    if not report.findings:
        objects = counted(report.objects, "object")
        blocks.append(
            f"{objects}, {size_text(report.size_bytes)} in all: all there, and as large as they"
            " should be. Their content is compared by: mangrove verify."
        )
    return [*blocks, *map(_line, report.findings)]


def _line(finding: VaultFinding) -> str:
    return f"{finding.kind.value}: {finding.subject}: {finding.problem}; {finding.remedy}"


def growth_blocks(growth: Sequence[Growth]) -> list[Block]:
    """Return what each profile takes, and when the storage is full."""
    total, *profiles = growth
    if not profiles:
        return []
    rows = tuple(
        (g.profile, f"{g.backups:,}", size_text(g.stored_bytes), pace_text(g)) for g in profiles
    )
    blocks: list[Block] = [Table(("profile", ">backups", ">data", ">a day"), rows)]
    if total.full_at is not None:
        blocks.append(
            f"At {pace_text(total)} a day the storage is full on {total.full_at:%Y-%m-%d}"
            " if nothing is deleted."
        )
    return blocks


def pace_text(growth: Growth) -> str:
    """Say what comes a day; a dash while that cannot be told."""
    return "-" if growth.per_day_bytes is None else size_text(growth.per_day_bytes)
