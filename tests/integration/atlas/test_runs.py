"""Long work at a pretended Atlas: watched to its end, cancelled, and what is left then."""

from datetime import timedelta
from pathlib import Path

import pytest

from fakes.atlas_desk import AtlasDesk
from mangrove.core.atlas.restore import (
    Delivery,
    Part,
    PointInTime,
    RestoreOrder,
    WriteStrategy,
)
from mangrove.core.atlas.snapshot import AtlasSnapshotId
from mangrove.core.errors import (
    AtlasUnsupportedError,
    ConfirmationMissingError,
    PointNotReachableError,
)
from mangrove.core.run import Phase, RunId, RunState, RunStatus
from servers.atlas_state import SHOP

WAIT_S = 60.0


def ended(desk: AtlasDesk, run_id: RunId) -> RunStatus:
    status = desk.services.activity.wait(run_id, WAIT_S)
    assert status.state.is_over
    return status


def cancelled_in(desk: AtlasDesk, phase: Phase) -> None:
    """Cancel the first run that is in a phase and says what it does there."""
    done: set[RunId] = set()

    def look(status: RunStatus) -> None:
        if status.phase is phase and status.note and not done:
            done.add(status.run_id)
            desk.services.activity.cancel(status.run_id)

    desk.services.activity.subscribe(look)


def newest(desk: AtlasDesk, name: str = "production") -> AtlasSnapshotId:
    return desk.services.atlas.snapshots.all(desk.place(name))[0].snapshot_id


def into(name: str, snapshot: AtlasSnapshotId, **other: object) -> RestoreOrder:
    target = {"target_project": SHOP, "target_cluster": name}
    return RestoreOrder(Delivery.AUTOMATED, snapshot, **target, **other)  # type: ignore[arg-type]


def test_a_restore_over_a_cluster_needs_its_name_typed(desk: AtlasDesk) -> None:
    place, target = desk.place("production"), desk.place("staging")
    restores = desk.services.atlas.restores

    with pytest.raises(ConfirmationMissingError, match="deletes ALL data of the cluster staging"):
        restores.start(place, into("staging", newest(desk)), target)
    assert desk.fake.count("POST", "restoreJobs") == 0

    order = into("staging", newest(desk), confirmed="staging")
    status = ended(desk, restores.start(place, order, target))

    assert status.state is RunState.SUCCEEDED
    assert status.result is not None
    assert "restored to staging" in status.result.summary
    assert "next snapshot of staging" in status.result.warnings[0]


def test_a_restore_that_fails_at_atlas_fails_here(desk: AtlasDesk) -> None:
    place = desk.place("production")
    desk.fake.state.restores_fail = True

    order = into("staging", newest(desk), confirmed="staging")
    status = ended(desk, desk.services.atlas.restores.start(place, order, desk.place("staging")))

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "atlas-work-failed"
    assert "look at the data of staging" in status.problem.hint


def test_a_cancelled_restore_is_stopped_at_atlas_too(desk: AtlasDesk) -> None:
    desk.fake.state.is_still = True
    cancelled_in(desk, Phase.ATLAS_WAIT)

    order = into("staging", newest(desk), confirmed="staging")
    run_id = desk.services.atlas.restores.start(
        desk.place("production"), order, desk.place("staging")
    )
    status = ended(desk, run_id)

    assert status.state is RunState.CANCELLED
    assert "Atlas stopped the restore" in status.note
    assert "may hold no usable data" in status.note
    (job,) = desk.fake.state.find("production").restores
    assert job["cancelled"] is True


def test_a_restore_that_atlas_cannot_stop_is_told_as_that(desk: AtlasDesk) -> None:
    desk.fake.state.is_still = True
    cancelled_in(desk, Phase.ATLAS_WAIT)
    order = into("production", newest(desk), parts=(Part("stock"),))
    place = desk.place("production")

    status = ended(desk, desk.services.atlas.restores.start(place, order, place))

    assert status.state is RunState.CANCELLED
    assert "Atlas goes on with the restore" in status.note


def test_a_snapshot_goes_on_at_atlas_when_the_waiting_is_cancelled(desk: AtlasDesk) -> None:
    desk.fake.state.is_still = True
    cancelled_in(desk, Phase.ATLAS_WAIT)

    run_id = desk.services.atlas.snapshots.start_take(desk.place("staging"), "x", 2)
    status = ended(desk, run_id)

    assert status.state is RunState.CANCELLED
    assert "it cannot be stopped" in status.note
    desk.fake.state.is_still = False
    (made,) = desk.services.atlas.snapshots.all(desk.place("staging"))
    watched = desk.services.atlas.snapshots.start_watch(desk.place("staging"), made.snapshot_id)
    assert ended(desk, watched).state is RunState.SUCCEEDED


def test_single_collections_come_back_beside_what_is_there(desk: AtlasDesk) -> None:
    ran = desk(
        *("--json", "atlas", "restore", "production", "--to", "production", "--snapshot"),
        *("latest", "--only", "shop.orders", "--rename", "shop.orders=shop.orders_old"),
    )

    assert ran.code == 0
    sent = desk.fake.bodies[-1]
    assert sent["collections"] == [
        {"sourceNamespace": "shop.orders", "targetNamespace": "shop.orders_old"}
    ]
    assert sent["writeStrategy"] == "CREATE_NEW"
    (job,) = desk("--json", "atlas", "jobs", "production").document["jobs"]
    assert (job["parts"], job["state"]) == (["shop.orders"], "succeeded")


