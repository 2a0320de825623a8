"""Copies from one real deployment to another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import WAIT_S, Workstation, fill, workstation
from mangrove.cli.exit_codes import ExitCode, code_of_class
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.batch_reader import TARGET_BYTES
from mangrove.core.backup import OnExisting, Rename, RestoreRequest, SafetyBackup, Selection
from mangrove.core.copy import CopyRequest
from mangrove.core.errors import SelfCopyError
from mangrove.core.namespace import Namespace
from mangrove.core.run import Phase, RunState, RunStatus
from servers.cut_line import cut_line

pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture
def desk(
    tmp_path: Path, replica_set: EmbeddedMongod, standalone: EmbeddedMongod
) -> Iterator[Workstation]:
    with workstation(tmp_path) as desk:
        desk.add_profile(replica_set.uri)
        desk.add_profile(standalone.uri, "staging")
        yield desk


def copied(
    desk: Workstation, name: str, source: str = "shop", target: str = "staging", **choices: Any
) -> RunStatus:
    # One collection, and so one reader: what is done at its first chunk is done before it asks
    # for the second, however fast the machine is.
    selection = Selection(collections=(Namespace(name, "big"),))
    request = CopyRequest(source, selection, RestoreRequest("", target, **choices))
    return desk.services.activity.wait(desk.services.copies.start(request), WAIT_S)


def documents(client: MongoClient[Any], database: str) -> list[dict[str, Any]]:
    return list(client[database]["big"].find().sort("_id"))


def log_of(desk: Workstation, status: RunStatus) -> str:
    return "\n".join(line.text for line in desk.services.activity.log(status.run_id))


def assert_is_whole(status: RunStatus, source: list[Any], target: list[Any]) -> None:
    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert status.result is not None
    assert dict(status.result.figures)["documents"] == len(source)
    assert target == source


def test_a_copy_is_the_same_and_compared(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as source, MongoClient[Any](standalone.uri) as target:
        fill(source, database_name, 3)
        source[database_name]["big"].create_index("group")
        copy = f"{database_name}_copy"

        status = copied(desk, database_name, renames=(Rename(database_name, copy),))

        assert status.state is RunState.SUCCEEDED, status.problem
        assert status.result is not None
        assert "compared" in status.result.summary
        assert documents(target, copy) == documents(source, database_name)
        assert "group_1" in target[copy]["big"].index_information()
        target.drop_database(copy)


def test_a_copy_over_data_is_refused_until_it_is_confirmed(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as source, MongoClient[Any](standalone.uri) as target:
        fill(source, database_name, 0.2)
        target[database_name]["big"].insert_one({"_id": "old"})
        here = (Rename(database_name, database_name),)

        refused = copied(desk, database_name, renames=here)
        without_vault = copied(desk, database_name, replace=(database_name,))
        declined = copied(desk, database_name, replace=(database_name,), safety=SafetyBackup.SKIP)

        assert refused.problem is not None
        assert refused.problem.code == "target-not-empty"
        assert without_vault.problem is not None
        assert without_vault.problem.code == "confirmation-missing"
        assert declined.state is RunState.SUCCEEDED
        assert target[database_name]["big"].find_one({"_id": "old"}) is None
        target.drop_database(database_name)


def test_a_copy_onto_itself_is_refused_whatever_the_profile_is_called(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    desk.add_profile(replica_set.uri.replace("127.0.0.1", "localhost"), "same")
    desk.add_profile(standalone.uri.replace("127.0.0.1", "localhost"), "alone")
    with MongoClient[Any](replica_set.uri) as client, MongoClient[Any](standalone.uri) as other:
        for server in (client, other):
            fill(server, database_name, 0.1)
        before = documents(client, database_name)
        over: dict[str, Any] = {"replace": (database_name,), "safety": SafetyBackup.SKIP}
        filling: dict[str, Any] = {
            "renames": (Rename(database_name, database_name),),
            "on_existing": OnExisting.ONLY_MISSING,
        }
        copy = f"{database_name}_copy"

        refused = [
            copied(desk, database_name, target="shop", **over),
            copied(desk, database_name, target="same", **over),
            copied(desk, database_name, target="same", **filling),
            copied(desk, database_name, source="staging", target="alone", **over),
        ]
        elsewhere = copied(
            desk, database_name, target="same", renames=(Rename(database_name, copy),)
        )
        with pytest.raises(SelfCopyError, match="same deployment") as shown:
            desk.services.copies.preview(
                CopyRequest(
                    "shop",
                    Selection(collections=(Namespace(database_name, "big"),)),
                    RestoreRequest("", "same", replace=(database_name,)),
                )
            )

        assert [s.problem and s.problem.code for s in refused] == ["self-copy"] * len(refused)
        assert code_of_class(type(shown.value)) is ExitCode.REFUSED
        assert elsewhere.state is RunState.SUCCEEDED, elsewhere.problem
        assert documents(client, copy) == documents(client, database_name) == before
        client.drop_database(copy)
        other.drop_database(database_name)


def test_a_cancelled_copy_leaves_nothing(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as source, MongoClient[Any](standalone.uri) as target:
        fill(source, database_name, 20)
        desk.at_phase(Phase.LOAD, desk.cancel, half_way=True)

        status = copied(desk, database_name)

        assert status.state is RunState.CANCELLED
        left = [n for n in target.list_database_names() if n.startswith(database_name)]
        assert left == []


def test_a_copy_goes_on_where_the_line_to_its_source_broke_and_reads_nothing_twice(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with (
        MongoClient[Any](replica_set.uri, w="majority") as source,
        MongoClient[Any](standalone.uri) as target,
        cut_line(replica_set.port) as line,
    ):
        fill(source, database_name, 30)
        desk.add_profile(line.uri(), "behind")
        line.cut_at = 10_000_000
        here = (Rename(database_name, database_name),)

        status = copied(desk, database_name, "behind", renames=here)

        assert line.cut_at == 0
        assert "going on where it broke off" in log_of(desk, status)
        assert line.received < 30_000_000 + 3 * TARGET_BYTES
        assert_is_whole(status, documents(source, database_name), documents(target, database_name))
        target.drop_database(database_name)


def test_a_copy_goes_on_where_the_line_to_its_target_broke(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with (
        MongoClient[Any](replica_set.uri, w="majority") as source,
        MongoClient[Any](standalone.uri) as target,
        cut_line(standalone.port) as line,
    ):
        fill(source, database_name, 20)
        desk.add_profile(line.uri(), "behind")
        line.cut_at_sent = 8_000_000
        here = (Rename(database_name, database_name),)

        status = copied(desk, database_name, target="behind", renames=here)

        assert line.cut_at_sent == 0
        assert "looking for it again" in log_of(desk, status)
        assert_is_whole(status, documents(source, database_name), documents(target, database_name))
        target.drop_database(database_name)


def test_a_copy_whose_source_was_restarted_begins_its_collection_anew(
    desk: Workstation,
    fresh_replica_set: EmbeddedMongod,
    standalone: EmbeddedMongod,
    database_name: str,
) -> None:
    server = fresh_replica_set

    def restart() -> None:
        server.kill()
        server.start()

    with MongoClient[Any](server.uri, w="majority", journal=True) as source:
        fill(source, database_name, 20)
        wanted = documents(source, database_name)
    with MongoClient[Any](standalone.uri) as target, cut_line(server.port) as line:
        desk.add_profile(line.uri(), "fresh")
        line.cut_at, line.then = 16_000_000, restart
        here = (Rename(database_name, database_name),)

        status = copied(desk, database_name, "fresh", renames=here)

        assert line.cut_at == 0
        assert "read from its beginning again" in log_of(desk, status)
        assert_is_whole(status, wanted, documents(target, database_name))
        target.drop_database(database_name)


def test_a_collection_that_is_dropped_meanwhile_is_not_taken_for_a_copy(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    """At a cluster time it reads as empty: nothing but its identity tells."""
    with (
        MongoClient[Any](replica_set.uri, w="majority") as source,
        MongoClient[Any](standalone.uri) as target,
        cut_line(replica_set.port) as line,
    ):
        fill(source, database_name, 20)
        fill(source, database_name, 0.1, "other")
        desk.add_profile(line.uri(), "behind")
        line.cut_at, line.then = 12_000_000, source[database_name]["big"].drop
        here = (Rename(database_name, database_name),)
        request = RestoreRequest("", "staging", renames=here)

        run_id = desk.services.copies.start(
            CopyRequest("behind", Selection((database_name,)), request)
        )
        status = desk.services.activity.wait(run_id, WAIT_S)

        assert line.cut_at == 0
        assert status.state is RunState.SUCCEEDED_WITH_WARNINGS, (status.problem, status.result)
        assert status.result is not None
        (lost,) = status.result.losses
        assert (lost.subject, lost.count) == (f"{database_name}.big", 1000)
        assert target[database_name].list_collection_names() == ["other"]
        target.drop_database(database_name)
