"""The gate probes, lists and opens deployments by profile."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

from fakes.secrets import MemorySecrets
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.gate import MongoGate
from mangrove.core.backup import Consistency, Selection, selection_of
from mangrove.core.deployment import ScratchKind, Topology
from mangrove.core.errors import (
    AuthenticationFailedError,
    EmbeddedServerError,
    MissingPrivilegeError,
    SecretNotFoundError,
    ServerUnreachableError,
)
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.profile import Colour, Profile, ProfileId, password_ref
from mangrove.core.secret import Secret
from mangrove.core.uri import parse_uri
from servers.mongod import Account, GuardedServer, ThreeNodes, TlsServer, mongod_binary

pytestmark = pytest.mark.mongod

STEPS = ["name", "port", "tls", "sign-in", "sizes", "privileges", "oplog"]


class Steps:
    """Remembers what a probe told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def __call__(self, name: str, result: str) -> None:
        self.told.append((name, result))

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.told))


def _profile(uri_text: str) -> Profile:
    uri = parse_uri(uri_text).uri
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return Profile(ProfileId("p1"), "Shop", "shop", uri, None, None, Colour.GREY, made)


def _gate() -> MongoGate:
    return MongoGate(MemorySecrets(), mongod_binary)


def _account_gate(server: GuardedServer, account: Account) -> tuple[MongoGate, Profile]:
    secrets = MemorySecrets()
    profile = _profile(server.uri_for(account))
    ref = password_ref(profile.profile_id)
    secrets.store(ref, Secret(account.password))
    return MongoGate(secrets, None), replace(profile, password=ref)


def test_probe_tells_every_step_and_what_it_found(
    replica_set: EmbeddedMongod, onlooker: MongoClient[Any], database_name: str
) -> None:
    onlooker[database_name]["a"].insert_many([{"_id": n} for n in range(7)])
    steps = Steps()

    report = _gate().probe(_profile(replica_set.uri), None, steps)

    assert steps.names() == STEPS
    assert (report.version, report.feature_version) == ("6.0.5", "6.0")
    assert report.topology is Topology.REPLICA_SET
    assert [m.state for m in report.members] == ["PRIMARY"]
    assert report.oplog is not None
    assert report.oplog.first_at <= report.oplog.last_at
    assert {p.purpose: p.allowed for p in report.privileges} == dict.fromkeys(
        ("dump", "restore", "oplog"), True
    )
    sizes = {d.name: d.documents for d in report.databases}
    assert sizes[database_name] == 7
    assert not report.tls


def test_probe_names_the_step_that_fails(mongod_with_auth: GuardedServer) -> None:
    steps = Steps()
    profile = _profile(mongod_with_auth.uri_for(mongod_with_auth.backup))

    with pytest.raises(AuthenticationFailedError):
        _gate().probe(profile, Secret("wrong"), steps)

    assert steps.told[-1][0] == "sign-in"
    assert "refused" in steps.told[-1][1]


def test_probe_without_a_keyring_fails_at_the_password(mongod_with_auth: GuardedServer) -> None:
    steps = Steps()
    uri = mongod_with_auth.uri_for(mongod_with_auth.backup)
    profile = replace(_profile(uri), password=password_ref(ProfileId("p1")))

    with pytest.raises(SecretNotFoundError):
        _gate().probe(profile, None, steps)

    assert steps.names() == ["name", "port", "password"]


def test_probe_of_a_standalone_says_nothing_of_an_oplog(standalone: EmbeddedMongod) -> None:
    report = _gate().probe(_profile(standalone.uri), None, Steps())

    assert [p.purpose for p in report.privileges] == ["dump", "restore"]


def test_probe_of_an_unknown_host_stops_at_the_name() -> None:
    steps = Steps()

    with pytest.raises(ServerUnreachableError):
        _gate().probe(_profile("mongodb://no-such-host.invalid"), None, steps)

    assert steps.names() == ["name"]


def test_probe_says_what_the_backup_role_may_not(mongod_with_auth: GuardedServer) -> None:
    gate, profile = _account_gate(mongod_with_auth, mongod_with_auth.backup)

    report = gate.probe(profile, None, Steps())

    allowed = {p.purpose: p.allowed for p in report.privileges}
    assert allowed == {"dump": True, "restore": False, "oplog": True}
    assert report.user == "backup@admin"
    found = report.privilege("restore")
    assert found is not None
    assert found.role == "restore"


def test_reader_of_one_database_may_not_dump_everything(mongod_with_auth: GuardedServer) -> None:
    gate, profile = _account_gate(mongod_with_auth, mongod_with_auth.reader)

    with (
        gate.open_source(profile) as source,
        pytest.raises(MissingPrivilegeError, match="listDatabases") as caught,
        source.open(Selection(), Consistency.AUTO),
    ):
        pass

    assert "backup" in caught.value.hint


