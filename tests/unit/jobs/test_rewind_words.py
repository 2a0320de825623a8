"""What a plan says of its base: whether its check failed, or that of a newer one did."""

from dataclasses import replace

from fakes.oplog_story import at, base, piece, ts
from fakes.sample_data import evidence_summary
from mangrove.core.backup import BackupId
from mangrove.core.pitr.planning import Base, base_of, plan_rewind
from mangrove.core.pitr.timeline import timeline_of
from mangrove.core.restores.planning import RestorePlan
from mangrove.core.verification import Level
from mangrove.jobs.restores.rewinding import told

SLICES = [piece(1, 10, opens=True), piece(10, 20)]


def sentence(*bases: Base) -> str:
    """Return what the plan to go before the fifteenth second says."""
    plan = RestorePlan(BackupId("b"), "shop", (), (), (), (), "Restore it.")
    return told(plan, plan_rewind(timeline_of(bases, SLICES, (), at(30)), ts(15))).sentence


def failed(second: int) -> Base:
    found = evidence_summary(Level.STORED, at(29), passed=False)
    return base_of(replace(base(second).record, evidence=(found,)))


def test_a_newer_base_whose_check_failed_is_named() -> None:
    newer = failed(12)

    said = sentence(base(5), newer)

    assert said.endswith(f"{newer.backup} is newer, but its newest check failed: it is not used.")


def test_the_only_base_is_used_with_a_warning_when_its_check_failed() -> None:
    only = failed(5)

    assert f"The newest check of {only.backup} FAILED" in sentence(only)
    assert "check" not in sentence(base(5))
