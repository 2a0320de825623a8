"""Which seconds Atlas can bring back, and what a restore asks of source and target."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mangrove.core.atlas.account import checked_url, checked_user
from mangrove.core.atlas.cluster import AtlasCluster, Shape, Tier, Wish
from mangrove.core.atlas.link import leads_to
from mangrove.core.atlas.restore import (
    AtlasJobId,
    AtlasRestoreJob,
    Delivery,
    JobState,
    PointInTime,
    RestoreOrder,
    moment_of_id,
    require_possible,
)
from mangrove.core.atlas.snapshot import AtlasSnapshot, AtlasSnapshotId, SnapshotState
from mangrove.core.atlas.windows import LAG, continuous, require_reachable
from mangrove.core.errors import (
    AtlasUnsupportedError,
    ConfigurationError,
    PointNotReachableError,
)
from mangrove.core.profile import Colour, Profile, ProfileId
from mangrove.core.uri import parse_uri

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CLUSTER = AtlasCluster(
    "p", "live", Tier.DEDICATED, size="M30", version="7.0.1", has_backups=True, has_continuous=True
)


def taken(hours: float) -> AtlasSnapshot:
    name = AtlasSnapshotId(f"{hours}")
    return AtlasSnapshot(name, SnapshotState.COMPLETED, NOW - timedelta(hours=hours))


def restored(hours: float, took_h: float = 0.5, **other: object) -> AtlasRestoreJob:
    begun = NOW - timedelta(hours=hours)
    job = AtlasRestoreJob(
        AtlasJobId("j"),
        Delivery.AUTOMATED,
        JobState.SUCCEEDED,
        begun,
        target_project="p",
        target_cluster="live",
        finished_at=begun + timedelta(hours=took_h),
    )
    return replace(job, **other)  # type: ignore[arg-type]


def at(hours: float) -> PointInTime:
    return PointInTime(int((NOW - timedelta(hours=hours)).timestamp()))


def test_the_window_begins_at_the_oldest_snapshot_or_where_the_schedule_says() -> None:
    young = continuous(CLUSTER, 7, [taken(30), taken(6)], [], NOW)
    old = continuous(CLUSTER, 1, [taken(300), taken(6)], [], NOW)

    assert [(w.start, w.end) for w in young.windows] == [(NOW - timedelta(hours=30), NOW - LAG)]
    assert old.windows[0].start == NOW - timedelta(days=1)


def test_nothing_between_a_restore_and_the_next_snapshot_can_be_had() -> None:
    found = continuous(CLUSTER, 7, [taken(30), taken(20), taken(6)], [restored(10)], NOW)

    spans = [((NOW - w.start).total_seconds() / 3600, w.end) for w in found.windows]
    assert [round(s) for s, _ in spans] == [30, 6]
    (gap,) = found.gaps
    assert (gap.start, gap.end) == (NOW - timedelta(hours=10), NOW - timedelta(hours=6))
    require_reachable(at(12), found)
    with pytest.raises(PointNotReachableError, match="before its next snapshot"):
        require_reachable(at(8), found)


def test_after_a_restore_without_a_snapshot_the_window_stays_open_ended() -> None:
    found = continuous(CLUSTER, 7, [taken(30)], [restored(2)], NOW)

    assert found.end == NOW - timedelta(hours=2)
    assert found.gaps[0].end is None
    with pytest.raises(PointNotReachableError):
        require_reachable(at(1), found)


@pytest.mark.parametrize(
    "job",
    [
        restored(10, target_cluster="other"),
        restored(10, target_project="q"),
        restored(10, parts=("shop",)),
        restored(10, state=JobState.CANCELLED),
        restored(10, delivery=Delivery.DOWNLOAD),
    ],
)
def test_restores_that_did_not_replace_the_cluster_break_nothing(job: AtlasRestoreJob) -> None:
    assert len(continuous(CLUSTER, 7, [taken(30), taken(6)], [job], NOW).windows) == 1


@pytest.mark.parametrize(
    ("cluster", "snapshots", "words"),
    [
        (replace(CLUSTER, has_continuous=False), [taken(3)], "turned off"),
        (CLUSTER, [], "no complete snapshot"),
    ],
)
def test_without_a_window_the_reason_is_told(
    cluster: AtlasCluster, snapshots: list[AtlasSnapshot], words: str
) -> None:
    found = continuous(cluster, 7, snapshots, [], NOW)

    assert words in found.why_none
    with pytest.raises(PointNotReachableError, match=words):
        require_reachable(at(1), found)


def test_a_moment_that_was_not_captured_yet_is_told_as_that() -> None:
    found = continuous(CLUSTER, 7, [taken(30)], [], NOW)

    with pytest.raises(PointNotReachableError, match="not been captured yet"):
        require_reachable(at(-1), found)


def test_an_older_server_cannot_take_a_newer_snapshot() -> None:
    order = RestoreOrder(
        Delivery.AUTOMATED, AtlasSnapshotId("s"), target_cluster="b", confirmed="b"
    )
    older = replace(CLUSTER, name="b", version="6.0.9")

    require_possible(order, CLUSTER, replace(older, version="8.0.1"))
    with pytest.raises(AtlasUnsupportedError, match=r"runs MongoDB 6.0.9"):
        require_possible(order, CLUSTER, older)


def test_every_wish_has_an_answer_for_every_tier() -> None:
    for tier in Tier:
        cluster = replace(CLUSTER, tier=tier)
        said = {wish: cluster.why_not(wish) for wish in Wish}
        assert all(said.values()) == (tier is Tier.FREE)
        assert cluster.describe


@pytest.mark.parametrize("shape", Shape)
def test_clusters_say_what_they_are(shape: Shape) -> None:
    assert replace(CLUSTER, shape=shape).describe.startswith("dedicated M30, ")


def test_a_profile_leads_to_a_cluster_by_any_of_its_names() -> None:
    cluster = replace(CLUSTER, hosts=("live.ab1cd.mongodb.net", "live-00.ab1cd.mongodb.net"))

    assert leads_to(_profile("mongodb+srv://live.ab1cd.mongodb.net/"), cluster)
    assert leads_to(_profile("mongodb://LIVE-00.ab1cd.mongodb.net:27017/"), cluster)
    assert not leads_to(_profile("mongodb+srv://live.zz9zz.mongodb.net/"), cluster)


def test_an_id_tells_when_it_was_made() -> None:
    assert moment_of_id("6925be13eae896510f35a553").year == 2025


@pytest.mark.parametrize("text", ["ftp://x", "https://", "https://u:p@x", "https://x/path", "x"])
def test_addresses_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        checked_url(text)


def test_addresses_and_ids_are_trimmed() -> None:
    assert checked_url(" https://cloud.mongodb.com/ ") == "https://cloud.mongodb.com"
    assert checked_user(" mdb_sa_id_1 ") == "mdb_sa_id_1"
    with pytest.raises(ConfigurationError):
        checked_user("two words")


def _profile(uri: str) -> Profile:
    return Profile(ProfileId("1"), "p", "p", parse_uri(uri).uri, None, None, Colour.GREY, NOW)