def test_reader_of_one_database_may_dump_that_one(mongod_with_auth: GuardedServer) -> None:
    with MongoClient[Any](mongod_with_auth.uri_for(mongod_with_auth.root)) as root:
        root["shop"]["orders"].insert_one({"_id": 1})
        root["other"]["things"].insert_one({"_id": 1})
    gate, profile = _account_gate(mongod_with_auth, mongod_with_auth.reader)

    with gate.open_source(profile) as source:
        with source.open(selection_of(("shop",), ()), Consistency.AUTO) as dump:
            read = b"".join(dump.read(dump.collections[0]))
        with (
            pytest.raises(MissingPrivilegeError, match="listCollections on other"),
            source.open(selection_of(("other",), ()), Consistency.AUTO),
        ):
            pass

    assert read == bson.encode({"_id": 1})


def test_backup_role_is_enough_for_a_dump_and_not_for_a_restore(
    mongod_with_auth: GuardedServer,
) -> None:
    with MongoClient[Any](mongod_with_auth.uri_for(mongod_with_auth.root)) as root:
        root["shop"]["bills"].insert_one({"_id": 1})
        root["weather"].create_collection("heat", timeseries={"timeField": "t"})
    gate, profile = _account_gate(mongod_with_auth, mongod_with_auth.backup)

    with (
        gate.open_source(profile) as source,
        source.open(Selection(), Consistency.AUTO) as dump,
    ):
        names = {str(c.namespace) for c in dump.collections}
        for info in dump.collections:
            list(dump.read(info))
    with (
        gate.open_sink(profile) as sink,
        pytest.raises(MissingPrivilegeError, match="createCollection on shop") as caught,
    ):
        sink.check_privileges(["shop"])

    assert {"shop.bills", "weather.heat"} <= names
    assert "restore" in caught.value.hint


def test_who_reads_one_database_is_told_that_it_is_only_some(
    mongod_with_auth: GuardedServer, database_name: str
) -> None:
    reader = Account(f"reader_{database_name}", "the reader's password")
    with MongoClient[Any](mongod_with_auth.uri_for(mongod_with_auth.root)) as root:
        own = root[database_name]
        own["a"].insert_one({"_id": 1})
        own.create_collection("heat", timeseries={"timeField": "at"})
        roles = [{"role": "read", "db": database_name}]
        root["admin"].command("createUser", reader.user, pwd=reader.password, roles=roles)
    gate, profile = _account_gate(mongod_with_auth, reader)

    (dump, *_) = gate.probe(profile, None, Steps()).privileges

    assert (dump.allowed, dump.role) == (False, "backup")
    assert dump.some == (f"{database_name} without its time series",)
    assert dump.missing == (
        "listDatabases on the cluster",
        f"find on {database_name}.system.buckets.heat",
    )


def test_restore_and_reading_are_enough_for_a_restore(
    mongod_with_auth: GuardedServer, database_name: str
) -> None:
    writer = Account(database_name, "the writer's password")
    info = CollectionInfo(
        Namespace(database_name, "a"),
        "collection",
        bson.encode({"validator": {"must": 1}}),
        (bson.encode({"v": 2, "key": {"k": 1}, "name": "k"}),),
        None,
    )
    documents = [bson.encode({"_id": 1}), bson.encode({"_id": 2, "ts": bson.Timestamp(0, 0)})]
    with MongoClient[Any](mongod_with_auth.uri_for(mongod_with_auth.root)) as root:
        roles = ["restore", "readAnyDatabase"]  # what was written is read again
        root["admin"].command("createUser", writer.user, pwd=writer.password, roles=roles)
    gate, profile = _account_gate(mongod_with_auth, writer)

    with gate.open_sink(profile) as sink:
        sink.check_privileges([database_name])
        free = sink.free_space([database_name]).free_bytes
        sink.create(info)
        outcome = sink.insert(info.namespace, documents)
        failed = sink.build_indexes(info)
        sink.settle()
        existing = [i.namespace for i in sink.existing(database_name)]
        sink.replace(info.namespace, Namespace(database_name, "b"))
        sink.drop_database(database_name)
        left = sink.existing(database_name)

    assert (outcome.inserted, failed, left) == (2, (), ())
    assert [r.reason for r in outcome.refused] == [
        "inserted, but the server replaced its empty timestamps"
    ]
    assert existing == [info.namespace]
    assert free is not None
    assert free > 0
    _restore_role_alone_is_not(mongod_with_auth, database_name)


