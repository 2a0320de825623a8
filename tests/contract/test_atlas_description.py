"""Everything we ask of Atlas, and everything the pretended Atlas answers, as Atlas describes it.

A proxy between the two checks each request and each response against the published description: a
request that breaks it is refused with 422, an answer with 500, and either fails the call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mangrove.connectors.atlas.gate import HttpAtlasGate
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.atlas.account import AtlasAccount, AtlasAccountId, SignIn
from mangrove.core.atlas.cluster import AtlasCluster
from mangrove.core.atlas.policy import CopySetting, Retention, Unit, parse_item
from mangrove.core.atlas.restore import Delivery, JobState, Part, PointInTime, RestoreOrder
from mangrove.core.atlas.snapshot import Frequency, SnapshotState
from mangrove.core.errors import AtlasNotFoundError, AtlasRequestError
from mangrove.core.ports.atlas import AtlasApi
from mangrove.core.secret import Secret
from servers.atlas import FakeAtlas, serving
from servers.atlas_state import SHOP, ZONE, compliance_policy
from servers.prism import validating

pytestmark = [pytest.mark.slow]
MADE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def checked(description: Path) -> Iterator[tuple[FakeAtlas, str]]:
    with serving(FakeAtlas()) as fake, validating(description, fake.url) as address:
        yield fake, address


@contextmanager
def opened(checked: tuple[FakeAtlas, str], kind: SignIn) -> Iterator[AtlasApi]:
    fake, address = checked
    known, is_key = fake.sign_in, kind is SignIn.API_KEY
    user = known.public_key if is_key else known.client_id
    secret = Secret(known.private_key if is_key else known.client_secret)
    account = AtlasAccount(AtlasAccountId("a"), "a", kind, user, MADE, address)
    gate = HttpAtlasGate(SessionSecrets(), lambda: 0.0, retry_waits_s=())
    with gate.open(account, secret) as api:
        yield api


@pytest.fixture
def api(checked: tuple[FakeAtlas, str]) -> Iterator[AtlasApi]:
    with opened(checked, SignIn.SERVICE_ACCOUNT) as made:
        yield made


def cluster(api: AtlasApi, name: str) -> AtlasCluster:
    return next(c for c in api.clusters(SHOP) if c.name == name)


@pytest.mark.parametrize("kind", SignIn, ids=str)
def test_projects_and_clusters_with_either_way_to_sign_in(
    checked: tuple[FakeAtlas, str], kind: SignIn
) -> None:
    with opened(checked, kind) as api:
        projects, clusters = api.projects(), api.clusters(SHOP)

    assert [p.name for p in projects] == ["Lab", "Shop"]
    assert [c.name for c in clusters] == ["production", "small", "staging", "toy", "wide"]


def test_a_snapshot_from_the_wish_to_its_end(api: AtlasApi) -> None:
    staging = cluster(api, "staging")

    made = api.take(staging, "before the move", 3)
    while not (seen := api.snapshot(staging, made.snapshot_id)).state.is_over:
        pass
    longer = api.keep(staging, made.snapshot_id, Retention(2, Unit.WEEKS))

    assert (made.state, seen.state) == (SnapshotState.QUEUED, SnapshotState.COMPLETED)
    assert longer.expires_at > seen.expires_at
    assert made.snapshot_id in {s.snapshot_id for s in api.snapshots(staging)}
    api.delete(staging, seen)
    with pytest.raises(AtlasNotFoundError):
        api.snapshot(staging, made.snapshot_id)


def test_snapshots_of_sharded_and_flex_clusters_and_what_they_hold(api: AtlasApi) -> None:
    wide, small = cluster(api, "wide"), cluster(api, "small")

    (parts,) = api.snapshots(wide)
    (flex,) = api.snapshots(small)

    assert parts.parts == ("atlas-s0", "atlas-s1")
    assert api.snapshot(wide, parts.snapshot_id) == parts
    assert api.snapshot(small, flex.snapshot_id) == flex
    assert api.databases(cluster(api, "production"), _newest(api, "production")) == (
        "shop",
        "stock",
    )
    held = api.collections(cluster(api, "production"), _newest(api, "production"), "shop")
    assert held == ("orders", "users")


def test_a_schedule_there_and_back(api: AtlasApi) -> None:
    production = cluster(api, "production")
    old = api.schedule(production)
    copied = CopySetting("AWS", "EU_WEST_1", ZONE, (Frequency.DAILY, Frequency.ON_DEMAND), True)
    items = (parse_item("hourly 4 keep 7 days"), *old.items[1:])

    new = api.change_schedule(
        production,
        type(old)(items, 3, 30, 5, (copied,), old.next_at, old.policy_id),
        also_existing=True,
    )

    assert new.items[0].as_written == "hourly 4 keep 7 days"
    assert (new.hour, new.minute, new.restore_window_days) == (3, 30, 5)
    assert new.copies == (copied,)
    assert api.schedule(production) == new


@pytest.mark.parametrize("name", ["production", "small", "wide"])
def test_a_restore_of_a_snapshot_is_followed_to_its_end(api: AtlasApi, name: str) -> None:
    source = cluster(api, name)
    target = {"target_project": SHOP, "target_cluster": name}
    order = RestoreOrder(Delivery.AUTOMATED, _newest(api, name), **target)

    job = api.start_restore(source, order)
    while not (job := api.restore(source, job)).state.is_over:
        pass

    assert (job.state, job.target_cluster) == (JobState.SUCCEEDED, name)
    assert job.job_id in {j.job_id for j in api.restores(source)}


@pytest.mark.parametrize("name", ["production", "small", "wide"])
def test_a_download_has_addresses_in_the_end(api: AtlasApi, name: str) -> None:
    source = cluster(api, name)

    job = api.start_restore(source, RestoreOrder(Delivery.DOWNLOAD, _newest(api, name)))
    while not (job := api.restore(source, job)).state.is_over:
        pass

    assert len(job.urls) == (2 if name == "wide" else 1)
    with api.download(job.urls[0][1]) as opened:
        assert len(b"".join(opened.chunks)) == opened.total_bytes


@pytest.mark.parametrize("point", [PointInTime(1_790_000_000), PointInTime(1_790_000_000, 7)])
def test_a_point_in_time_is_named_in_either_way_and_cancelled(
    api: AtlasApi, point: PointInTime
) -> None:
    production = cluster(api, "production")
    order = RestoreOrder(
        Delivery.POINT_IN_TIME, point=point, target_project=SHOP, target_cluster="staging"
    )

    job = api.start_restore(production, order)
    api.cancel_restore(production, job.job_id)

    assert job.point == point
    assert api.restore(production, job).state is JobState.CANCELLED


def test_single_namespaces_are_restored(api: AtlasApi) -> None:
    production = cluster(api, "production")
    order = RestoreOrder(
        Delivery.AUTOMATED,
        _newest(api, "production"),
        target_project=SHOP,
        target_cluster="production",
        parts=(Part("stock"), Part("shop.orders", "shop.orders_old")),
    )

    job = api.start_restore(production, order)
    while not (job := api.restore(production, job)).state.is_over:
        pass

    assert (job.state, job.parts) == (JobState.SUCCEEDED, ("stock", "shop.orders"))
    assert (job.documents_done, job.documents_total) == (1000, 1000)


def test_a_request_that_breaks_the_description_does_not_get_through(
    api: AtlasApi, checked: tuple[FakeAtlas, str]
) -> None:
    """So that this whole file means something."""
    fake, _ = checked
    asked = fake.count("POST", "/snapshots")

    with pytest.raises(AtlasRequestError, match="not valid"):
        api.take(cluster(api, "staging"), "too short", 0)

    assert fake.count("POST", "/snapshots") == asked


def test_an_answer_that_breaks_the_description_does_not_get_through(
    api: AtlasApi, checked: tuple[FakeAtlas, str]
) -> None:
    fake, _ = checked
    odd = fake.state.put_snapshot("staging", timedelta(hours=1), storageSizeBytes="much")

    try:
        with pytest.raises(Exception, match="not valid"):
            api.snapshots(cluster(api, "staging"))
    finally:
        fake.state.find("staging").snapshots.remove(odd)


def _newest(api: AtlasApi, name: str) -> str:
    return api.snapshots(cluster(api, name))[0].snapshot_id


def test_a_compliance_policy_is_read(api: AtlasApi, checked: tuple[FakeAtlas, str]) -> None:
    fake, _ = checked
    fake.state.compliance = compliance_policy()

    try:
        found = api.compliance(SHOP)
    finally:
        fake.state.compliance = {}

    assert found is not None
    assert [i.as_written for i in found.items] == ["daily keep 14 days"]
    assert (found.restore_window_days, found.needs_continuous) == (3, True)
