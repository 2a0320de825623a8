from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.retention import DAY, NOW, Keep, keep
from fakes.vaults import evidence_for
from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BackupProtectedError,
    InvalidPolicyError,
    RetentionError,
    VaultLockedError,
)
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.run import RunState
from mangrove.core.vaults.lock import LockMode
from mangrove.core.verification import Level

LAST_TWO = RetentionPolicy((KeepRule(Period.LAST, 2),))


@pytest.fixture
def shop() -> Iterator[Keep]:
    with keep() as made:
        yield made


def texts(shop: Keep) -> dict[str, str]:
    return {f.record.backup: f.sentence for f in shop.retention.preview("attic").fates}


def test_without_a_policy_a_prune_changes_nothing(shop: Keep) -> None:
    for days in (2, 30, 300):
        shop.backup(days)
    before = {info.name for info in shop.vault.storage.list()}

    status = shop.prune()

    assert status.state is RunState.SUCCEEDED
    assert status.result is not None
    assert status.result.summary == "nothing is to go now; every backup stays"
    assert {info.name for info in shop.vault.storage.list()} == before


def test_what_the_preview_says_is_what_a_prune_does(shop: Keep) -> None:
    for days in (2, 3, 4, 5, 6):
        shop.backup(days, proven=days == 5)
    shop.retention.set_policy("attic", LAST_TWO)
    foreseen = shop.retention.preview("attic")

    shop.prune()
    after = shop.retention.preview("attic")
    shop.clock.advance(timedelta(days=8))
    due = shop.retention.preview("attic")
    shop.prune()

    going = {f.record.backup for f in foreseen.going}
    assert going == {shop.made[2], shop.made[4]}
    assert {v.entry.backup for v in foreseen.plan.marks} == going
    assert {f.record.backup for f in after.fates if f.is_marked} == going
    assert {v.entry.backup for v in due.plan.purges} == going
    assert shop.stored() == set(shop.made.values()) - going
    assert {r.backup for r in shop.catalog.all()} == shop.stored()
    assert not [i for i in shop.vault.storage.list() if any(b in i.name for b in going)]
    assert not list(shop.vault.storage.list("_locks/"))


def test_what_goes_says_when_and_why_and_stays_until_then(shop: Keep) -> None:
    for days in (2, 3, 4):
        shop.backup(days)
    shop.retention.set_policy("attic", LAST_TWO)
    shop.prune()
    shop.clock.advance(timedelta(days=6, hours=23))
    shop.prune()

    assert (
        texts(shop)[shop.made[2]] == "goes on 2026-04-07: no rule keeps it: enough newer ones stay"
    )
    assert len(shop.stored()) == 3
    shop.clock.advance(timedelta(hours=1))
    assert shop.prune().result.figures[0] == ("purged", 1)  # type: ignore[union-attr]  # it is over


def test_an_undone_deletion_stays_undone(shop: Keep) -> None:
    for days in (2, 3, 4):
        shop.backup(days)
    shop.retention.set_policy("attic", LAST_TWO)
    shop.prune()

    shop.retention.undo(shop.made[2])
    shop.clock.advance(timedelta(days=30))
    shop.prune()

    assert len(shop.stored()) == 3
    assert "pinned: its deletion was undone" in texts(shop)[shop.made[2]]
    with pytest.raises(RetentionError, match="not being deleted"):
        shop.retention.undo(shop.made[0])


def test_a_stricter_policy_deletes_nothing_for_a_week(shop: Keep) -> None:
    for days in (2, 3, 4, 5):
        shop.backup(days)
    shop.retention.set_policy("attic", RetentionPolicy((KeepRule(Period.LAST, 4),)))
    shop.clock.advance(DAY)
    shop.retention.set_policy("attic", LAST_TWO)

    shop.prune()
    assert not shop.retention.preview("attic").going
    shop.clock.advance(timedelta(days=7))
    shop.prune()

    assert len([f for f in shop.retention.preview("attic").fates if f.is_marked]) == 2
    assert len(shop.stored()) == 4


def test_pins_and_holds_are_for_all_workstations_and_say_why(shop: Keep) -> None:
    for days in (2, 3, 4, 5):
        shop.backup(days)
    shop.retention.set_policy("attic", RetentionPolicy((KeepRule(Period.LAST, 1),)))
    shop.retention.pin(shop.made[2], "before the migration")
    shop.retention.hold(shop.made[3], "case 17")

    found = texts(shop)
    assert found[shop.made[2]] == "stays: pinned: before the migration"
    assert found[shop.made[3]] == "stays: legal hold: case 17"
    with pytest.raises(RetentionError, match="is not under a legal hold; nothing was changed"):
        shop.retention.release(shop.made[2])
    with pytest.raises(RetentionError, match="is not pinned; nothing was changed"):
        shop.retention.unpin(shop.made[3])
    shop.retention.unpin(shop.made[2])
    shop.retention.release(shop.made[3])
    assert [t.startswith("goes") for t in texts(shop).values()] == [False, True, True, True]
    with pytest.raises(RetentionError, match="says what it is for"):
        shop.retention.hold(shop.made[3], " ")


