"""Which steps oplog entries become: selections, other names, renames, transactions, refusals."""

from typing import Any

import bson
import pytest
from bson.binary import Binary
from bson.int64 import Int64
from bson.timestamp import Timestamp

from mangrove.core.errors import ReplayRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.replay import ReplayBase, ReplayMapping, ReplayWindow, Skipped
from mangrove.engine.replay.looking import look_through, steps_of
from mangrove.engine.replay.places import Places
from mangrove.engine.replay.steps import Create, Drop, DropIndex, Modify, Move, Step, Write
from mangrove.engine.replay.translation import Translator

A, B, OUTSIDE = "a" * 32, "b" * 32, "c" * 32
FIRST = {"ts": Timestamp(0, 0), "t": Int64(-1)}


def ui(text: str) -> Binary:
    return Binary(bytes.fromhex(text), 4)


def entry(number: int, op: str, ns: str, o: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"op": op, "ns": ns, "o": o, "ts": Timestamp(10, number), "t": Int64(1), **more}


def insert(number: int, ns: str, uuid: str = "", **o: Any) -> dict[str, Any]:
    more = {"ui": ui(uuid)} if uuid else {}
    return entry(number, "i", ns, o or {"_id": number}, **more)


def command(number: int, db: str, o: dict[str, Any], uuid: str = "") -> dict[str, Any]:
    more = {"ui": ui(uuid)} if uuid else {}
    return entry(number, "c", f"{db}.$cmd", o, **more)


def base(
    name: str, uuid: str | None = None, target: str = "", *specs: dict[str, Any]
) -> ReplayBase:
    raw = tuple(bson.encode(spec) for spec in specs)
    return ReplayBase(
        Namespace.parse(name), Namespace.parse(target or name), uuid=uuid, indexes=raw
    )


def only(*names: str, to: str = "") -> ReplayMapping:
    """Select these, and put them into a database of another name if one is given."""

    def target_of(name: Namespace) -> Namespace | None:
        wanted = str(name) in names or f"{name.database}.*" in names
        return Namespace(to or name.database, name.collection) if wanted else None

    return ReplayMapping(target_of)


def run(
    entries: list[dict[str, Any]],
    bases: list[ReplayBase],
    mapping: ReplayMapping,
    window: ReplayWindow | None = None,
) -> tuple[list[Step], Translator]:
    """Look through entries and translate them; writes as (op, ns, o)."""
    window = window or ReplayWindow()
    chunk = b"".join(map(bson.encode, entries))
    foresight = look_through([chunk], bases, mapping, window)
    translator = Translator(Places(bases), mapping, foresight)
    found = [s.step for _, steps in steps_of(chunk, translator, window) for s in steps]
    assert translator.tally.entries == foresight.entries
    return found, translator


def written(steps: list[Step]) -> list[tuple[str, str, Any]]:
    decoded = [bson.decode(s.operation) for s in steps if isinstance(s, Write)]
    return [(d["op"], d["ns"], d["o"]) for d in decoded]


def test_writes_go_to_other_names_and_lose_the_uuid() -> None:
    steps, _ = run(
        [insert(1, "shop.c", A)], [base("shop.c", A, "copy.c")], only("shop.c", to="copy")
    )

    assert written(steps) == [("i", "copy.c", {"_id": 1})]
    assert "ui" not in bson.decode(steps[0].operation)  # type: ignore[union-attr]


def test_what_is_not_selected_is_counted_and_left_out() -> None:
    entries = [insert(1, "shop.c"), insert(2, "shop.d"), entry(3, "n", "", {"msg": "x"})]

    steps, translator = run(entries, [base("shop.c")], only("shop.c"))

    assert written(steps) == [("i", "shop.c", {"_id": 1})]
    assert translator.tally.skipped == {Skipped.NOT_SELECTED: 1, Skipped.NO_OP: 1}


def test_buckets_follow_their_time_series() -> None:
    series = ReplayBase(Namespace("m", "ts"), Namespace("n", "ts"), "timeseries")

    steps, _ = run([insert(1, "m.system.buckets.ts")], [series], only("m.*", to="n"))

    assert written(steps) == [("i", "n.system.buckets.ts", {"_id": 1})]


def test_a_rename_out_of_the_selection_drops() -> None:
    entries = [command(1, "s", {"renameCollection": "s.c", "to": "s.gone"}, A)]

    steps, _ = run(entries, [base("s.c", A)], only("s.c"))

    assert steps == [Drop(Namespace("s", "c"))]


def test_a_rename_into_the_selection_of_what_nobody_knows_is_refused_by_name() -> None:
    entries = [command(1, "s", {"renameCollection": "s.old", "to": "s.c"}, OUTSIDE)]

    with pytest.raises(ReplayRefusedError, match=r"s\.old was renamed to s\.c at 10:1"):
        run(entries, [base("s.d", A)], only("s.c", "s.d"))


