"""Backups of a part that nobody repeats: when a backup of everything makes them age."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.oplog_story import record
from mangrove.core.backup import SAFETY_MARK, BackupId
from mangrove.core.backup_record import BackupRecord, SeenBackup
from mangrove.core.retention.parts import LATER, surpassed_parts
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.retention.rule import Entry, Judgement, Policies, Why, judge
from mangrove.core.verification import EvidenceSummary, Level

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LAST_TWO = RetentionPolicy((KeepRule(Period.LAST, 2),))
PROOF = EvidenceSummary(Level.DECODED, passed=True, finished_at=NOW, duration=DAY, target="")


def taken(name: str, days: float, *, whole: bool = True, **more: object) -> BackupRecord:
    at = NOW - days * DAY
    made = replace(
        record(1, whole=whole),
        backup=BackupId(name),
        started_at=at,
        finished_at=at,
        data_at=at,
        evidence=(PROOF,) if whole else (),
        scope="" if whole else "orders",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # tests


WHOLE, PART = taken("whole", 1), taken("part", 60, whole=False)


def surpassed(
    *records: BackupRecord, lists: dict[str, Collection[str] | None] | None = None
) -> dict[BackupId, BackupId]:
    known = {"whole": {"shop.orders", "shop.users"}, "part": {"shop.orders"}} | (lists or {})
    return surpassed_parts([SeenBackup(r) for r in records], {}, known.get)


def test_a_single_part_is_surpassed_by_a_proven_backup_of_everything() -> None:
    assert surpassed(WHOLE, PART) == {PART.backup: WHOLE.backup}


@pytest.mark.parametrize(
    ("records", "lists"),
    [
        pytest.param((replace(WHOLE, evidence=()), PART), {}, id="not-proven"),
        pytest.param((WHOLE, replace(PART, evidence=(replace(PROOF, level=Level.RESTORED),))), {},
                     id="proven-less-deeply"),
        pytest.param((WHOLE, PART), {"part": {"shop.orders", "shop.dropped"}}, id="dropped-since"),
        pytest.param((WHOLE, PART), {"whole": None}, id="unreadable-here"),
        pytest.param((taken("whole", 60 - LATER.days + 1), PART), {}, id="hardly-newer"),
        pytest.param((WHOLE, PART, taken("again", 30, whole=False)), {}, id="taken-again"),
        pytest.param((replace(WHOLE, profile_slug="other"), PART), {}, id="of-another-profile"),
        pytest.param((WHOLE, replace(PART, profile_name=f"shop{SAFETY_MARK}")), {}, id="safety"),
    ],
)  # fmt: skip
def test_what_is_not_surely_held_elsewhere_is_not_surpassed(
    records: tuple[BackupRecord, ...], lists: dict[str, Collection[str] | None]
) -> None:
    assert surpassed(*records, lists=lists) == {}


def test_a_backup_that_lost_objects_surpasses_nothing() -> None:
    torn = SeenBackup(WHOLE, missing_bytes=1)

    assert surpassed_parts((torn, SeenBackup(PART)), {}, lambda _: {"shop.orders"}) == {}


# --- what the rule makes of it ------------------------------------------------------------


def entries(part_age: float, **more: object) -> list[Entry]:
    wholes = [Entry(BackupId(f"w{n}"), "shop", NOW - n * DAY, proof_depth=1) for n in (2, 40, 50)]
    part = Entry(
        BackupId("part"),
        "shop/orders",
        NOW - part_age * DAY,
        surpassed_by=BackupId("w2"),
        whole="shop",
    )
    return [*wholes, replace(part, **more)]  # type: ignore[arg-type]  # tests


def judged(known: list[Entry], policy: RetentionPolicy = LAST_TWO) -> Judgement:
    return judge(known, Policies(policy), (), NOW, lambda _: UTC)


def said(judgement: Judgement, name: str = "part") -> str:
    found = next(v for v in judgement.verdicts if v.entry.backup == name)
    return found.because if found.stays else f"goes: {found.because}"


def test_a_part_stays_as_long_as_a_backup_of_everything_of_its_age() -> None:
    assert said(judged(entries(39))) == "a part, kept as long as backups of everything of its age"
    assert said(judged(entries(45))).startswith("goes: w2, which stays, holds all of its")


def test_a_part_that_nothing_surpasses_says_why_it_stays() -> None:
    alone = judged(entries(45, surpassed_by=None))

    assert said(alone) == "last 1/2, minimum redundancy 1/1, the only one of its selection"


@pytest.mark.parametrize("more", [{"pin": ""}, {"hold": ""}, {"busy": "a restore"}])
def test_a_surpassed_part_that_a_person_or_a_run_holds_stays(more: dict[str, str]) -> None:
    assert not said(judged(entries(400, **more))).startswith("goes")


def test_without_a_policy_a_surpassed_part_stays() -> None:
    assert said(judged(entries(400), RetentionPolicy())) == "no policy lets anything go"


RULES = st.builds(KeepRule, st.sampled_from(Period), st.integers(1, 5))
AGES = st.lists(st.integers(2, 500), min_size=1, max_size=12, unique=True)


@settings(max_examples=80, deadline=None)
@given(AGES, st.integers(33, 600), st.lists(RULES, max_size=3), st.booleans())
def test_a_part_goes_only_while_what_surpasses_it_stays_and_by_the_policys_own_measure(
    ages: list[int], part_age: int, rules: list[KeepRule], is_deleted: bool
) -> None:
    newest = min(ages)
    wholes = [
        Entry(BackupId(f"w{a}"), "shop", NOW - a * DAY, proof_depth=int(a == newest)) for a in ages
    ]
    wholes[0] = replace(wholes[0], is_deleted=is_deleted)
    part = replace(entries(part_age)[-1], surpassed_by=BackupId(f"w{newest}"))

    judgement = judged([*wholes, part], RetentionPolicy(tuple(rules)))

    kept = {v.entry.backup: v for v in judgement.verdicts if v.stays}
    if part.backup not in kept:
        assert part.surpassed_by in kept
        of_policy = [
            v.entry.finished_at
            for v in kept.values()
            if any(r.why in {Why.RULE, Why.REDUNDANCY} for r in v.reasons)
        ]
        assert all(part.finished_at < at for at in of_policy)
