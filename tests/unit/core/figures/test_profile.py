"""The figures of one profile: of each the worst, never an average."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from fakes.clock import NOON
from fakes.record_facts import RecordFacts
from fakes.sample_figures import a_backup, a_proof, whole
from mangrove.core.backup_record import BackupRecord
from mangrove.core.cover import Cover, DatabaseCover
from mangrove.core.elsewhere import Elsewhere, KeptPoint, KeptProof
from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.elsewhere import with_elsewhere
from mangrove.core.figures.exposure import Span
from mangrove.core.figures.lights import Light
from mangrove.core.figures.listing import SeenDatabase, listing_of
from mangrove.core.figures.objectives import CapturePace, Objectives, TargetSource
from mangrove.core.figures.profile import profile_figures
from mangrove.core.figures.profile_facts import Captured, ProfileFacts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = NOON - 100 * DAY


def figures(
    records: Sequence[BackupRecord], *, seen: Sequence[SeenDatabase] = (), **more: object
) -> ProfileFigures:
    facts = RecordFacts(records)
    groups = facts.groups(NOON)
    newest = facts.newest([g.group_id for g in groups if g.cover.is_deployment], NOON)
    held = ProfileFacts(
        slug="shop",
        name="Shop",
        since=SINCE,
        listing=listing_of(seen, groups, SINCE),
        groups=groups,
        partial=facts.count([g for g in groups if not g.cover.is_deployment]),
        filtered=facts.count([g for g in groups if g.cover.is_filtered]),
        moments=facts.moments(NOON - 30 * DAY),
        evidence=facts.evidence(NOON - 30 * DAY),
        trials=facts.test_restores(9),
        days=facts.days((NOON - 30 * DAY).date()),
        totals=facts.totals(),
        objectives={},
        longest_gaps={},
        captured=Captured(),
        measured=(),
        targets=("Shop",),
        failed_runs={},
        jobs=(),
        readers=(),
        is_escrowed=True,
        newest=facts.find(newest) if newest else None,
        earlier=None,
    )
    held = replace(held, **more)  # type: ignore[arg-type]
    held = with_elsewhere(held, held.elsewhere, NOON)
    return profile_figures(held, NOON, UTC, (NOON - 30 * DAY).date())


def backup(age: timedelta, cover: Cover | None = None, *, proven: bool = False) -> BackupRecord:
    made = a_backup(NOON - age, cover=cover or whole("billing", "shop"))
    return replace(made, evidence=(a_proof(NOON - age + HOUR),) if proven else ())


def seen(name: str, first: timedelta = 50 * DAY, last: timedelta = timedelta(0)) -> SeenDatabase:
    return SeenDatabase(name, NOON - first, NOON - last, 3)


BOTH = (seen("billing"), seen("shop"))
ONE = Cover(False, (DatabaseCover("shop", True),))
TWO = Cover(False, (DatabaseCover("billing", True),))
SOME = Cover(False, (DatabaseCover("shop", False, ("orders", "users")),))
FILTERED = Cover(False, (DatabaseCover("shop", False, ("users",)),), is_filtered=True)


def test_a_proven_whole_backup_is_green() -> None:
    found = figures([backup(2 * HOUR, proven=True)])

    assert (found.light, found.reasons, found.lose_at_most) == (Light.PROVEN, (), 2 * HOUR)
    assert [d.name for d in found.databases] == ["billing", "shop"]
    assert found.target.source is TargetSource.NOTHING_SCHEDULED


def test_a_new_database_does_not_unsay_the_trials_of_the_others() -> None:
    found = figures([backup(2 * HOUR, proven=True)], seen=(*BOTH, seen("big", first=HOUR)))

    assert (found.untried, found.lights.evidence) == (("big",), Light.UNPROVEN)
    assert found.proof is not None
    assert found.freshness.age == HOUR
    assert "no backup with big was ever restored on trial" in found.reasons


@pytest.mark.parametrize(
    ("records", "more", "light", "reason"),
    [
        pytest.param([], {}, Light.EXPOSED, "no complete backup of the whole", id="nothing"),
        pytest.param([backup(27 * HOUR, proven=True)], {}, Light.EXPOSED, "older", id="late"),
        pytest.param([backup(HOUR)], {}, Light.UNPROVEN, "ever restored on trial", id="unproven"),
        pytest.param(
            [backup(HOUR), backup(40 * DAY, proven=True)],
            {},
            Light.UNPROVEN,
            "more than 30 days ago",
            id="proof too old",
        ),
        pytest.param(
            [backup(HOUR, proven=True)],
            {"is_escrowed": False},
            Light.UNPROVEN,
            "no recovery kit",
            id="keys only here",
        ),
        pytest.param(
            [backup(-HOUR, proven=True)], {}, Light.EXPOSED, "no complete", id="from the future"
        ),
        pytest.param(
            [backup(HOUR, FILTERED, proven=True)], {}, Light.EXPOSED, "no complete", id="filtered"
        ),
    ],
)
def test_the_light_is_the_lowest_and_says_why(
    records: list[BackupRecord], more: dict[str, object], light: Light, reason: str
) -> None:
    found = figures(records, **more)

    assert found.light is light
    assert reason in "; ".join(found.reasons)


def test_one_late_database_is_not_hidden_by_others() -> None:
    found = figures([backup(HOUR, ONE), backup(30 * HOUR, TWO)], seen=BOTH)

    assert (found.databases[0].name, found.lose_at_most) == ("billing", 30 * HOUR)
    assert found.databases[1].is_met
    assert not found.is_met


def test_parts_that_hold_all_databases_protect_the_deployment() -> None:
    found = figures([backup(HOUR, ONE), backup(2 * HOUR, TWO)], seen=BOTH)

    assert (found.is_met, found.lose_at_most, found.partial) == (True, 2 * HOUR, 2)


def test_parts_alone_protect_nothing_while_nobody_knows_what_else_there_is() -> None:
    found = figures([backup(HOUR, ONE)])

    assert (found.unlisted, found.lose_at_most, found.light) == (True, None, Light.EXPOSED)


def test_a_database_that_no_backup_holds_is_unprotected_since_it_was_seen() -> None:
    found = figures([backup(HOUR, whole("shop"))], seen=[seen("shop"), seen("new", 3 * DAY)])

    worst = found.databases[0]
    assert (worst.name, worst.exposure.is_unprotected, worst.exposure.age) == ("new", True, 3 * DAY)
    assert (worst.covered, worst.total) == (0, 3)
    assert found.reasons[0] == "a database is in no complete backup"


def test_a_database_that_is_gone_is_not_missed() -> None:
    old = backup(5 * DAY, whole("old", "shop"))

    assert [d.name for d in figures([old, backup(HOUR, whole("shop"))]).databases] == ["shop"]
    listed = figures([old], seen=[seen("shop"), seen("old", last=DAY)])
    assert [d.name for d in listed.databases] == ["shop"]


def test_collections_that_were_held_with_all_documents_are_counted() -> None:
    found = figures([backup(HOUR, SOME), backup(30 * HOUR, FILTERED)], seen=[seen("shop")])

    (shop,) = found.databases
    assert (shop.covered, shop.total) == (2, 3)
    assert shop.exposure.is_unprotected
    assert (found.partial, found.filtered) == (2, 1)


def test_a_capture_that_goes_on_sets_and_meets_the_objective() -> None:
    captured = Captured(
        spans=(Span(NOON - DAY, NOON - 10 * HOUR / 60),),
        pace=CapturePace(timedelta(minutes=15), timedelta(minutes=1)),
    )

    found = figures([backup(DAY, proven=True)], captured=captured)

    assert (found.lose_at_most, found.exposure.is_captured) == (timedelta(minutes=10), True)
    assert (found.target.age, found.target.source) == (
        timedelta(minutes=17),
        TargetSource.CAPTURE,
    )


def test_a_capture_that_stopped_is_not_relied_on() -> None:
    captured = Captured(
        spans=(Span(NOON - DAY, NOON - 3 * HOUR),),
        pace=CapturePace(timedelta(minutes=15), timedelta(minutes=1)),
    )

    found = figures([backup(DAY)], captured=captured)

    assert (found.lose_at_most, found.is_met) == (DAY, False)
    assert [w.end for w in found.windows] == [NOON - 3 * HOUR]


def test_objectives_of_a_database_go_before_those_of_its_profile() -> None:
    objectives = {
        "": Objectives(rpo=4 * HOUR, evidence_age=DAY),
        "shop": Objectives(rpo=HOUR),
    }

    found = figures([backup(2 * HOUR, proven=True)], objectives=objectives)

    by_name = {d.name: d for d in found.databases}
    assert (by_name["billing"].is_met, by_name["shop"].is_met) == (True, False)
    assert by_name["shop"].freshness.allowed == DAY
    assert found.objectives == objectives[""]


def test_the_schedule_sets_the_objective_of_what_it_backs_up() -> None:
    gaps = {"": DAY, "shop": 4 * HOUR, "billing": DAY}

    found = figures([backup(HOUR)], longest_gaps=gaps)

    targets = {d.name: d.target.age for d in found.databases}
    assert targets == {"shop": 9 * HOUR, "billing": 49 * HOUR}


def test_observed_figures_begin_when_a_database_was_first_seen() -> None:
    records = [backup(n * DAY, whole("shop")) for n in range(1, 40)]

    old = figures(records, seen=[seen("shop")])
    new = figures(records[:3], seen=[seen("shop", 4 * DAY)])

    assert old.observed.period.start == NOON - 30 * DAY
    assert new.observed.period.start == NOON - 4 * DAY
    assert (old.observed.worst_gap, new.observed.worst_gap) == (DAY, DAY)
    assert old.observed.availability == 1.0
    assert len(old.rpo_days) == 31


def test_of_the_observed_figures_the_worst_counts() -> None:
    records = [*(backup(n * HOUR, ONE) for n in range(0, 720, 6)), backup(10 * DAY, TWO)]

    found = figures(records, seen=BOTH)

    assert found.observed.worst_gap == 20 * DAY
    assert found.observed.availability is not None
    assert found.observed.availability < 0.1
    assert max(p.worst or timedelta(0) for p in found.rpo_days) >= 9 * DAY


def test_the_restore_of_one_database_is_estimated_by_its_share() -> None:
    found = figures([backup(HOUR, proven=True)])

    assert found.restore.why_unknown == "no restore was ever measured"
    assert found.databases[0].restore.why_unknown == "there is no backup of it to tell from"


@pytest.mark.parametrize("problem", ["", "its newest verification failed"])
def test_what_others_keep_protects_unless_it_has_a_problem(problem: str) -> None:
    at = NOON - HOUR
    point = KeptPoint("s1", at, at, "a snapshot", problem=problem)
    proof = KeptProof("s1", True, at, HOUR, "this computer")
    by = Elsewhere("The file system", "volumes", (point,), NOON, proofs=(proof,))

    found = figures([], elsewhere=(by,))

    assert found.lose_at_most == (None if problem else HOUR)
    assert (found.freshness.proof is None) is bool(problem)
    assert found.light is (Light.EXPOSED if problem else Light.PROVEN)


def test_what_lies_in_no_vault_is_counted_apart_and_once() -> None:
    point = KeptPoint("s1", NOON - HOUR, NOON - HOUR, "a snapshot")
    by = Elsewhere("The file system", "volumes", (point,), NOON)

    found = figures([backup(HOUR), backup(DAY)], elsewhere=(by,))

    assert found.kept_elsewhere == 1
