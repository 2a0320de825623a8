from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.vaults import STARTED_AT, TestVault, new_id, new_vault
from mangrove.core.backup import BackupId
from mangrove.core.blobs import BlobName
from mangrove.core.errors import SecretNotFoundError
from mangrove.core.retention.marks import Marks, Statement, StatementKind
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.vaults.vault import identity_ref, signing_key_ref
from mangrove.vault.statements import UNREADABLE_NOTE

ONE, OTHER = new_id(1), new_id(2)


def said(kind: str, minute: int = 0, *backups: BackupId, **more: object) -> Statement:
    at = STARTED_AT + timedelta(minutes=minute)
    due_at = at + timedelta(days=7) if kind == "delete" else None
    return Statement(StatementKind(kind), at, "ann@desk", backups or (ONE,), due_at=due_at, **more)  # type: ignore[arg-type]  # tests


@pytest.fixture
def vault() -> TestVault:
    return new_vault()


@pytest.mark.parametrize("encrypted", [True, False])
def test_statements_come_back_as_they_were_made(*, encrypted: bool) -> None:
    vault = new_vault(encrypted=encrypted)
    policy = RetentionPolicy(
        (KeepRule(Period.DAILY, 7), KeepRule(Period.LAST, within=timedelta(days=2))),
        timedelta(days=30),
        2,
        "Europe/Berlin",
        timedelta(days=3),
        4,
    )
    made = [
        said("pin", 0, ONE, OTHER, note="vor der Umstellung"),
        said("delete", 1, by_hand=True),
        replace(said("policy", 2), backups=(), policy=policy),
    ]

    kept = [vault.open().journal.add(statement) for statement in made]
    journal = vault.open().journal.read()

    assert [replace(s, name="") for s in sorted(journal.statements, key=lambda s: s.at)] == made
    assert {s.name for s in journal.statements} == {s.name for s in kept}
    assert journal.policies()[0].policy == policy
    assert not journal.damaged


def test_the_newest_statement_on_a_matter_counts() -> None:
    journal = new_vault().open().journal
    for statement in (
        said("pin", 0, ONE, OTHER),
        said("unpin", 1),
        said("hold", 2, note="case 17"),
        said("delete", 3),
        said("undo", 4),
    ):
        journal.add(statement)

    marks = journal.read().marks()

    assert marks[ONE].pin is marks[ONE].deletion is None
    assert marks[ONE].hold is not None
    assert marks[ONE].hold.note == "case 17"
    assert marks[OTHER].pin is not None
    assert marks.get(new_id(9), Marks()) == Marks()


def test_statements_that_say_nothing_any_more_are_told_and_removed(vault: TestVault) -> None:
    journal = vault.open().journal
    old = journal.add(said("pin", 0))
    new = journal.add(said("unpin", 1))
    gone = journal.add(said("pin", 2, OTHER))

    outdated = journal.read().outdated([ONE], STARTED_AT)
    journal.remove(outdated)

    assert set(outdated) == {old.name, gone.name}
    assert [s.name for s in journal.read().statements] == [new.name]
    assert not [i for i in vault.storage.list("_retention/") if new.name not in i.name]


def test_a_statement_without_its_signature_was_never_made(vault: TestVault) -> None:
    kept = vault.open().journal.add(said("delete"))
    vault.storage.delete(BlobName(kept.name + ".minisig"))

    journal = vault.open().journal.read()

    assert not journal.statements
    assert not journal.damaged


@pytest.mark.parametrize("harm", ["edited", "renamed", "another vault's", "rubbish"])
def test_a_statement_that_is_not_as_it_was_signed_is_damaged(vault: TestVault, harm: str) -> None:
    journal = vault.open().journal
    kept = journal.add(said("pin"))
    name = BlobName(kept.name)
    data = b"".join(vault.storage.get(name))
    signature = b"".join(vault.storage.get(BlobName(name + ".minisig")))
    if harm == "edited":
        vault.memory.tamper(name, data.replace(ONE.encode(), OTHER.encode()))
    elif harm == "renamed":
        other = journal.add(said("unpin", 1))
        vault.memory.tamper(BlobName(other.name), data)
    elif harm == "another vault's":
        stranger = new_vault(vault_id="ffffff")
        lent = stranger.open(public_key=vault.spec.public_key)
        del lent
        vault.memory.tamper(name, data.replace(b'"a1b2c3"', b'"ffffff"'))
    else:
        vault.memory.tamper(BlobName(name + ".minisig"), signature[::-1])

    assert len(journal.read().damaged) == 1


def test_what_is_pinned_is_known_where_backups_cannot_be_opened(vault: TestVault) -> None:
    vault.open().journal.add(said("pin", 0, note="secret reason"))
    blob = b"".join(b"".join(vault.storage.get(i.name)) for i in vault.storage.list("_retention/"))
    vault.secrets.forget(identity_ref(vault.spec.vault_id))

    marks = vault.open().journal.read().marks()

    assert b"secret reason" not in blob
    assert marks[ONE].pin is not None
    assert marks[ONE].pin.note == UNREADABLE_NOTE


def test_nothing_is_stored_without_the_signing_key(vault: TestVault) -> None:
    vault.secrets.forget(signing_key_ref(vault.spec.vault_id))

    with pytest.raises(SecretNotFoundError):
        vault.open().journal.add(said("pin"))

    assert not list(vault.storage.list("_retention/"))