def test_what_an_out_stage_wrote_comes_into_the_selection_with_its_documents() -> None:
    entries = [
        command(1, "s", {"create": "tmp.agg_out.1"}, OUTSIDE),
        insert(2, "s.tmp.agg_out.1", OUTSIDE),
        command(
            3,
            "s",
            {"renameCollection": "s.tmp.agg_out.1", "to": "s.c", "dropTarget": ui(A)},
            OUTSIDE,
        ),
        insert(4, "s.c", OUTSIDE),
    ]

    steps, _ = run(entries, [base("s.c", A, "x.c")], only("s.c", to="x"))

    waiting = steps[0].info.namespace  # type: ignore[union-attr]
    assert waiting.database == "x"
    assert written(steps) == [("i", str(waiting), {"_id": 2}), ("i", "x.c", {"_id": 4})]
    assert [s for s in steps if isinstance(s, Drop | Move)] == [
        Drop(Namespace("x", "c")),
        Move(waiting, Namespace("x", "c")),
    ]


def test_what_leaves_and_comes_back_waits_meanwhile() -> None:
    entries = [
        command(1, "s", {"renameCollection": "s.c", "to": "s.away"}, A),
        insert(2, "s.away", A),
        command(3, "s", {"renameCollection": "s.away", "to": "s.c"}, A),
    ]

    steps, _ = run(entries, [base("s.c", A)], only("s.c"))

    assert [type(s) for s in steps] == [Move, Write, Move]
    assert steps[-1] == Move(steps[0].target, Namespace("s", "c"))  # type: ignore[union-attr]


def test_entries_from_before_a_rename_find_the_collection_under_its_later_name() -> None:
    entries = [
        insert(1, "s.old", A),
        command(2, "s", {"renameCollection": "s.old", "to": "s.new"}, A),
        insert(3, "s.new", A),
    ]

    steps, _ = run(entries, [base("s.new", A)], only("s.*"))

    assert written(steps) == [("i", "s.new", {"_id": 1}), ("i", "s.new", {"_id": 3})]
    assert not [s for s in steps if isinstance(s, Move)]


def test_what_was_dropped_before_it_was_read_does_not_matter() -> None:
    entries = [insert(1, "s.c", B), command(2, "s", {"drop": "c"}, B)]

    steps, translator = run(entries, [base("s.d", A)], only("s.*"))

    assert steps == []
    assert translator.tally.skipped == {Skipped.DROPPED_LATER: 1}


def test_a_change_of_a_collection_that_is_not_there_is_refused() -> None:
    with pytest.raises(ReplayRefusedError, match=r"s\.c is changed at 10:1"):
        run([insert(1, "s.c", B)], [base("s.d", A)], only("s.*"))


def test_dropping_a_database_drops_only_what_is_replayed() -> None:
    entries = [command(1, "s", {"dropDatabase": 1})]

    steps, _ = run(entries, [base("s.c", A, "t.c"), base("u.c", B)], only("s.*", "u.*", to="t"))

    assert steps == [Drop(Namespace("t", "c"))]


def test_indexes_move_with_a_rename_and_are_edited_while_they_wait() -> None:
    entries = [
        command(1, "s", {"createIndexes": "c", "v": 2, "key": {"z": 1}, "name": "z_1"}),
        command(2, "s", {"renameCollection": "s.c", "to": "s.e"}),
        command(3, "s", {"collMod": "e", "index": {"name": "a_1", "hidden": True}}),
        command(4, "s", {"dropIndexes": "e", "index": "z_1"}),
    ]
    spec = {"v": 2, "key": {"a": 1}, "name": "a_1"}

    steps, translator = run(entries, [base("s.c", None, "", spec)], only("s.*"))

    place = translator.places.named(Namespace("s", "e"))
    assert place is not None
    assert steps == [Move(Namespace("s", "c"), Namespace("s", "e"))]
    assert bson.decode(place.indexes["a_1"]) == spec | {"hidden": True}
    assert "z_1" not in place.indexes


def test_indexes_that_the_target_has_are_changed_there() -> None:
    entries = [
        command(1, "s", {"dropIndexes": "c", "index": "x_1"}),
        command(2, "s", {"collMod": "c", "index": {"name": "y_1", "hidden": True}}),
    ]

    steps, _ = run(entries, [base("s.c")], only("s.*"))

    assert steps[0] == DropIndex(Namespace("s", "c"), "x_1")
    assert isinstance(steps[1], Modify)


