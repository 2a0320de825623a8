"""What Atlas keeps counts: in the figures, the timeline, and what needs somebody."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.atlas_desk import AtlasDesk, atlas_desk
from fakes.workstation import MovedClock
from mangrove.core.alerts.alert import Action, AlertKind
from mangrove.core.atlas.kept import LOOK_EVERY, TRUSTED_FOR
from mangrove.core.figures.lights import Light
from mangrove.core.figures.needs import NeedKind
from mangrove.jobs.atlas.looking import AtlasLook
from mangrove.services.profiles import ProfileDraft
from servers.atlas import FakeAtlas
from servers.atlas_state import SHOP

LIVE = "mongodb+srv://ann@production.ab1cd.mongodb.net/?authSource=admin"
PLAIN = "mongodb+srv://ann@staging.ab1cd.mongodb.net/?authSource=admin"


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def desk(tmp_path: Path, atlas: FakeAtlas, clock: MovedClock) -> Iterator[AtlasDesk]:
    with atlas_desk(tmp_path, atlas, clock) as opened:
        opened.add_account()
        opened.services.profiles.add(ProfileDraft("live", LIVE))
        yield opened


def linked(desk: AtlasDesk, profile: str = "live") -> None:
    (place,) = desk.services.atlas.links.propose(profile)
    desk.services.atlas.links.link(profile, place)


def test_without_a_link_nothing_protects_the_profile(desk: AtlasDesk) -> None:
    found = desk.services.figures.profile("live")

    assert found.exposure.is_unprotected
    assert found.light is Light.EXPOSED
    assert found.elsewhere == ()


def test_continuous_backup_at_atlas_counts_as_windows(desk: AtlasDesk) -> None:
    linked(desk)

    found = desk.services.figures.profile("live")

    assert found.exposure.is_captured
    assert found.exposure.age < timedelta(minutes=2)
    assert (found.backups, found.is_met) == (5, True)
    assert len(found.windows) == 1
    assert found.light is Light.UNPROVEN  # nobody restored any of it yet
    assert sum(day.backups for day in found.days) == 5


def test_snapshots_alone_protect_up_to_the_newest_one(desk: AtlasDesk) -> None:
    desk.services.profiles.add(ProfileDraft("plain", PLAIN))
    desk.fake.state.put_snapshot("staging", timedelta(hours=4))
    linked(desk, "plain")

    found = desk.services.figures.profile("plain")

    assert not found.exposure.is_captured
    assert timedelta(hours=4) <= found.exposure.age < timedelta(hours=5)
    assert found.target.age == timedelta(hours=13)  # twice the six hours of its schedule, and one
    assert found.is_met


def test_a_window_is_not_counted_on_when_nobody_looked_for_long(
    desk: AtlasDesk, clock: MovedClock
) -> None:
    linked(desk)

    clock.ahead = TRUSTED_FOR + timedelta(minutes=30)
    found = desk.services.figures.profile("live")

    assert not found.exposure.is_captured
    assert found.exposure.age > timedelta(hours=7)


def test_a_restore_by_atlas_is_evidence_and_a_failed_one_is_none(desk: AtlasDesk) -> None:
    ran = desk(
        *("atlas", "restore", "production", "--to", "staging", "--snapshot", "latest"),
        *("--yes-replace", "staging"),
    )
    linked(desk)

    found = desk.services.figures.profile("live")

    assert ran.code == 0
    assert found.freshness.proof is not None
    assert found.freshness.proof.target == "Atlas cluster staging"
    assert found.light is Light.PROVEN


def test_a_restore_into_the_cluster_leaves_a_gap_that_is_told(desk: AtlasDesk) -> None:
    desk(
        *("atlas", "restore", "production", "--to", "production", "--snapshot", "latest"),
        *("--yes-replace", "production"),
    )
    linked(desk)

    shown = desk("windows", "live")
    found = desk.services.figures.profile("live")

    assert "a restore into the cluster came before its next snapshot" in shown.out
    assert found.gaps[-1][1] is None
    assert NeedKind.OPLOG_GAP in {n.kind for n in desk.services.figures.overview().needs}


def test_alerts_tell_of_gaps_stale_windows_and_silence(desk: AtlasDesk, clock: MovedClock) -> None:
    alerts = desk.services.alerts
    desk(
        *("atlas", "restore", "production", "--to", "production", "--snapshot", "latest"),
        *("--yes-replace", "production"),
    )
    linked(desk)

    alerts.go_round()
    at_first = {alert.trouble.kind for alert in alerts.all()}
    clock.ahead = timedelta(days=3)
    alerts.go_round()
    later = {alert.trouble.kind: alert.trouble for alert in alerts.all()}

    assert AlertKind.OPLOG_GAP in at_first
    assert not at_first & {AlertKind.ELSEWHERE, AlertKind.RPO}
    assert later[AlertKind.ELSEWHERE].action is Action.OPEN_ATLAS
    assert "was last seen" in later[AlertKind.ELSEWHERE].sentence
    assert AlertKind.RPO in later


def test_needs_do_not_ask_for_what_atlas_does(desk: AtlasDesk, clock: MovedClock) -> None:
    linked(desk)
    kinds = {n.kind for n in desk.services.figures.overview().needs if n.profile == "live"}
    assert not kinds & {
        NeedKind.NEVER_BACKED_UP,
        NeedKind.NOTHING_SCHEDULED,
        NeedKind.DATABASE_UNPROTECTED,
        NeedKind.RPO_EXCEEDED,
    }

    desk.fake.state.put_snapshot("production", timedelta(minutes=1), status="failed")
    desk.services.atlas.links.look("live")
    failed = desk.services.figures.overview().needs
    clock.ahead = timedelta(days=2)
    unseen = desk.services.figures.overview().needs

    assert [n.sentence for n in failed if n.kind is NeedKind.ELSEWHERE_TROUBLE] == [
        "Atlas and live: the newest Atlas snapshot of Shop/production failed."
    ]
    assert NeedKind.ELSEWHERE_UNSEEN in {n.kind for n in unseen}


def test_a_look_that_fails_keeps_what_was_seen_and_says_why(desk: AtlasDesk) -> None:
    linked(desk)
    desk.fake.denies.add(SHOP)

    seen = desk.services.atlas.links.look_at_all()

    assert len(seen[0].snapshots) == 5
    assert "may not do this" in seen[0].problem
    assert desk("windows", "live").out.count("Atlas keeps 5 snapshots of Shop/production") == 1


def test_linked_clusters_are_looked_at_every_quarter_of_an_hour(
    desk: AtlasDesk, clock: MovedClock
) -> None:
    linked(desk)
    looked: list[int] = []
    look = AtlasLook(lambda: looked.append(1), desk.services.atlas.links.is_any, clock)

    for ahead in (0.0, 0.5, 1.1):
        clock.ahead = ahead * LOOK_EVERY
        look.wake()
        if look._thread is not None:
            look._thread.join(20)
    look.close()
    clock.ahead = 3 * LOOK_EVERY
    look.wake()

    assert looked == [1, 1]
