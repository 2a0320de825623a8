"""Which needs of the overview become alerts, how urgent, and under which lasting key."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.sample_data import NOW
from fakes.services import sample_services
from mangrove.core.alerts.alert import Action, AlertKind, Severity, Trouble
from mangrove.core.alerts.needs import need_troubles
from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency
from mangrove.core.jobs.job import JobKind

OVERVIEW = sample_services().figures.overview()
SHOP = next(p for p in OVERVIEW.profiles if p.backups and p.jobs)
BACKUP_JOB = replace(SHOP.jobs[0], kind=JobKind.BACKUP, paused_until=None)
CAPTURE_JOB = replace(BACKUP_JOB, kind=JobKind.CAPTURE)


def need(kind: NeedKind, urgency: Urgency = Urgency.NOW, subject: str = "s", job: str = "") -> Need:
    name = SHOP.profile_name
    return Need(kind, urgency, "It is so.", Remedy.BACKUP, subject, name, job=job, command="do it")


def found(item: Need, profile: ProfileFigures = SHOP) -> Trouble | None:
    return next(iter(need_troubles([item], [profile], NOW)), None)


def aged(profile: ProfileFigures, share: float) -> ProfileFigures:
    """Return figures whose exposure is that share of the objective."""
    age = timedelta(seconds=profile.target.age.total_seconds() * share)
    exposure = replace(profile.exposure, age=age, data_at=NOW - age)
    databases = tuple(
        replace(d, exposure=replace(d.exposure, age=d.target.age * share, data_at=NOW))
        for d in profile.databases
    )
    return replace(profile, exposure=exposure, databases=databases)


def test_every_kind_of_the_issue_is_told() -> None:
    told = {
        trouble.kind
        for kind in NeedKind
        if (trouble := found(need(kind), replace(SHOP, jobs=(BACKUP_JOB, CAPTURE_JOB))))
    }

    assert told >= {
        AlertKind.RPO,
        AlertKind.EVIDENCE,
        AlertKind.VERIFICATION,
        AlertKind.OPLOG_GAP,
        AlertKind.HEADROOM,
        AlertKind.KIT,
        AlertKind.BACKUP,
        AlertKind.MIRROR,
        AlertKind.VAULT_AWAY,
        AlertKind.ELSEWHERE,
    }


@pytest.mark.parametrize(
    "kind",
    [
        NeedKind.NO_PROFILE,
        NeedKind.NO_VAULT,
        NeedKind.NOTHING_SCHEDULED,
        NeedKind.RUN_FAILED,
        NeedKind.RUN_MISSED,
        NeedKind.NOBODY_FIRES,
        NeedKind.RTO_EXCEEDED,
    ],
)
def test_first_steps_wishes_and_what_the_rules_of_jobs_say_are_not_told_twice(
    kind: NeedKind,
) -> None:
    assert found(need(kind)) is None


@pytest.mark.parametrize(("share", "severity"), [(1.1, Severity.WARNING), (2.1, Severity.CRITICAL)])
def test_data_far_older_than_the_objective_are_critical(share: float, severity: Severity) -> None:
    trouble = found(need(NeedKind.RPO_EXCEEDED), aged(SHOP, share))

    assert trouble is not None
    assert (trouble.severity, trouble.action) == (severity, Action.BACK_UP)
    assert trouble.sentence == "It is so"
    assert "(do it)" in trouble.hint


def test_a_deployment_that_nobody_backs_up_may_be_there_to_restore_to() -> None:
    bare = aged(replace(SHOP, jobs=()), 9)
    meant = replace(bare, jobs=(BACKUP_JOB,))
    young = aged(meant, 0.5)

    kinds = (NeedKind.NEVER_BACKED_UP, NeedKind.NOT_WHOLE)
    assert [found(need(kind), bare) for kind in kinds] == [None, None]
    assert [found(need(kind), young) for kind in kinds] == [None, None]
    assert [t.severity for kind in kinds if (t := found(need(kind), meant))] == [
        Severity.CRITICAL,
        Severity.WARNING,
    ]


@pytest.mark.parametrize("kind", [NeedKind.ELSEWHERE_TROUBLE, NeedKind.ELSEWHERE_UNSEEN])
def test_what_is_wrong_at_atlas_is_told_and_leads_there(kind: NeedKind) -> None:
    trouble = found(replace(need(kind), action=Remedy.OPEN_ATLAS))

    assert trouble is not None
    assert (trouble.kind, trouble.action) == (AlertKind.ELSEWHERE, Action.OPEN_ATLAS)
    assert trouble.severity is Severity.WARNING


def test_a_new_database_is_given_the_time_of_its_objective() -> None:
    name = SHOP.databases[0].name
    asked = need(NeedKind.DATABASE_UNPROTECTED, job=name)

    assert found(asked, aged(SHOP, 0.5)) is None
    assert found(asked, aged(SHOP, 1.5)) is not None


def test_oplog_troubles_count_only_where_capture_is_meant() -> None:
    resting = replace(CAPTURE_JOB, paused_until=NOW + timedelta(days=1))

    for kind in (NeedKind.OPLOG_GAP, NeedKind.HEADROOM_LOW):
        assert found(need(kind), replace(SHOP, jobs=(CAPTURE_JOB,))) is not None
        assert found(need(kind), replace(SHOP, jobs=(resting,))) is None
    later = found(need(NeedKind.OPLOG_GAP, Urgency.LATER), replace(SHOP, jobs=(CAPTURE_JOB,)))
    assert later is not None
    assert later.severity is Severity.NOTE


def test_the_first_trial_restore_is_not_missed_before_evidence_could_be_old() -> None:
    first = min(mark.day for mark in SHOP.days if mark.backups)
    old = replace(SHOP.freshness, allowed=NOW.date() - first - timedelta(days=1))
    young = replace(SHOP.freshness, allowed=NOW.date() - first)

    asked = need(NeedKind.NEVER_PROVEN)
    assert found(asked, replace(SHOP, freshness=old)) is not None
    assert found(asked, replace(SHOP, freshness=young)) is None


def test_a_key_stays_while_newer_backups_come_but_each_bad_backup_has_its_own() -> None:
    def keys(kind: NeedKind) -> set[str]:
        troubles = [found(need(kind, subject=subject)) for subject in ("old", "new")]
        return {trouble.key for trouble in troubles if trouble}

    assert len(keys(NeedKind.EVIDENCE_OLD)) == 1
    assert len(keys(NeedKind.RPO_EXCEEDED)) == 1
    assert len(keys(NeedKind.VERIFICATION_FAILED)) == 2