def test_a_deletion_by_hand_goes_the_same_way(shop: Keep) -> None:
    for days in (2, 3, 4):
        shop.backup(days)

    done = shop.retention.delete(shop.made[1], "wrong server")
    assert done.due_at == NOW + timedelta(days=7)
    assert texts(shop)[shop.made[1]] == "goes on 2026-04-07: somebody deleted it"
    shop.clock.advance(timedelta(days=7))
    shop.prune()

    assert shop.stored() == {shop.made[0], shop.made[2]}
    assert len(shop.vault.open().journal.read().statements) == 1
    shop.clock.advance(timedelta(days=90))
    shop.prune()
    assert not shop.vault.open().journal.read().statements


@pytest.mark.parametrize("why", ["pinned", "legal hold", "newest verified", "minimum redundancy"])
def test_what_has_to_stay_is_not_deleted_by_hand_either(shop: Keep, why: str) -> None:
    backup = shop.backup(5, proven=why == "newest verified")
    if why != "minimum redundancy":
        shop.backup(2)
    if why == "pinned":
        shop.retention.pin(backup)
    if why == "legal hold":
        shop.retention.hold(backup, "case 17")

    with pytest.raises(BackupProtectedError, match=why) as caught:
        shop.retention.delete(backup)

    assert caught.value.hint
    assert not [
        s
        for s in shop.vault.open().journal.read().statements
        if s.backups == (backup,) and s.due_at
    ]


def test_a_proven_backup_of_a_part_may_go_once_a_newer_whole_one_is_proven(shop: Keep) -> None:
    part = shop.backup(5, proven=True, part=True)
    with pytest.raises(BackupProtectedError):
        shop.retention.delete(part)

    shop.backup(2, proven=True)
    shop.retention.delete(part)
    shop.clock.advance(timedelta(days=7))
    shop.prune()

    assert part not in shop.stored()


def test_a_backup_that_lost_an_object_or_failed_counts_for_nothing(shop: Keep) -> None:
    for days in (2, 3, 4, 5):
        shop.backup(days)
    shop.retention.set_policy("attic", LAST_TWO)
    blob = next(
        i for i in shop.vault.storage.list() if shop.made[0] in i.name and "users" in i.name
    )
    shop.vault.storage.delete(BlobName(blob.name))
    failed = replace(evidence_for(shop.made[1], Level.STORED, passed=False), finished_at=NOW)
    shop.vault.open().keep_evidence(failed)

    found = texts(shop)

    assert "objects of it are missing" in found[shop.made[0]]
    assert "its last verification failed" in found[shop.made[1]]
    assert "newest good one: newer ones failed" in found[shop.made[2]]
    assert not [t for t in found.values() if t.startswith("goes")]


def test_the_newest_proven_one_is_known_though_another_workstation_proved_it(shop: Keep) -> None:
    for days in (2, 3, 4, 5):
        shop.backup(days)
    shop.retention.set_policy("attic", LAST_TWO)
    shop.vault.open().keep_evidence(replace(evidence_for(shop.made[3]), finished_at=NOW))

    assert texts(shop)[shop.made[3]] == "stays: newest verified (restored)"


def test_nothing_is_deleted_while_a_statement_cannot_be_believed(shop: Keep) -> None:
    for days in (2, 3, 4):
        shop.backup(days)
    shop.retention.set_policy("attic", LAST_TWO)
    shop.retention.pin(shop.made[2])
    pin = next(s for s in shop.vault.open().journal.read().statements if s.backups)
    shop.vault.memory.tamper(BlobName(pin.name), b"{}")

    assert shop.prune().state is RunState.FAILED
    assert shop.retention.preview("attic").damaged == (pin.name,)
    with pytest.raises(RetentionError, match="may have been a pin"):
        shop.retention.delete(shop.made[1])
    assert len(shop.stored()) == 3


def test_backups_of_other_workstations_are_listed_and_gone_ones_forgotten(shop: Keep) -> None:
    one, other = shop.backup(2), shop.backup(3)
    shop.catalog.remove(shop.vault.spec.vault_id, one)
    list(shop.vault.open().purge(other))

    shop.retention.preview("attic")

    assert [r.backup for r in shop.catalog.all()] == [one]


def test_what_is_said_waits_until_nobody_deletes(shop: Keep) -> None:
    backup = shop.backup(2)
    lease = shop.vault.open().locks.take(LockMode.EXCLUSIVE, "prune of attic")

    with pytest.raises(VaultLockedError, match="prune of attic"):
        shop.retention.pin(backup)

    lease.release()
    shop.retention.pin(backup)


def test_a_policy_of_an_unknown_time_zone_is_refused(shop: Keep) -> None:
    with pytest.raises(InvalidPolicyError, match="no time zone"):
        shop.retention.set_policy("attic", replace(LAST_TWO, time_zone="Mars/Olympus"))

    assert shop.retention.policy("attic") == RetentionPolicy()


def test_a_policy_can_be_tried_without_setting_it(shop: Keep) -> None:
    for days in (2, 3, 4, 5):
        shop.backup(days)

    view = shop.retention.preview("attic", LAST_TWO)

    assert view.is_what_if
    assert len(view.going) == 2
    assert shop.retention.policy("attic").is_empty