def test_single_collections_are_overwritten_only_with_the_typed_name(desk: AtlasDesk) -> None:
    place = desk.place("production")
    order = into("production", newest(desk), parts=(Part("stock"),), write=WriteStrategy.OVERWRITE)

    with pytest.raises(ConfirmationMissingError, match="replaces stock on production"):
        desk.services.atlas.restores.start(place, order, place)


def test_a_moment_is_restored_by_time_and_by_oplog_entry(desk: AtlasDesk) -> None:
    at = desk.services.clock.now() - timedelta(hours=3)
    seconds = int(at.timestamp())
    base = ("atlas", "restore", "production", "--to", "staging", "--yes-replace", "staging")

    by_time = desk(*base, "--at", at.isoformat())
    first = desk.fake.bodies[-1]
    by_entry = desk(*base, "--at", f"{seconds}:7")

    assert (by_time.code, by_entry.code) == (0, 0)
    assert (first["deliveryType"], first["pointInTimeUTCSeconds"]) == ("pointInTime", seconds)
    assert (desk.fake.bodies[-1]["oplogTs"], desk.fake.bodies[-1]["oplogInc"]) == (seconds, 7)


def test_a_moment_outside_the_window_is_refused_with_what_is_near(desk: AtlasDesk) -> None:
    seconds = int((desk.services.clock.now() - timedelta(days=9)).timestamp())
    order = RestoreOrder(
        Delivery.POINT_IN_TIME,
        point=PointInTime(seconds),
        target_project=SHOP,
        target_cluster="staging",
        confirmed="staging",
    )

    with pytest.raises(PointNotReachableError, match="before the restore window") as caught:
        desk.services.atlas.restores.start(desk.place("production"), order, desk.place("staging"))

    assert "it can restore" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("wide", "staging", "into a sharded cluster only"),
        ("production", "wide", "into a replica set only"),
        ("production", "toy", "nothing into a free cluster"),
        ("production", "small", "into dedicated clusters only"),
    ],
)
def test_a_target_that_does_not_fit_is_refused_before_atlas_is_asked(
    desk: AtlasDesk, source: str, target: str, words: str
) -> None:
    order = into(target, newest(desk, source), confirmed=target)

    with pytest.raises(AtlasUnsupportedError, match=words):
        desk.services.atlas.restores.start(desk.place(source), order, desk.place(target))


@pytest.mark.parametrize(("name", "files"), [("production", 1), ("wide", 2), ("small", 1)])
def test_a_download_is_fetched_whole_even_when_its_connection_breaks(
    desk: AtlasDesk, tmp_path: Path, name: str, files: int
) -> None:
    desk.fake.cut_downloads = 1
    folder = tmp_path / "down"

    ran = desk("--json", "atlas", "download", name, "latest", str(folder))

    assert ran.code == 0
    found = sorted(folder.iterdir())
    assert len(found) == files
    assert {p.read_bytes() for p in found} == set(desk.fake.state.files.values())
    assert desk("atlas", "download", name, "latest", str(folder)).code == 1  # nothing overwritten


def test_a_cancelled_download_leaves_no_file(desk: AtlasDesk, tmp_path: Path) -> None:
    folder = tmp_path / "down"
    cancelled_in(desk, Phase.ATLAS_FETCH)
    place = desk.place("production")

    order = RestoreOrder(Delivery.DOWNLOAD, newest(desk))
    run_id = desk.services.atlas.restores.start(place, order, folder=folder)

    assert ended(desk, run_id).state is RunState.CANCELLED
    assert list(folder.iterdir()) == []


def test_a_download_that_stays_cut_fails_and_leaves_no_file(
    desk: AtlasDesk, tmp_path: Path
) -> None:
    desk.fake.cut_downloads = 100

    ran = desk("atlas", "download", "production", "latest", str(tmp_path / "down"))

    assert ran.code == 1
    assert "stays incomplete" in ran.err
    assert list((tmp_path / "down").iterdir()) == []


def test_a_restore_is_cancelled_and_watched_by_its_id(desk: AtlasDesk) -> None:
    desk.fake.state.is_still = True
    place = desk.place("production")
    with desk.services.atlas.restores._tools.opened(place) as api:
        job = api.start_restore(place.cluster, into("staging", newest(desk)))

    cancelled = desk("atlas", "cancel", "production", job.job_id)
    again = desk("atlas", "cancel", "production", job.job_id)
    watched = desk("atlas", "watch", "production", job.job_id)

    assert (cancelled.code, again.code, watched.code) == (0, 1, 1)
    assert "over already" in again.err
    assert "was cancelled at Atlas" in watched.err


def test_addresses_of_downloads_are_neither_printed_nor_kept(
    desk: AtlasDesk, tmp_path: Path
) -> None:
    ran = desk("--json", "atlas", "download", "production", "latest", str(tmp_path / "down"))
    listed = desk("--json", "atlas", "jobs", "production")

    assert listed.document["jobs"][0]["download_ready"] is True
    state = b"".join(p.read_bytes() for p in (desk.folder / "home").rglob("*") if p.is_file())
    assert "sig=signed" not in ran.out + ran.err + listed.out
    assert b"sig=signed" not in state
