from dataclasses import replace

import bson
import pytest

from fakes.vaults import new_vault
from mangrove.core.accounts import AccountKind, PlainCredentials, UsersAndRoles
from mangrove.core.backup import BackupRequest, Selection
from mangrove.core.errors import WriteRefusedError
from mangrove.core.run import Phase, RunState
from mangrove.core.verification import Level
from mangrove.jobs.restores.restore import PHASES, phases_of
from unit.jobs.conftest import Bench

INCLUDE = UsersAndRoles.INCLUDE
HASH = "c2VjcmV0IGhhc2g="


def user(name: str, database: str = "shop", *roles: str) -> bytes:
    granted = [{"role": "read", "db": role} for role in roles]
    held = {"SCRAM-SHA-256": {"storedKey": HASH}}
    document = {"_id": f"{database}.{name}", "user": name, "db": database, "credentials": held}
    return bson.encode({**document, "roles": granted})


def role(name: str, database: str = "shop") -> bytes:
    document = {"_id": f"{database}.{name}", "role": name, "db": database}
    return bson.encode({**document, "privileges": [], "roles": []})


@pytest.fixture
def manned(bench: Bench) -> Bench:
    """The shop with two users and a role, backed up with them."""
    bench.shop.accounts[AccountKind.USER] = [user("anna"), user("root", "admin")]
    bench.shop.accounts[AccountKind.ROLE] = [role("clerk")]
    status = bench.run(bench.backup(request=asking(("shop",))))
    assert status.problem is None, status.problem
    bench.shop.calls.clear()
    return bench


def asking(databases: tuple[str, ...] = (), **choices: PlainCredentials) -> BackupRequest:
    selection = Selection(databases, users_and_roles=INCLUDE)
    return BackupRequest("shop", "attic", selection, **choices)


def names(bench: Bench) -> list[str]:
    held = bench.target.accounts
    return sorted(bson.decode(d)["_id"] for kind in AccountKind for d in held[kind])


def test_a_restore_adds_users_after_the_data_are_in_place(manned: Bench) -> None:
    status = manned.run(manned.restore(replace=("shop",), users_and_roles=INCLUDE))

    assert status.state is RunState.SUCCEEDED, status.problem
    assert names(manned) == ["shop.anna", "shop.clerk"]
    done = [operation for operation, _ in manned.target.calls]
    assert done.index("check_account_privileges") < done.index("create")
    assert done.index("merge") > len(done) - 1 - done[::-1].index("settle")
    assert status.result is not None
    figures = dict(status.result.figures)
    assert (figures["users_added"], figures["roles_added"]) == (1, 1)


def test_nobody_is_merged_unasked(manned: Bench) -> None:
    status = manned.run(manned.restore(replace=("shop",)))

    assert status.state is RunState.SUCCEEDED
    assert names(manned) == []
    assert ("merge", "1 users, 1 roles") not in manned.target.calls


def test_a_copy_is_refused_before_anything_is_written(manned: Bench) -> None:
    status = manned.run(manned.restore(users_and_roles=INCLUDE))

    assert status.problem is not None
    assert "users and roles of shop" in status.problem.message
    assert manned.target.names() == []


def test_a_merge_that_fails_is_a_loss_and_the_data_stay(manned: Bench) -> None:
    def hook(operation: str, _subject: str) -> None:
        if operation == "merge":
            raise WriteRefusedError("no users today")

    manned.target.hook = hook
    status = manned.run(manned.restore(replace=("shop",), users_and_roles=INCLUDE))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    (loss,) = status.result.losses
    assert (loss.subject, loss.reason, loss.count) == ("users and roles", "no users today", 2)
    assert "NOT added" in status.result.summary
    assert "shop.users" in manned.target.names()


def test_a_cancel_after_the_data_are_in_place_comes_too_late(manned: Bench) -> None:
    def hook(operation: str, _subject: str) -> None:
        if operation == "merge":
            manned.runner.cancel(manned.seen[-1].run_id)

    manned.target.hook = hook
    status = manned.run(manned.restore(replace=("shop",), users_and_roles=INCLUDE))

    assert status.state is RunState.SUCCEEDED
    assert names(manned) == ["shop.anna", "shop.clerk"]


def test_a_backup_without_users_says_so_and_restores(backed_up: Bench) -> None:
    status = backed_up.run(backed_up.restore(replace=("shop",), users_and_roles=INCLUDE))

    assert status.state is RunState.SUCCEEDED, status.problem
    assert status.result is not None
    assert "there are no users and roles to take along" in status.result.warnings


def test_an_unencrypted_vault_is_refused_before_the_source_is_opened(bench: Bench) -> None:
    bench.vault = new_vault(encrypted=False)

    refused = bench.run(bench.backup(request=asking()))

    assert refused.problem is not None
    assert refused.problem.code == "confirmation-missing"
    assert ("open", "the whole deployment") not in bench.shop.calls


@pytest.mark.parametrize("level", [Level.DECODED, Level.RESTORED])
def test_verification_counts_users(manned: Bench, level: Level) -> None:
    status = manned.run(manned.verify(level))

    assert status.state is RunState.SUCCEEDED, status
    (evidence,) = manned.vault.open().evidence(manned.verify().request.backup)
    counts = {n.namespace: n.documents for n in evidence.namespaces}
    assert counts["shop.$admin.system.users"] == 1
    merged = [d for kind in AccountKind for d in manned.gate.scratch.accounts[kind]]
    assert len(merged) == (2 if level is Level.RESTORED else 0)


def test_verification_on_a_deployment_merges_nobody(manned: Bench) -> None:
    status = manned.run(manned.verify(Level.RESTORED, "target"))

    assert status.state is RunState.SUCCEEDED, status
    assert names(manned) == []


def test_users_that_come_back_otherwise_are_a_finding(manned: Bench) -> None:
    manned.gate.scratch.accounts[AccountKind.USER] = [user("anna", "shop", "other")]

    status = manned.run(manned.verify())

    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == ["user anna@shop"]


def test_damaged_users_are_found_without_showing_a_hash(manned: Bench) -> None:
    manned.damage("$admin.system.users.0000.bson.zst.age", lambda data: data[:-1] + b"\x00")

    status = manned.run(manned.verify(Level.STORED))

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert HASH not in repr(status)


def test_only_a_restore_with_users_has_their_phase(manned: Bench) -> None:
    request = manned.restore().request

    plain = phases_of(request)
    assert plain == tuple(p for p in PHASES if p is not Phase.SAFETY)  # into a copy: none is taken
    assert phases_of(replace(request, replace=("shop",))) == PHASES
    assert phases_of(replace(request, users_and_roles=INCLUDE)) == (*plain, Phase.ACCOUNTS)
