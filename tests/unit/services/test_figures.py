"""What the figures say of a whole workstation, and what needs somebody on it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import sample_data
from fakes.clock import FakeClock
from fakes.figures import MemorySightings
from fakes.services import FakeServices, empty_services, sample_services
from mangrove.core.alerts.alert import AlertKind, Severity
from mangrove.core.alerts.needs import need_troubles
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupState
from mangrove.core.elsewhere import Elsewhere, KeptPoint, KeptProof
from mangrove.core.errors import ProfileNotFoundError, StorageUnavailableError
from mangrove.core.figures.answer import Overview
from mangrove.core.figures.lights import Light
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.profile import Profile, ProfileId
from mangrove.core.run import Loss, Problem, RunId, RunKind, RunResult, RunState, RunStatus
from mangrove.core.snapshots.kept import KEEPER
from mangrove.core.vaults.mirror import MirrorSpec, MirrorState
from mangrove.core.vaults.vault import VaultHealth
from mangrove.core.verification import EvidenceSummary, Level
from mangrove.services.figures.looking import Looking
from mangrove.services.figures.reaching import was_reached
from mangrove.services.figures.service import headline

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = sample_data.NOW


@pytest.fixture
def desk() -> FakeServices:
    return sample_services()


def needs_of(desk: FakeServices, kind: NeedKind) -> list[Need]:
    return [need for need in desk.figures.overview().needs if need.kind is kind]


def replace_newest(desk: FakeServices, profile: str, **changes: object) -> None:
    rows = desk.backups.rows
    at = next(n for n, r in enumerate(rows) if r.profile_slug == profile)
    rows[at] = replace(rows[at], **changes)  # type: ignore[arg-type]


def a_run(kind: RunKind, state: RunState, result: RunResult | None = None) -> RunStatus:
    return RunStatus(
        RunId("r"),
        kind,
        "",
        "staging" if kind is RunKind.BACKUP else "",
        "cloud",
        None,
        state,
        NOW,
        NOW,
        NOW,
        result=result,
        problem=Problem("full", "the disk is full"),
    )


def failed_verification(desk: FakeServices) -> None:
    bad = EvidenceSummary(Level.DECODED, False, NOW, HOUR, "")
    newest = next(r for r in desk.backups.rows if r.profile_slug == "staging")
    replace_newest(desk, "staging", evidence=(bad, *newest.evidence))


def failed_drill(desk: FakeServices) -> None:
    """Spoil an older backup: a drill seldom draws the newest one."""
    rows = desk.backups.rows
    newest = next(r for r in rows if r.profile_slug == "staging")
    at, back = newest.finished_at - DAY, newest.data_at - DAY
    bad = EvidenceSummary(Level.DRILLED, False, NOW, HOUR, "embedded")
    older = replace(newest, backup=BackupId("20260101T000000Z-staging-0001"), data_at=back)
    rows.append(replace(older, started_at=at, finished_at=at, evidence=(bad,)))


def kept_by(desk: FakeServices, keeper: str, *passed: bool) -> None:
    point = KeptPoint("s1", NOW - 2 * HOUR, NOW - 2 * HOUR, "a snapshot")
    proofs = tuple(KeptProof("s1", ok, NOW - n * HOUR, HOUR, "here") for n, ok in enumerate(passed))
    kept = Elsewhere(keeper, "there", (point,), NOW, proofs=proofs, trusted_for=DAY)

    def only_staging(profile: Profile) -> tuple[Elsewhere, ...]:
        return (kept,) if profile.name == "staging" else ()

    desk.points.kept = only_staging  # type: ignore[method-assign]


def failed_snapshot(desk: FakeServices) -> None:
    kept_by(desk, KEEPER, False, True)


def failed_elsewhere(desk: FakeServices) -> None:
    kept_by(desk, "Atlas", False, True)


def no_backup_at_all(desk: FakeServices) -> None:
    desk.backups.rows[:] = [r for r in desk.backups.rows if r.profile_slug != "staging"]


def only_parts(desk: FakeServices) -> None:
    no_backup_at_all(desk)
    part = replace(sample_data.RECORDS[0], profile_slug="staging", is_whole=False, cover=None)
    desk.backups.rows.append(part)


def unreadable(desk: FakeServices) -> None:
    replace_newest(desk, "staging", state=BackupState.UNREADABLE)


def new_database(desk: FakeServices) -> None:
    staging = desk.profiles.find("staging").profile_id
    listed = {"shop": 5, "billing": 3, "crm": 1}
    desk.figure_memory.sightings.note_databases(staging, listed, NOW - timedelta(minutes=5))


def without_kit(desk: FakeServices) -> None:
    desk.vaults.replace_row(replace(desk.vaults.find("cloud"), kit=None))


def late_mirror(desk: FakeServices) -> None:
    seen = VaultSighting(NOW, is_reachable=True, late_mirrors=("attic",))
    desk.figure_memory.sightings.note_vault(sample_data.CLOUD, seen)


def unreachable(desk: FakeServices) -> None:
    seen = VaultSighting(NOW, is_reachable=False)
    desk.figure_memory.sightings.note_vault(sample_data.CLOUD, seen)


def vanished(desk: FakeServices) -> None:
    seen = VaultSighting(NOW, is_reachable=True, missing=2)
    desk.figure_memory.sightings.note_vault(sample_data.CLOUD, seen)


def nearly_full(desk: FakeServices) -> None:
    seen = VaultSighting(NOW, is_reachable=True, free_bytes=10**9)
    desk.figure_memory.sightings.note_vault(sample_data.CLOUD, seen)


def nobody_fires(desk: FakeServices) -> None:
    desk.figure_memory.holder = None


def failed_check(desk: FakeServices) -> None:
    result = RunResult("bad", losses=(Loss("a", "gone"), Loss("b", "gone")))
    run = a_run(RunKind.CHECK, RunState.SUCCEEDED_WITH_WARNINGS, result)
    desk.figure_memory.runs.rows = lambda: (run,)


def failed_backup(desk: FakeServices) -> None:
    run = a_run(RunKind.BACKUP, RunState.FAILED)
    desk.figure_memory.runs.rows = lambda: (run,)


def lossy_backup(desk: FakeServices) -> None:
    result = RunResult("done", losses=(Loss("a.b", "gone"),))
    run = a_run(RunKind.BACKUP, RunState.SUCCEEDED_WITH_WARNINGS, result)
    desk.figure_memory.runs.rows = lambda: (run,)


def too_slow(desk: FakeServices) -> None:
    desk.objectives.set("staging", Objectives(rto=timedelta(minutes=1)))


def old_proof(desk: FakeServices) -> None:
    desk.objectives.set("staging", Objectives(evidence_age=timedelta(minutes=1)))


TROUBLES: tuple[tuple[Callable[[FakeServices], None], NeedKind, str, Remedy, str], ...] = (
    (failed_verification, NeedKind.VERIFICATION_FAILED, "of 2", Remedy.OPEN_BACKUPS, "show"),
    (failed_drill, NeedKind.VERIFICATION_FAILED, "last drill of sta", Remedy.OPEN_BACKUPS, "show"),
    (
        failed_snapshot,
        NeedKind.VERIFICATION_FAILED,
        "the snapshot s1 failed",
        Remedy.OPEN_SNAPSHOTS,
        "mangrove snapshot show s1",
    ),
    (
        failed_elsewhere,
        NeedKind.VERIFICATION_FAILED,
        "Atlas: the last restore",
        Remedy.OPEN_ATLAS,
        "refresh staging",
    ),
    (no_backup_at_all, NeedKind.NEVER_BACKED_UP, "no backup of staging", Remedy.BACKUP, "backup"),
    (only_parts, NeedKind.NOT_WHOLE, "1 backup holds a part", Remedy.BACKUP, "backup"),
    (unreadable, NeedKind.BACKUP_UNREADABLE, "1 backup cannot", Remedy.OPEN_VAULTS, "check"),
    (without_kit, NeedKind.KIT_MISSING, "vault cloud", Remedy.MAKE_KIT, "kit cloud --out"),
    (late_mirror, NeedKind.MIRROR_LATE, "mirror attic", Remedy.SYNC_MIRROR, "mirror sync"),
    (unreachable, NeedKind.VAULT_UNREACHABLE, "vault cloud", Remedy.OPEN_VAULTS, "check"),
    (vanished, NeedKind.BACKUP_VANISHED, "2 backups are gone", Remedy.OPEN_VAULTS, "check"),
    (nearly_full, NeedKind.VAULT_NEARLY_FULL, "full on 2026-11-25", Remedy.OPEN_VAULTS, "prune"),
    (nobody_fires, NeedKind.NOBODY_FIRES, "no agent runs", Remedy.START_AGENT, "agent install"),
    (failed_check, NeedKind.CHECK_FAILED, "found 2 things wrong", Remedy.OPEN_VAULTS, "check"),
    (failed_backup, NeedKind.RUN_FAILED, "the disk is full", Remedy.BACKUP, "--vault cloud"),
    (lossy_backup, NeedKind.RUN_WITH_LOSSES, "losses: 1", Remedy.BACKUP, "--vault cloud"),
    (too_slow, NeedKind.RTO_EXCEEDED, "takes about 14 min", Remedy.OPEN_DEPLOYMENTS, ""),
    (old_proof, NeedKind.EVIDENCE_OLD, "30 min 36 s ago", Remedy.VERIFY, "--level restored"),
)


@pytest.mark.parametrize(
    ("spoil", "kind", "words", "remedy", "command"),
    TROUBLES,
    ids=[spoil.__name__ for spoil, *_ in TROUBLES],
)
def test_each_trouble_is_told_with_what_mends_it(
    desk: FakeServices,
    spoil: Callable[[FakeServices], None],
    kind: NeedKind,
    words: str,
    remedy: Remedy,
    command: str,
) -> None:
    before = {need.key for need in needs_of(desk, kind)}

    spoil(desk)

    (need,) = [n for n in needs_of(desk, kind) if n.key not in before]
    assert words in need.sentence
    assert need.action is remedy
    assert command in need.command


@pytest.mark.parametrize("spoil", [failed_verification, failed_drill, failed_snapshot])
def test_a_failed_proof_is_red_and_raises_an_alert(
    desk: FakeServices, spoil: Callable[[FakeServices], None]
) -> None:
    was = desk.figures.profile("staging")
    spoil(desk)

    overview = desk.figures.overview()
    found = next(p for p in overview.profiles if p.profile_name == "staging")
    alerts = [
        a for a in need_troubles(overview.needs, overview.profiles, NOW) if "staging" in a.key
    ]

    assert (was.light is Light.EXPOSED, found.light) == (False, Light.EXPOSED)
    assert found.is_met
    assert any("verification of the newest" in r or "on trial found" in r for r in found.reasons)
    assert found.freshness.proof == was.freshness.proof
    assert [a.severity for a in alerts if a.kind is AlertKind.VERIFICATION] == [Severity.CRITICAL]
    assert "found something wrong" in headline([found])


def test_a_proof_that_passed_since_makes_it_good(desk: FakeServices) -> None:
    kept_by(desk, KEEPER, True, False)

    assert not needs_of(desk, NeedKind.VERIFICATION_FAILED)
    assert not desk.figures.profile("staging").is_disproven


def test_a_new_database_has_as_long_as_its_objective_to_get_into_a_backup(
    desk: FakeServices,
) -> None:
    new_database(desk)
    (soon,) = needs_of(desk, NeedKind.DATABASE_UNPROTECTED)
    desk.clock.advance(timedelta(hours=30))

    (late,) = needs_of(desk, NeedKind.DATABASE_UNPROTECTED)

    assert (soon.urgency, late.urgency) == (Urgency.LATER, Urgency.NOW)
    assert "database crm of staging" in late.sentence


def test_a_database_newer_than_all_trials_is_named_and_to_be_backed_up_first(
    desk: FakeServices,
) -> None:
    new_database(desk)

    (need,) = [n for n in needs_of(desk, NeedKind.NEVER_PROVEN) if n.profile == "staging"]

    assert "No backup with crm of staging was ever restored on trial" in need.sentence
    assert "back up first" in need.sentence
    assert (need.action, need.command) == (Remedy.BACKUP, "mangrove backup staging --vault VAULT")


def test_the_most_pressing_stand_first(desk: FakeServices) -> None:
    ranks = [need.urgency.rank for need in desk.figures.overview().needs]

    assert ranks == sorted(ranks)
    assert ranks


def test_everything_counted_is_counted_once(desk: FakeServices) -> None:
    overview = desk.figures.overview()

    assert overview.backups == len(desk.backups.rows)
    assert overview.stored_bytes == sum(r.stored_bytes for r in desk.backups.rows)
    assert overview.sizes.points[-1].total_bytes == overview.stored_bytes
    assert sum(v.backups for v in overview.vaults) == overview.backups
    assert all(len(p.days) == 365 for p in overview.profiles)


def test_one_profile_is_answered_as_in_the_overview(desk: FakeServices) -> None:
    found = desk.figures.profile("Staging")

    assert found == next(p for p in desk.figures.overview().profiles if p.profile_name == "staging")
    with pytest.raises(ProfileNotFoundError):
        desk.figures.profile("nobody")


def test_a_new_workstation_is_told_where_to_begin() -> None:
    overview: Overview = empty_services().figures.overview()

    assert [need.kind for need in overview.needs] == [NeedKind.NO_PROFILE, NeedKind.NO_VAULT]
    assert (overview.profiles, overview.headline) == ((), "Nothing is protected yet.")


def test_what_is_seen_of_a_storage_is_kept_together() -> None:
    sightings = MemorySightings()
    looking = Looking(sightings, FakeClock(NOW))
    health = VaultHealth(True, "", 3, 100, 5000, True, True, (), missing=sample_data.RECORDS[:0])
    states = (
        MirrorState("attic", "file:///a", late=(sample_data.RECORDS[0].backup,)),
        MirrorState("cellar", "file:///b"),
        MirrorState("bank", "file:///c", late_evidence=2),
    )

    looking.compared(sample_data.CLOUD, states)
    looking.looked(sample_data.CLOUD, health)
    looking.compared(sample_data.CLOUD, (MirrorState("attic", "file:///a", problem="silent"),))

    assert sightings.vaults() == {
        sample_data.CLOUD: VaultSighting(
            NOW, is_reachable=True, free_bytes=5000, late_mirrors=("attic",)
        )
    }


def test_databases_are_counted_by_their_collections() -> None:
    sightings = MemorySightings()

    Looking(sightings, FakeClock(NOW)).listed(ProfileId("p"), ["shop", "shop", "crm"])

    found = {d.name: d.collections for d in sightings.databases()[ProfileId("p")]}
    assert found == {"shop": 2, "crm": 1}


def test_a_backup_that_did_not_reach_its_vault_is_remembered_until_one_does(
    desk: FakeServices,
) -> None:
    seen = VaultSighting(NOW - HOUR, is_reachable=True)
    desk.figure_memory.sightings.note_vault(sample_data.CLOUD, seen)
    lost = Problem(StorageUnavailableError.code, "the folder is not there")
    run = replace(a_run(RunKind.BACKUP, RunState.FAILED), problem=lost)
    answers = []
    for row in (run, replace(run, state=RunState.SUCCEEDED, problem=None)):
        desk.figure_memory.runs.rows = lambda row=row: (row,)  # type: ignore[misc]  # bound at once
        answers.append(
            (
                [need.vault for need in needs_of(desk, NeedKind.VAULT_UNREACHABLE)],
                desk.figures.reached()[sample_data.CLOUD],
            )
        )

    assert answers == [(["cloud"], False), ([], True)]


def test_a_failure_of_the_deployment_says_nothing_about_the_vault(desk: FakeServices) -> None:
    failed_backup(desk)

    assert needs_of(desk, NeedKind.VAULT_UNREACHABLE) == []
    assert desk.figures.reached()[sample_data.CLOUD] is None


@pytest.mark.parametrize(
    "kind", [RunKind.RESTORE, RunKind.VERIFY, RunKind.DRILL, RunKind.EXPORT, RunKind.PRUNE]
)
def test_every_run_that_needs_a_vault_counts_when_it_was_not_there(
    desk: FakeServices, kind: RunKind
) -> None:
    lost = Problem(StorageUnavailableError.code, "the folder is not there")
    away = replace(a_run(kind, RunState.FAILED), problem=lost)
    back = replace(away, state=RunState.SUCCEEDED, problem=None, ended_at=NOW + HOUR)
    desk.figure_memory.runs.rows = lambda: (away,)
    assert [need.vault for need in needs_of(desk, NeedKind.VAULT_UNREACHABLE)] == ["cloud"]
    assert desk.figures.reached()[sample_data.CLOUD] is False

    desk.figure_memory.runs.rows = lambda: (back,)
    assert needs_of(desk, NeedKind.VAULT_UNREACHABLE) == []


@pytest.mark.parametrize(
    ("kind", "is_reached"),
    [(RunKind.RESTORE, False), (RunKind.VERIFY, False), (RunKind.PRUNE, True)],
)
def test_what_was_read_from_a_mirror_does_not_show_that_the_vault_is_back(
    kind: RunKind, is_reached: bool
) -> None:
    known = next(s for s in sample_services().vaults.all() if s.vault_id == sample_data.CLOUD)
    spec = replace(known, mirrors=(MirrorSpec("m", "attic", "file:///attic"),))
    unseen = VaultSighting(NOW - HOUR, is_reachable=False)

    runs = [replace(a_run(kind, RunState.SUCCEEDED), problem=None)]

    assert was_reached(spec, unseen, runs) is is_reached
    assert was_reached(replace(spec, mirrors=()), unseen, runs) is True


def test_mirrors_that_could_be_compared_show_that_the_vault_is_back() -> None:
    sightings = MemorySightings()
    looking = Looking(sightings, FakeClock(NOW))
    sightings.note_vault(sample_data.CLOUD, VaultSighting(NOW, is_reachable=False))

    looking.compared(sample_data.CLOUD, (MirrorState("attic", "file:///a", problem="silent"),))
    silent = sightings.vaults()[sample_data.CLOUD].is_reachable
    looking.compared(sample_data.CLOUD, (MirrorState("attic", "file:///a"),))

    assert (silent, sightings.vaults()[sample_data.CLOUD].is_reachable) == (False, True)