def test_an_aborted_index_build_takes_out_what_the_base_listed_meanwhile() -> None:
    spec = {"v": 2, "key": {"a": 1}, "name": "a_1"}
    entries = [command(1, "s", {"abortIndexBuild": "c", "indexes": [spec]})]

    _, translator = run(entries, [base("s.c", None, "", spec)], only("s.*"))

    place = translator.places.named(Namespace("s", "c"))
    assert place is not None
    assert place.indexes == {}


def test_views_become_commands_and_stand_on_the_new_name() -> None:
    view = {"_id": "s.v", "viewOn": "c", "pipeline": []}
    renamed = ReplayMapping(lambda n: Namespace("t", f"new_{n.collection}"))
    entries = [insert(1, "s.system.views", **view), entry(2, "d", "s.system.views", {"_id": "s.v"})]

    steps, _ = run(entries, [base("s.c", None, "t.new_c")], renamed)

    made = steps[0]
    assert isinstance(made, Create)
    assert made.info.namespace == Namespace("t", "new_v")
    assert bson.decode(made.info.options)["viewOn"] == "new_c"
    assert steps[1] == Drop(Namespace("t", "new_v"))


@pytest.mark.parametrize(
    ("ns", "reason"),
    [
        ("config.transactions", Skipped.INTERNAL),
        ("local.x", Skipped.INTERNAL),
        ("admin.system.users", Skipped.USERS),
        ("admin.system.version", Skipped.FEATURE_VERSION),
    ],
)
@pytest.mark.parametrize("is_inside", [False, True], ids=["alone", "in a transaction"])
def test_the_servers_own_is_passed_over_wherever_it_stands(
    ns: str, reason: Skipped, is_inside: bool
) -> None:
    plain = insert(1, ns)
    inner = {"op": "i", "ns": ns, "o": {"_id": 1}}
    entries = [piece(1, [inner]) if is_inside else plain]

    steps, translator = run(entries, [], ReplayMapping(lambda name: name))

    assert steps == []
    assert translator.tally.skipped == {reason: 1}


def piece(
    number: int, inner: list[dict[str, Any]], previous: int = 0, txn: int = 1, **marks: Any
) -> dict[str, Any]:
    """One entry of a transaction."""
    before = {"ts": Timestamp(10, previous), "t": Int64(1)} if previous else FIRST
    o = {"applyOps": inner, **marks} if inner else marks
    return entry(
        number, "c", "admin.$cmd", o, lsid={"id": 1}, txnNumber=Int64(txn), prevOpTime=before
    )


def op(number: int, ns: str = "s.c") -> dict[str, Any]:
    return {"op": "i", "ns": ns, "o": {"_id": number}}


def ids(steps: list[Step]) -> list[int]:
    return [o["_id"] for _, _, o in written(steps)]


def test_transactions_that_interleave_are_applied_when_they_commit() -> None:
    entries = [
        piece(1, [op(1)], txn=1, partialTxn=True),
        piece(2, [op(2)], txn=2, partialTxn=True),
        piece(3, [op(3)], previous=1, txn=1, count=Int64(2)),
        insert(4, "s.c"),
    ]

    steps, translator = run(entries, [base("s.c")], only("s.*"))

    assert ids(steps) == [1, 3, 4]
    assert translator.tally.skipped == {Skipped.ABORTED: 1}


def test_a_limit_before_the_last_piece_leaves_all_of_a_transaction_out() -> None:
    entries = [
        piece(1, [op(1)], partialTxn=True),
        piece(2, [op(2)], previous=1, count=Int64(2)),
    ]

    steps, _ = run(entries, [base("s.c")], only("s.*"), ReplayWindow(limit=OplogTimestamp(10, 2)))

    assert steps == []


def test_a_transaction_prepared_before_the_base_and_committed_after_it_is_applied() -> None:
    entries = [
        piece(1, [op(1)], prepare=True),
        insert(2, "s.c"),
        piece(3, [], previous=1, commitTransaction=1),
        piece(4, [op(9)], txn=2, prepare=True),
        piece(5, [], previous=4, txn=2, abortTransaction=1),
    ]

    steps, _ = run(entries, [base("s.c")], only("s.*"), ReplayWindow(after=OplogTimestamp(10, 2)))

    assert ids(steps) == [1]


@pytest.mark.parametrize(
    "entries",
    [
        [piece(2, [op(2)], previous=1, count=Int64(2))],
        [piece(3, [], previous=1, commitTransaction=1)],
        [piece(1, [op(1)], partialTxn=True), piece(3, [op(3)], previous=2, count=Int64(3))],
    ],
    ids=["no head", "commit without prepare", "a piece too few"],
)
def test_a_transaction_with_a_part_missing_is_refused(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(ReplayRefusedError, match="began before the oplog"):
        run(entries, [base("s.c")], only("s.*"))
