"""Users and roles go into a backup only when asked for, and come back able to sign in."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from fakes.workstation import VAULT, WAIT_S, Workstation, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.account_sink import MARKER
from mangrove.connectors.mongo.client import open_uri
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.core.accounts import PlainCredentials, UsersAndRoles
from mangrove.core.backup import (
    BackupId,
    Compression,
    Consistency,
    Rename,
    RestoreRequest,
    Selection,
)
from mangrove.core.copy import CopyRequest
from mangrove.core.errors import WriteRefusedError
from mangrove.core.manifest import Manifest
from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.core.secret import Secret
from mangrove.core.uri import parse_uri
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest
from mangrove.engine.mongodump.opening import open_dump
from servers.mongod import Account, GuardedServer, mongod_binary

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
Client = MongoClient[dict[str, Any]]
ODD, OLD, FOREIGN = "usér/with%odd", "old sha1", "elsewhere"
SOURCE, TARGET, RESTORER = "shop", "target", "restorer"
TEMPORARY = {"tempusers", "temproles", MARKER}


@dataclass(frozen=True, slots=True)
class Shop:
    """A database with users and roles on the guarded server."""

    server: GuardedServer
    name: str
    password: str
    client: Client

    @property
    def root_uri(self) -> str:
        return self.server.uri_for(self.server.root)

    @property
    def whole(self) -> Selection:
        return Selection(databases=(self.name,), users_and_roles=UsersAndRoles.INCLUDE)


@dataclass(frozen=True, slots=True)
class Target:
    """A fresh server with access control, a root and a user with the role restore only."""

    server: GuardedServer
    client: Client

    def uri_for(self, user: str, password: str, database: str) -> str:
        uri = self.server.uri_for(Account(user, password))
        return uri.replace("authSource=admin", f"authSource={database}")

    def signs_in(self, user: str, password: str, database: str) -> bool:
        """Whether somebody can sign in and read what the role allows."""
        with Client(self.uri_for(user, password, database)) as client:
            try:
                client[database].command({"find": "orders", "limit": 1})
            except OperationFailure as error:
                if error.code != 18:
                    raise
                return False
        return True

    def accounts(self, part: str, database: str) -> list[str]:
        found = self.client["admin"][f"system.{part}"].find({"db": database})
        return sorted(str(d["_id"]) for d in found)


@pytest.fixture
def shop(mongod_with_auth: GuardedServer, database_name: str) -> Iterator[Shop]:
    """Users of both mechanisms, roles that inherit, and names that are odd."""
    password = secrets.token_hex(20)
    with Client(mongod_with_auth.uri_for(mongod_with_auth.root)) as client:
        db = client[database_name]
        db["orders"].insert_many({"_id": n} for n in range(50))
        resource = {"db": database_name, "collection": "orders"}
        db.command("createRole", "base %2F", privileges=[_may_find(resource)], roles=[])
        db.command("createRole", "inherits", privileges=[], roles=["base %2F"])
        db.command("createUser", ODD, pwd=password, roles=["inherits"])
        sha1 = {"mechanisms": ["SCRAM-SHA-1"], "customData": {"n": 1}}
        db.command("createUser", OLD, pwd=password, roles=["read"], **sha1)
        other = [{"role": "read", "db": "billing"}, "read"]
        db.command("createUser", FOREIGN, pwd=password, roles=other)
        yield Shop(mongod_with_auth, database_name, password, client)
        db.command("dropAllUsersFromDatabase")
        db.command("dropAllRolesFromDatabase")
        client.drop_database(database_name)


@pytest.fixture(scope="module")
def target_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    """A second server with access control."""
    key_file = tmp_path_factory.mktemp("keyfile") / "key"
    key_file.write_text(secrets.token_hex(64))
    key_file.chmod(0o400)
    root = Account("root", secrets.token_hex(24))
    restorer = Account(RESTORER, secrets.token_hex(24))
    mongod = EmbeddedMongod(mongod_binary(), extra_args=["--keyFile", str(key_file)])
    try:
        mongod.start()
        server = GuardedServer(mongod, root, restorer, restorer)
        with Client(mongod.uri) as client:
            client["admin"].command("createUser", "root", pwd=root.password, roles=["root"])
        with Client(server.uri_for(root)) as client:
            roles = ["restore", "readAnyDatabase"]  # what was written is read again
            client["admin"].command("createUser", RESTORER, pwd=restorer.password, roles=roles)
        yield server
    finally:
        mongod.kill()
        mongod.close()


@pytest.fixture
def target(target_server: GuardedServer) -> Iterator[Target]:
    """The second server, without what a test restores to it."""
    with Client(target_server.uri_for(target_server.root)) as client:
        yield Target(target_server, client)
        for name in client.list_database_names():
            if name.startswith("test_"):
                client[name].command("dropAllUsersFromDatabase")
                client[name].command("dropAllRolesFromDatabase")
                client.drop_database(name)
        left = set(client["admin"].list_collection_names()) & TEMPORARY
        for name in left:
            client["admin"].drop_collection(name)


@pytest.fixture
def desk(tmp_path: Path, shop: Shop, target: Target) -> Iterator[Workstation]:
    """A workstation that backs up with the role backup and restores with the role restore."""
    with workstation(tmp_path) as opened:
        opened.add_vault()
        opened.add_profile(shop.server.uri_for(shop.server.backup), SOURCE)
        opened.add_profile(target.server.uri_for(target.server.backup), TARGET)
        yield opened


def _may_find(resource: dict[str, str]) -> dict[str, Any]:
    return {"resource": resource, "actions": ["find"]}


def backed_up(desk: Workstation, selection: Selection, **choices: Any) -> tuple[BackupId, Manifest]:
    status = desk.backup(SOURCE, choices.pop("vault", VAULT), selection=selection, **choices)
    assert status.state is RunState.SUCCEEDED, status
    assert status.backup is not None
    return status.backup, desk.services.backups.explain(status.backup).manifest


def restored(desk: Workstation, backup: BackupId, *databases: str, **choices: Any) -> RunStatus:
    values: dict[str, Any] = {"replace": databases, "users_and_roles": UsersAndRoles.INCLUDE}
    return desk.restore(backup, TARGET, **(values | choices))


def figures(status: RunStatus) -> dict[str, float]:
    assert status.result is not None, status.problem
    return dict(status.result.figures)


def test_restored_users_sign_in_with_their_passwords_and_roles(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    backup, manifest = backed_up(desk, shop.whole)
    held = manifest.users_and_roles
    assert held is not None
    assert (held.users, held.roles, held.databases) == (3, 2, (shop.name,))

    status = restored(desk, backup, shop.name)

    assert status.state is RunState.SUCCEEDED, status
    assert (figures(status)["users_added"], figures(status)["roles_added"]) == (3, 2)
    for user in (ODD, OLD, FOREIGN):
        assert target.signs_in(user, shop.password, shop.name), user
        assert not target.signs_in(user, shop.password + "x", shop.name)
    assert set(target.client["admin"].list_collection_names()).isdisjoint(TEMPORARY)
    assert status.result is not None
    assert any("billing" in warning for warning in status.result.warnings)


def test_the_vault_holds_them_exactly_as_mongodump_names_them(
    desk: Workstation, shop: Shop
) -> None:
    backed_up(desk, shop.whole)

    names = {Path(name).name for name in desk.files()}
    for part in ("users", "roles", "version"):
        assert f"$admin.system.{part}.0000.bson.zst.age" in names
        assert f"$admin.system.{part}.metadata.json.zst.age" not in names


def test_the_whole_deployment_keeps_everybody_with_metadata(desk: Workstation, shop: Shop) -> None:
    everything = Selection(users_and_roles=UsersAndRoles.INCLUDE)

    _, manifest = backed_up(desk, everything)

    held = manifest.users_and_roles
    assert held is not None
    assert held.databases == ()
    assert held.users == shop.client["admin"]["system.users"].count_documents({})
    assert [p.metadata is not None for p in held.parts] == [True, True, True]
    assert not any(n.namespace.collection.startswith("system.u") for n in manifest.namespaces)
    assert not any(n.what.startswith("users") for n in manifest.not_included)
    assert manifest.consistent_at is not None


def test_nobody_gets_users_unasked(desk: Workstation, shop: Shop, target: Target) -> None:
    without = Selection(databases=(shop.name,))
    backup, manifest = backed_up(desk, without)
    assert manifest.users_and_roles is None
    reasons = {n.what: n.reason for n in manifest.not_included}
    assert reasons == {f"users and roles of {shop.name}": "not asked for: --users-and-roles"}
    assert "system.users" not in " ".join(desk.files())

    backup, _ = backed_up(desk, shop.whole)
    status = restored(desk, backup, shop.name, users_and_roles=UsersAndRoles.LEAVE_OUT)

    assert status.state is RunState.SUCCEEDED, status
    assert target.accounts("users", shop.name) == []


def test_an_existing_user_stays_unchanged(desk: Workstation, shop: Shop, target: Target) -> None:
    own = secrets.token_hex(10)
    target.client[shop.name].command("createUser", ODD, pwd=own, roles=["read"])
    before = target.client["admin"]["system.users"].find_one({"db": shop.name})
    backup, _ = backed_up(desk, shop.whole)

    status = restored(desk, backup, shop.name)

    assert figures(status)["users_added"] == 2
    assert figures(status)["users_and_roles_unchanged"] == 1
    found = target.client["admin"]["system.users"].find_one({"db": shop.name, "user": ODD})
    assert found == before
    assert target.signs_in(ODD, own, shop.name)
    assert not target.signs_in(ODD, shop.password, shop.name)


def test_a_dry_run_names_who_would_be_added(desk: Workstation, shop: Shop, target: Target) -> None:
    target.client[shop.name].command("createUser", OLD, pwd=secrets.token_hex(8), roles=[])
    backup, _ = backed_up(desk, shop.whole)

    plan = desk.services.restores.preview(_request(backup, shop.name))

    assert plan.accounts is not None
    assert {a.name for a in plan.accounts.added} == {ODD, FOREIGN, "base %2F", "inherits"}
    assert [a.name for a in plan.accounts.existing] == [OLD]
    assert "2 users and 2 roles are added" in plan.sentence
    assert target.accounts("roles", shop.name) == []


def _request(backup: BackupId, name: str, **choices: Any) -> RestoreRequest:
    values: dict[str, Any] = {"replace": (name,), "users_and_roles": UsersAndRoles.INCLUDE}
    return RestoreRequest(backup, TARGET, **(values | choices))


def test_users_do_not_go_with_a_copy(desk: Workstation, shop: Shop, target: Target) -> None:
    backup, _ = backed_up(desk, shop.whole)

    status = restored(desk, backup)

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert shop.name in status.problem.message
    assert status.problem.code == "invalid-selection"
    assert not [n for n in target.client.list_database_names() if n.startswith("test_")]


def test_what_a_killed_restore_left_goes_with_the_next_one(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    admin = target.client["admin"]
    for name in TEMPORARY:
        admin[name].insert_one({"_id": "left"})
    backup, _ = backed_up(desk, shop.whole)

    status = restored(desk, backup, shop.name)

    assert status.state is RunState.SUCCEEDED, status
    assert set(admin.list_collection_names()).isdisjoint(TEMPORARY)


def test_a_plain_restore_removes_leftovers_too(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    admin = target.client["admin"]
    for name in TEMPORARY:
        admin[name].insert_one({"_id": "left"})
    backup, _ = backed_up(desk, Selection(databases=(shop.name,)))

    status = restored(desk, backup, shop.name, users_and_roles=UsersAndRoles.LEAVE_OUT)

    assert status.state is RunState.SUCCEEDED, status
    assert set(admin.list_collection_names()).isdisjoint(TEMPORARY)


def test_what_another_tool_left_is_not_touched(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    target.client["admin"]["tempusers"].insert_one({"_id": "of another tool"})
    backup, _ = backed_up(desk, shop.whole)

    status = restored(desk, backup, shop.name)

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS, status
    assert target.client["admin"]["tempusers"].count_documents({}) == 1
    assert target.client[shop.name]["orders"].count_documents({}) == 50
    assert figures(status)["users_added"] == 0


@pytest.mark.parametrize("level", [Level.DECODED, Level.RESTORED])
def test_verification_counts_and_compares_them(desk: Workstation, shop: Shop, level: Level) -> None:
    backup, _ = backed_up(desk, shop.whole)

    status = desk.verify(VerifyRequest(backup, level, EMBEDDED))

    assert status.state is RunState.SUCCEEDED, status
    (evidence,) = desk.services.backups.explain(backup).evidence
    counted = {n.namespace: n.documents for n in evidence.namespaces}
    assert counted[f"{shop.name}.$admin.system.users"] == 3
    assert counted[f"{shop.name}.orders"] == 50


def test_verification_on_a_real_deployment_merges_nobody(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    backup, _ = backed_up(desk, shop.whole)

    status = desk.verify(VerifyRequest(backup, Level.RESTORED, TARGET))

    assert status.state is RunState.SUCCEEDED, status
    assert target.accounts("users", shop.name) == []


def test_an_unencrypted_vault_takes_them_only_on_a_clear_word(
    desk: Workstation, shop: Shop
) -> None:
    desk.add_vault((desk.folder / "plain").as_uri(), "plain", encrypted=False)

    refused = desk.backup(SOURCE, "plain", selection=shop.whole)
    allowed = desk.backup(
        SOURCE, "plain", selection=shop.whole, plain_credentials=PlainCredentials.ALLOW
    )

    assert refused.problem is not None
    assert refused.problem.code == "confirmation-missing"
    assert allowed.state is RunState.SUCCEEDED, allowed


def test_the_role_backup_is_enough_and_less_is_named(desk: Workstation, shop: Shop) -> None:
    desk.add_profile(shop.server.uri_for(shop.server.reader), "reader")

    status = desk.backup("reader", selection=shop.whole)

    assert status.problem is not None
    assert status.problem.code == "missing-privilege"
    assert "find on admin.system.users" in status.problem.message
    assert "backup" in status.problem.hint


def test_missing_privileges_are_named_before_anything_is_written(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    roles = ["readWriteAnyDatabase"]
    password = secrets.token_hex(8)
    target.client["admin"].command("createUser", "writer", pwd=password, roles=roles)
    desk.add_profile(target.server.uri_for(Account("writer", password)), "writer")
    backup, _ = backed_up(desk, shop.whole)
    try:
        status = desk.restore(
            backup, "writer", replace=(shop.name,), users_and_roles=UsersAndRoles.INCLUDE
        )
    finally:
        target.client["admin"].command("dropUser", "writer")

    assert status.problem is not None
    assert status.problem.code == "missing-privilege"
    assert "createUser on every database" in status.problem.message
    assert "restore" in status.problem.hint
    assert shop.name not in target.client.list_database_names()


def copied(desk: Workstation, selection: Selection, *kept: str, **choices: Any) -> RunStatus:
    same = tuple(Rename(name, name) for name in kept)
    values: dict[str, Any] = {"renames": same, "users_and_roles": UsersAndRoles.INCLUDE}
    target = choices.pop("target", TARGET)
    request = CopyRequest(SOURCE, selection, RestoreRequest("", target, **(values | choices)))
    return desk.services.activity.wait(desk.services.copies.start(request), WAIT_S)


def test_copied_users_sign_in_with_their_passwords_and_nobody_of_admin_comes(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    before = target.accounts("users", "admin")
    selection = Selection(databases=(shop.name,))
    request = _request(BackupId(""), shop.name, renames=(Rename(shop.name, shop.name),))
    plan = desk.services.copies.preview(CopyRequest(SOURCE, selection, request))
    assert plan.accounts is not None
    assert {a.name for a in plan.accounts.added} == {ODD, OLD, FOREIGN, "base %2F", "inherits"}

    status = copied(desk, selection, shop.name)

    assert status.state is RunState.SUCCEEDED, status
    assert (figures(status)["users_added"], figures(status)["roles_added"]) == (3, 2)
    for user in (ODD, OLD, FOREIGN):
        assert target.signs_in(user, shop.password, shop.name), user
        assert not target.signs_in(user, shop.password + "x", shop.name)
    assert target.accounts("users", "admin") == before
    assert set(target.client["admin"].list_collection_names()).isdisjoint(TEMPORARY)
    assert status.phases[-1] is Phase.ACCOUNTS


def test_a_copied_deployment_brings_everybody_who_is_not_there(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    """Those of admin too, for the whole deployment's were asked for."""
    users = target.client["admin"]["system.users"]
    before = {d["_id"]: d for d in users.find()}
    others = [n for n in shop.client.list_database_names() if n not in {"admin", "config", "local"}]
    wanted = {d["_id"] for d in shop.client["admin"]["system.users"].find()}

    status = copied(desk, Selection(), *others)

    after = {d["_id"]: d for d in users.find()}
    for name in after.keys() - before.keys():
        target.client[after[name]["db"]].command("dropUser", after[name]["user"])
    assert status.state is RunState.SUCCEEDED, status
    assert after.keys() == before.keys() | wanted
    assert {name: after[name] for name in before} == before
    assert "admin.root" in before.keys() & wanted


