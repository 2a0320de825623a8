from datetime import timedelta

import pytest

from fakes.clock import NOON
from mangrove.core.backup import BackupId
from mangrove.core.figures.evidence import (
    EvidenceFact,
    disproofs_of,
    freshness_of,
    verified_fraction,
)
from mangrove.core.figures.lights import Light, Lights, lights_of, lowest
from mangrove.core.verification import Level

DAY = timedelta(days=1)
MONTH = 30 * DAY


def fact(
    age: float, level: Level = Level.RESTORED, *, passed: bool = True, backup: str = "a"
) -> EvidenceFact:
    at = NOON - age * DAY
    return EvidenceFact(BackupId(backup), level, passed, at, DAY, "", 100, 400, 7)


@pytest.mark.parametrize(
    ("evidence", "days", "is_fresh"),
    [
        pytest.param([], None, False, id="never"),
        pytest.param([fact(3), fact(9)], 3, True, id="the last one counts"),
        pytest.param([fact(30)], 30, True, id="exactly thirty days"),
        pytest.param([fact(30.5)], 30.5, False, id="amber, not green"),
        pytest.param([fact(1, passed=False), fact(8)], 8, True, id="only passed ones"),
        pytest.param([fact(1, Level.DECODED)], None, False, id="only restores"),
        pytest.param([fact(2, Level.DRILLED)], 2, True, id="a drill is a restore"),
        pytest.param([fact(-1), fact(5)], 5, True, id="the future does not count"),
    ],
)
def test_evidence_is_as_fresh_as_the_last_passed_restore(
    evidence: list[EvidenceFact], days: float | None, is_fresh: bool
) -> None:
    found = freshness_of(evidence, NOON, MONTH)

    assert found.age == (None if days is None else days * DAY)
    assert found.is_fresh is is_fresh


@pytest.mark.parametrize(
    ("evidence", "failed"),
    [
        pytest.param([], [], id="none"),
        pytest.param([fact(1, passed=False), fact(8)], [1], id="the newest failed"),
        pytest.param([fact(1), fact(8, passed=False)], [], id="made good"),
        pytest.param(
            [fact(1), fact(2, Level.DRILLED, passed=False)], [2], id="a restore is no drill"
        ),
        pytest.param(
            [fact(1, Level.DRILLED), fact(2, passed=False)], [], id="a drill is a restore"
        ),
        pytest.param([fact(1, Level.DECODED, passed=False), fact(2)], [], id="trials only"),
        pytest.param([fact(1, Level.DECODED), fact(2, passed=False)], [2], id="shallow is no cure"),
        pytest.param([fact(-1, passed=False), fact(2)], [], id="the future does not count"),
    ],
)
def test_failed_trials_stand_until_one_as_deep_passes(
    evidence: list[EvidenceFact], failed: list[float]
) -> None:
    assert [e.finished_at for e in disproofs_of(evidence, NOON)] == [NOON - n * DAY for n in failed]


@pytest.mark.parametrize(
    ("evidence", "share"),
    [
        pytest.param([], 0.0, id="none"),
        pytest.param([fact(1), fact(2, backup="b")], 0.5, id="two of four"),
        pytest.param([fact(1), fact(3)], 0.25, id="a backup counts once"),
        pytest.param([fact(31)], 0.0, id="too long ago"),
        pytest.param([fact(1, Level.DECODED)], 0.25, id="decoded is verified"),
        pytest.param([fact(1, Level.STORED)], 0.0, id="stored alone is not"),
        pytest.param([fact(1, passed=False), fact(2)], 0.0, id="the newest failed"),
        pytest.param([fact(1), fact(2, passed=False)], 0.25, id="passed again"),
        pytest.param(
            [fact(1, Level.STORED, passed=False), fact(2)], 0.0, id="a failure at any level"
        ),
    ],
)
def test_the_verified_share_counts_backups_whose_newest_evidence_passed(
    evidence: list[EvidenceFact], share: float
) -> None:
    assert verified_fraction(evidence, 400, NOON) == share


def test_nothing_kept_has_no_share() -> None:
    assert verified_fraction([], 0, NOON) is None


@pytest.mark.parametrize(
    ("rpo", "evidence", "keys", "expected"),
    [
        (True, True, True, Light.PROVEN),
        (True, True, False, Light.UNPROVEN),
        (True, False, True, Light.UNPROVEN),
        (False, True, True, Light.EXPOSED),
        (False, False, False, Light.EXPOSED),
    ],
)
def test_recoverability_is_the_lowest_light(
    rpo: bool, evidence: bool, keys: bool, expected: Light
) -> None:
    lights = lights_of(rpo_met=rpo, evidence_fresh=evidence, keys_escrowed=keys)

    assert lights.lowest is expected


def test_no_light_at_all_is_red() -> None:
    assert lowest() is Light.EXPOSED
    assert Lights(Light.PROVEN, Light.PROVEN, Light.PROVEN).lowest is Light.PROVEN
