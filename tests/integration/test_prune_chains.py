"""A prune of a vault with an oplog chain: what it says is what it does, and the rest plays."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.clock import FakeClock
from fakes.vault_desk import VaultDesk
from fakes.workstation import fill, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.retention import chains
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.run import RunState
from mangrove.core.vaults.keys import KitState
from mangrove.vault.crypto.recipients import X25519Identity

LAST = RetentionPolicy((KeepRule(Period.LAST, 1),), undo=timedelta(0))


@pytest.mark.mongod
@pytest.mark.slow
def test_a_prune_takes_the_slices_that_only_the_old_base_needed_and_no_other(
    tmp_path: Path,
    replica_set: EmbeddedMongod,
    database_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A base keeps the slices of the minutes before it, for transactions; nobody waits that long.
    monkeypatch.setattr(chains, "TRANSACTION_SLACK_S", -2)
    clock = FakeClock(SystemClock().now())
    with workstation(tmp_path, clock=clock) as desk, MongoClient[Any](replica_set.uri) as client:
        desk.add_vault()
        desk.add_profile(replica_set.uri)
        fill(client, database_name, 0.1)
        old = desk.backup().backup
        for name in ("one", "two"):
            fill(client, database_name, 0.1, name=name)
            assert desk.capture().state is RunState.SUCCEEDED
        clock.advance(timedelta(hours=1))
        kept = desk.backup().backup
        fill(client, database_name, 0.1, name="three")
        desk.capture()
        retention, points = desk.services.retention, desk.services.points
        retention.set_policy("attic", LAST)
        clock.advance(timedelta(days=10))
        view = retention.preview("attic")

        refused = desk.services.activity.wait(retention.start_prune("attic"), 60)
        assert refused.state is RunState.FAILED
        assert refused.problem is not None
        assert refused.problem.code == "confirmation-missing"
        before = set(desk.files())
        run = retention.start_prune("attic", accepts_lost_moments=True)
        status = desk.services.activity.wait(run, 60)

        assert status.state is RunState.SUCCEEDED, status
        gone = {n for n in before - set(desk.files()) if not n.startswith("_")}
        predicted = {verdict.slice.name for verdict in view.plan.slices}
        slices = {name for name in gone if "/oplog/" in name and name.endswith(".age")}
        assert slices == predicted != set()
        assert {name for name in gone if "/oplog/" not in name} == {
            name for name in before if str(old) in name
        }
        assert [verdict.entry.backup for verdict in view.plan.purges] == [old]
        (window,) = points.timeline("shop").windows
        assert window.bases[0].record.backup == kept
        after = retention.preview("attic")
        assert (after.plan.purges, after.plan.slices, after.plan.lost) == ((), (), ())


def test_a_workstation_that_may_not_read_prunes_all_the_same(tmp_path: Path) -> None:
    holder = X25519Identity.generate().recipient.to_text()
    with workstation(tmp_path) as desk:
        at = VaultDesk(desk)
        at.add(extra_recipients=(holder,), write_only=True)
        old, new = at.backup(3), at.backup(4)
        desk.services.retention.set_policy(at.name, LAST)
        assert desk.services.retention.pin(new.backup, "the last one") == new.backup

        status = desk.services.activity.wait(desk.services.retention.start_prune(at.name), 60)

        assert status.result is not None, status
        assert dict(status.result.figures)["purged"] == 1
        assert [r.backup for r in desk.services.backups.all()] == [new.backup]
        assert not [name for name in desk.files() if old.backup in name]
        (fate,) = desk.services.retention.preview(at.name).fates
        assert "pinned: the last one" in fate.verdict.because
        assert desk.services.kits.state(at.name) is KitState.MISSING
