"""What Atlas does not let our own backups do is said before anything starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.atlas_desk import AtlasDesk, atlas_desk
from mangrove.app.clock import SystemClock
from mangrove.core.atlas.cluster import Tier
from mangrove.core.atlas.own_work import why_not
from mangrove.core.backup import BackupRequest, Consistency, RestoreRequest
from mangrove.core.errors import PointNotReachableError, UnsupportedTopologyError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.own_work import OwnWork
from mangrove.core.pitr.capture import CaptureRequest
from mangrove.services.profiles import ProfileDraft
from mangrove.services.vaults import VaultDraft
from servers.atlas import FakeAtlas

MOMENT = RestoreRequest("", "small", rewind_to=OplogTimestamp(1_700_000_000, 0))


@pytest.fixture
def desk(tmp_path: Path, atlas: FakeAtlas) -> Iterator[AtlasDesk]:
    with atlas_desk(tmp_path, atlas, SystemClock()) as opened:
        opened.add_account()
        opened.services.vaults.add(VaultDraft("attic", (tmp_path / "attic").as_uri()))
        for name in ("small.ef2gh", "production.ab1cd"):
            uri = f"mongodb+srv://ann@{name}.mongodb.net/?authSource=admin"
            profile = name.partition(".")[0]
            opened.services.profiles.add(ProfileDraft(profile, uri))
            (place,) = opened.services.atlas.links.propose(profile)
            opened.services.atlas.links.link(profile, place)
        yield opened


def test_no_oplog_is_captured_of_a_flex_cluster(desk: AtlasDesk) -> None:
    with pytest.raises(UnsupportedTopologyError, match="no access to the oplog of Flex clusters"):
        desk.services.captures.start(CaptureRequest("small", "attic"))

    assert desk.services.activity.running() == ()


def test_no_backup_with_its_oplog_is_taken_of_a_flex_cluster(desk: AtlasDesk) -> None:
    request = BackupRequest("small", "attic", consistency=Consistency.OPLOG)

    with pytest.raises(UnsupportedTopologyError, match="no access to the oplog"):
        desk.services.backups.start(request)


def test_no_moment_is_replayed_onto_a_flex_cluster(desk: AtlasDesk) -> None:
    restores = desk.services.restores

    for ask in (restores.start, restores.preview):
        with pytest.raises(UnsupportedTopologyError, match="does not allow applyOps") as caught:
            ask(MOMENT)
        assert "another deployment" in (caught.value.hint or "")


def test_a_dedicated_cluster_is_not_held_back(desk: AtlasDesk) -> None:
    place = desk.place("production")

    assert place.cluster.tier is Tier.DEDICATED
    assert not any(why_not(place.cluster, work) for work in OwnWork)


def test_a_profile_without_a_link_is_not_held_back(desk: AtlasDesk) -> None:
    desk.services.atlas.links.unlink("small")

    with pytest.raises(PointNotReachableError):
        desk.services.restores.start(MOMENT)