def test_nobody_is_copied_unasked_or_under_another_name(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    selection = Selection(databases=(shop.name,))

    renamed = copied(desk, selection)
    without = copied(desk, selection, shop.name, users_and_roles=UsersAndRoles.LEAVE_OUT)

    assert renamed.problem is not None
    assert renamed.problem.code == "invalid-selection"
    assert without.state is RunState.SUCCEEDED, without
    assert target.accounts("users", shop.name) == []
    assert without.result is not None
    assert any("--users-and-roles" in warning for warning in without.result.warnings)


def test_privileges_for_copied_users_are_asked_for_on_both_sides_first(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    selection = Selection(databases=(shop.name,))
    password = secrets.token_hex(8)
    target.client["admin"].command(
        "createUser", "writer", pwd=password, roles=["readWriteAnyDatabase"]
    )
    desk.add_profile(target.server.uri_for(Account("writer", password)), "writer")
    desk.add_profile(shop.server.uri_for(shop.server.reader), "reader")
    try:
        at_target = copied(desk, selection, shop.name, target="writer")
    finally:
        target.client["admin"].command("dropUser", "writer")
    asked = CopyRequest("reader", selection, _request(BackupId(""), shop.name))
    at_source = desk.services.activity.wait(desk.services.copies.start(asked), WAIT_S)

    assert at_target.problem is not None
    assert "createUser on every database" in at_target.problem.message
    assert at_source.problem is not None
    assert "find on admin.system.users" in at_source.problem.message
    assert shop.name not in target.client.list_database_names()


def test_a_server_without_users_has_nothing_to_store(
    tmp_path: Path, replica_set: EmbeddedMongod, database_name: str
) -> None:
    with Client(replica_set.uri) as client, workstation(tmp_path) as desk:
        client[database_name]["a"].insert_one({"_id": 1})
        desk.add_vault()
        desk.add_profile(replica_set.uri, SOURCE)
        wanted = Selection(databases=(database_name,), users_and_roles=UsersAndRoles.INCLUDE)

        _, manifest = backed_up(desk, wanted)
        client.drop_database(database_name)

    assert manifest.users_and_roles is None
    (left,) = manifest.not_included
    assert left.reason == "asked for, but there are none"


def test_no_password_and_no_hash_is_written_anywhere_in_the_clear(
    desk: Workstation, shop: Shop
) -> None:
    hashes = [
        str(mechanism[key])
        for user in shop.client["admin"]["system.users"].find({"db": shop.name})
        for mechanism in user["credentials"].values()
        for key in ("storedKey", "serverKey", "salt")
    ]
    backup, _ = backed_up(desk, shop.whole, compression=Compression.NONE)
    status = restored(desk, backup, shop.name)
    assert status.state is RunState.SUCCEEDED, status

    secrets_of_users = [shop.password.encode(), *(h.encode() for h in hashes)]
    for path in (p for p in desk.folder.rglob("*") if p.is_file()):
        found = path.read_bytes()
        assert not any(secret in found for secret in secrets_of_users), path
    said = repr(desk.statuses) + repr([desk.services.activity.log(s.run_id) for s in desk.statuses])
    assert not any(secret.decode() in said for secret in secrets_of_users)


@pytest.mark.parametrize("consistency", [Consistency.SNAPSHOT, Consistency.NONE])
def test_users_are_read_at_the_moment_of_the_data(
    desk: Workstation, shop: Shop, consistency: Consistency
) -> None:
    _, manifest = backed_up(desk, shop.whole, consistency=consistency)

    assert manifest.achieved is consistency
    assert manifest.users_and_roles is not None
    assert manifest.users_and_roles.users == 3


@pytest.mark.parametrize("of_all", [True, False], ids=["deployment", "database"])
def test_a_loop_over_the_vault_makes_a_mongodump_directory(
    desk: Workstation, shop: Shop, *, of_all: bool
) -> None:
    root = desk.folder / "plain"
    desk.add_vault(root.as_uri(), "plain", encrypted=False)
    wanted = Selection(users_and_roles=UsersAndRoles.INCLUDE) if of_all else shop.whole
    choices: dict[str, Any] = {"compression": Compression.NONE}
    choices["plain_credentials"] = PlainCredentials.ALLOW
    backup, _ = backed_up(desk, wanted, vault="plain", **choices)
    dump = desk.folder / "dump"

    for blob in sorted((root / SOURCE / backup).glob("*/*")):
        name = re.sub(r"\.\d{4,}\.bson$", ".bson", blob.name)
        with (_made(dump / blob.parent.name) / name).open("ab") as file:
            file.write(blob.read_bytes())

    with open_dump(dump, None) as opened:
        found = {(s.name.value, s.database): s for s in opened.users_and_roles}
        owner = "" if of_all else shop.name
        assert {name for name, database in found if database == owner} == {
            "system.users",
            "system.roles",
            "system.version",
        }
        users = b"".join(opened.read_special(found["system.users", owner]))
    names = {user["user"] for user in bson.decode_all(users)}
    assert names >= {ODD, OLD, FOREIGN}
    assert ("root" in names) is of_all


def test_one_database_of_a_whole_deployment_comes_back_with_its_own_users(
    desk: Workstation, shop: Shop, target: Target
) -> None:
    other = f"{shop.name}_other"
    shop.client[other]["a"].insert_one({"_id": 1})
    try:
        backup, _ = backed_up(desk, Selection(users_and_roles=UsersAndRoles.INCLUDE))
    finally:
        shop.client.drop_database(other)

    status = restored(desk, backup, shop.name, include=(f"{shop.name}.*",))

    assert (figures(status)["users_added"], figures(status)["roles_added"]) == (3, 2)
    assert target.signs_in(ODD, shop.password, shop.name)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_merge_the_server_refuses_leaves_nothing_and_shows_no_hash(target: Target) -> None:
    hashed = secrets.token_hex(20)
    broken = bson.encode({"_id": "shop.x", "db": "shop", "credentials": {"storedKey": hashed}})
    uri = target.server.uri_for(target.server.backup)

    with open_uri(parse_uri(uri).uri, Secret(target.server.backup.password)) as connection:
        sink = MongoRestoreSink(connection).accounts()
        with pytest.raises(WriteRefusedError) as refused:
            sink.merge([broken], [])
        assert not sink.clear_leftovers()

    assert hashed not in repr(refused.value) + str(refused.value.__cause__)
    assert refused.value.__suppress_context__
    assert set(target.client["admin"].list_collection_names()).isdisjoint(TEMPORARY)