def _restore_role_alone_is_not(server: GuardedServer, name: str) -> None:
    """It may not read, so nothing it wrote could be compared: said before anything is written."""
    blind = Account(f"blind_{name}", "the blind one's password")
    with MongoClient[Any](server.uri_for(server.root)) as root:
        root["admin"].command("createUser", blind.user, pwd=blind.password, roles=["restore"])
    gate, profile = _account_gate(server, blind)

    with gate.open_sink(profile) as sink:
        finding, free = sink.privilege([name]), sink.free_space([name])
        with pytest.raises(MissingPrivilegeError, match=f"find on {name}") as caught:
            sink.check_privileges([name])

    assert "readAnyDatabase" in caught.value.hint
    assert (finding.allowed, finding.role) == (False, "readAnyDatabase")
    assert finding.missing == (f"find on {name}", f"listIndexes on {name}")
    assert free.free_bytes is None
    assert "dbStats" in free.why_unknown


def test_tree_shows_collections_with_sizes(
    replica_set: EmbeddedMongod, onlooker: MongoClient[Any], database_name: str
) -> None:
    onlooker[database_name]["a"].insert_many([{"_id": n} for n in range(3)])
    onlooker[database_name].create_collection("v", viewOn="a", pipeline=[])

    rows = _gate().collections(_profile(replica_set.uri))

    ours = {r.name: (r.kind, r.documents) for r in rows if r.database == database_name}
    assert ours == {"a": ("collection", 3), "v": ("view", 0)}
    assert not [r for r in rows if r.database == "local"]


@pytest.mark.slow
def test_scratch_server_takes_a_restore_and_is_gone_afterwards() -> None:
    info = CollectionInfo(Namespace("shop", "a"), "collection", b"\5\0\0\0\0", (), None)

    with _gate().open_scratch(ScratchKind.STANDALONE) as sink:
        sink.create(info)
        sink.insert(info.namespace, [bson.encode({"_id": 1})])
        sink.settle()
        read = b"".join(sink.read(info))
        topology = sink.facts().topology

    assert read == bson.encode({"_id": 1})
    assert topology is Topology.STANDALONE


def test_installation_without_a_server_program_says_so() -> None:
    gate = MongoGate(MemorySecrets(), None)

    with (
        pytest.raises(EmbeddedServerError, match="no mongod"),
        gate.open_scratch(ScratchKind.STANDALONE),
    ):
        pass


@pytest.mark.slow
def test_probe_shows_the_members_and_settling_waits_for_them(
    three_node_replica_set: ThreeNodes,
) -> None:
    profile = _profile(three_node_replica_set.uri)
    info = CollectionInfo(Namespace("shop", "a"), "collection", b"\5\0\0\0\0", (), None)

    report = _gate().probe(profile, None, Steps())
    with _gate().open_sink(profile) as sink:
        sink.create(info)
        sink.insert(info.namespace, [bson.encode({"_id": n}) for n in range(1000)])
        sink.settle()
        with MongoClient[Any](three_node_replica_set.uri) as client:
            safe = (
                client["shop"]
                .get_collection("a", read_concern=ReadConcern("majority"))
                .count_documents({})
            )

    assert len(report.members) == 3
    assert [m.state for m in report.members].count("PRIMARY") == 1
    assert all(m.lag is not None for m in report.members if m.state == "SECONDARY")
    assert safe == 1000


@pytest.mark.slow
def test_writing_goes_to_the_primary_whatever_the_profile_likes_to_read(
    three_node_replica_set: ThreeNodes, database_name: str
) -> None:
    profile = _profile(f"{three_node_replica_set.uri}&readPreference=secondary")
    namespace = Namespace(database_name, "written")
    empty = bson.encode({})

    with _gate().open_sink(profile) as sink:
        sink.create(CollectionInfo(namespace, "collection", empty, (), None))
        outcome = sink.insert(namespace, [bson.encode({"_id": 1})])
        sink.drop(namespace)

    assert outcome.inserted == 1


def test_a_client_certificate_signs_in_where_it_is_asked_for(mongod_with_tls: TlsServer) -> None:
    server = mongod_with_tls
    roles = [{"role": "backup", "db": "admin"}]
    with MongoClient[Any](server.uri, tlsCertificateKeyFile=str(server.client_file)) as root:
        root["$external"].command("createUser", server.client_subject, roles=roles)
    try:
        uri = parse_uri(server.uri).uri.with_option("authMechanism", "MONGODB-X509")
        uri = uri.with_option("authSource", "$external")
        signed = uri.with_option("tlsCertificateKeyFile", str(server.client_file))
        report = _gate().probe(_profile(signed.text()), None, Steps())
        with pytest.raises(AuthenticationFailedError):
            _gate().probe(_profile(uri.text()), None, Steps())
    finally:
        with MongoClient[Any](server.uri, tlsCertificateKeyFile=str(server.client_file)) as root:
            root["$external"].command("dropUser", server.client_subject)

    assert report.user == f"{server.client_subject}@$external"
    assert report.tls
    found = report.privilege("dump")
    assert found is not None
    assert found.allowed
