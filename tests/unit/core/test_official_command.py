import shlex
from dataclasses import replace

import pytest

from fakes.clock import NOON
from fakes.sample_data import profile
from fakes.vaults import entry, manifest_for, new_id
from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import (
    BackupRequest,
    CollectionQuery,
    Compression,
    Consistency,
    IndexChoice,
    OnExisting,
    OnRefusal,
    Rename,
    RestoreRequest,
    Selection,
    selection_of,
)
from mangrove.core.manifest import StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.official_command import (
    OfficialCommand,
    dump_command,
    notes_on_reaching,
    read_backup,
    read_deployment,
    read_path,
    restore_command,
)
from mangrove.core.profile import Colour
from mangrove.core.restores.planning import plan_restore
from mangrove.core.secret import SecretRef
from mangrove.core.tunnel import TunnelSpec
from mangrove.core.uri import parse_uri

URI = parse_uri("mongodb://ann:s3cret@db1,db2/?replicaSet=rs0").uri
PLAIN = parse_uri("mongodb://db1").uri
ORDERS = Namespace("shop", "orders")
QUERY = CollectionQuery(ORDERS, '{"a":"it\'s"}')


def dumped(selection: Selection, **choices: object) -> OfficialCommand:
    request = BackupRequest("p", "v", selection, **choices)  # type: ignore[arg-type]  # as given
    return dump_command(request, PLAIN)


def tails(command: OfficialCommand) -> list[str]:
    return [" ".join(line[2:]) for line in command.lines]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), [""]),
        (selection_of(("shop",), ()), ["--db=shop"]),
        (
            selection_of(("shop",), ("crm.a.b",)),
            ["--db=shop", "--db=crm --collection=a.b"],
        ),
        (
            selection_of(("shop",), (), ("shop.log", "shop.tmp_*", "*.x")),
            ["--db=shop --excludeCollection=log --excludeCollectionsWithPrefix=tmp_"],
        ),
        (
            selection_of((), ("shop.orders",), queries=(QUERY,)),
            ["--db=shop --collection=orders --query=" + QUERY.text],
        ),
        (
            selection_of(("shop",), (), queries=(QUERY,)),
            [
                "--db=shop --excludeCollection=orders",
                "--db=shop --collection=orders --query=" + QUERY.text,
            ],
        ),
        (
            selection_of(("crm",), (), (), ("shop.a*", "shop.b*", "crm.x*")),
            ["--db=crm", "--db=shop"],
        ),
        (selection_of((), (), (), ("*.x",)), [""]),
    ],
    ids=lambda value: value.describe() if isinstance(value, Selection) else "",
)
def test_a_selection_becomes_runs_of_mongodump(selection: Selection, expected: list[str]) -> None:
    found = dumped(selection, compression=Compression.NONE, consistency=Consistency.NONE)

    assert tails(found) == [f"--out=dump {tail}".strip() for tail in expected]


def test_what_is_pasted_is_what_was_meant_and_no_secret() -> None:
    request = BackupRequest("p", "v", selection_of((), ("shop.orders",), queries=(QUERY,)))

    found = dump_command(request, URI)

    assert "s3cret" not in found.text
    assert "# the password is not part of the command: the tool asks for it" in found.text
    assert shlex.split(found.text.splitlines()[-1]) == list(found.lines[0])
    assert "--gzip" in found.lines[0]


@pytest.mark.parametrize(
    ("selection", "choices", "note"),
    [
        (selection_of((), (), (), ("shop.a*",)), {}, "no --include: it takes everything in shop"),
        (selection_of((), (), ("*.x",)), {}, "cannot leave out '*.x'"),
        (selection_of(("a", "b"), ()), {}, "one database or collection at a time"),
        (Selection(queries=(QUERY,)), {}, "later files take the place"),
        (Selection(), {"consistency": Consistency.SNAPSHOT}, "one cluster time"),
        (Selection(databases=("a",)), {"consistency": Consistency.OPLOG}, "whole deployment only"),
        (Selection(), {"compression": Compression.ZSTD}, "no zstd"),
        (Selection(), {"limit_bytes_per_s": 5}, "how fast"),
        (Selection(), {}, "does not encrypt"),
    ],
)
def test_what_mongodump_cannot_do_is_said(
    selection: Selection, choices: dict[str, object], note: str
) -> None:
    assert any(note in said for said in dumped(selection, **choices).notes)


def test_a_note_stays_a_comment_whatever_a_name_holds() -> None:
    found = dumped(selection_of((), (), (), ("shop.a\nrm *",)))

    said = [line for line in found.text.splitlines() if "rm " in line]
    assert [line[0] for line in said] == ["#"]


def test_the_database_of_an_address_chooses_nothing_and_still_says_where_the_user_is() -> None:
    uri = parse_uri("mongodb://ann@db1/crm").uri

    (line,) = dump_command(BackupRequest("p", "v", selection_of(("shop",), ())), uri).lines

    assert line[1] == "--uri=mongodb://ann@db1/?authSource=crm"


def test_what_the_address_does_not_say_is_a_note() -> None:
    tunnel = TunnelSpec(host="jump", user="ann")
    plain = profile("shop", "mongodb://db1", Colour.GREY)
    found = replace(plain, tunnel=tunnel, certificate_password=SecretRef("x"))

    notes = notes_on_reaching(found)

    assert "ann@jump" in notes[0]
    assert "client key" in notes[1]
    assert dump_command(BackupRequest("p", "v", Selection()), PLAIN, notes).notes[:2] == notes


def test_a_backup_with_the_oplog_has_an_equivalent() -> None:
    found = dumped(Selection(), consistency=Consistency.OPLOG)

    assert "--oplog" in found.lines[0]


def restored(
    existing: dict[str, frozenset[str]] | None = None, **choices: object
) -> OfficialCommand:
    blob = StoredBlob("m", 0, "", 0)
    entries = [entry(blob, (), Namespace.parse(n)) for n in ("shop.users", "crm.heat", "crm.v")]
    entries[1], entries[2] = (
        replace(entries[1], kind="timeseries"),
        replace(entries[2], kind="view"),
    )
    manifest = manifest_for(new_id(), 1, tuple(entries))
    request = RestoreRequest(new_id(), "p", **choices)  # type: ignore[arg-type]  # as given
    plan = plan_restore(manifest, request, existing or {}, NOON)
    return restore_command(request, plan, URI, read_backup(plan.backup))


def test_a_restore_is_an_export_and_a_mongorestore() -> None:
    found = restored(include=("shop.*",))

    export, restore = found.lines
    assert export[:2] == ("mangrove", "export")
    assert "--nsInclude=shop.*" in restore
    assert restore[-1] == "dump"
    stamp = "_restored_20260301_120000"
    assert ("--nsFrom=shop.*", f"--nsTo=shop{stamp}.*") == restore[-3:-1]


def test_renames_come_after_copies_because_the_last_one_wins() -> None:
    renames = (Rename("crm.*", "old.*"), Rename("shop", "store"))

    restore = restored(renames=renames).lines[1]

    moves = [part for part in restore if part.startswith("--ns")]
    assert moves == ["--nsFrom=crm.*", "--nsTo=old.*", "--nsFrom=shop.*", "--nsTo=store.*"]


def test_choices_become_options_or_notes() -> None:
    same = (Rename("shop", "shop"), Rename("crm", "crm"))
    existing = {"shop": frozenset({"users"})}

    dropped = restored(existing, renames=same, replace=("shop",), on_refusal=OnRefusal.STOP)
    never = restored(renames=same, indexes=IndexChoice.NEVER)
    before = restored(renames=same, indexes=IndexChoice.BEFORE)
    missing = restored(existing, renames=same, on_existing=OnExisting.ONLY_MISSING)

    assert {"--drop", "--stopOnError"} <= set(dropped.lines[1])
    assert "--noIndexRestore" in never.lines[1]
    assert not [part for part in never.lines[1] if part.startswith("--nsFrom")]
    assert any("before the documents" in note for note in before.notes)
    assert "--drop" not in missing.lines[1]
    assert any("counts them as failed" in note for note in missing.notes)
    assert any("time series" in note for note in missing.notes)
    assert any("views" in note for note in missing.notes)


@pytest.mark.parametrize(
    ("is_archive", "is_gzip", "expected"),
    [
        (False, False, ["/d"]),
        (False, True, ["--gzip", "/d"]),
        (True, False, ["--archive=/d"]),
        (True, True, ["--gzip", "--archive=/d"]),
    ],
)
def test_a_dump_in_files_is_read_where_it_lies(
    *, is_archive: bool, is_gzip: bool, expected: list[str]
) -> None:
    entries = (entry(StoredBlob("m", 0, "", 0), (), ORDERS),)
    request = RestoreRequest("", "p", renames=(Rename("shop", "shop"),))
    plan = plan_restore(manifest_for(new_id(), 1, entries), request, {}, NOON)

    source = read_path("/d", is_archive=is_archive, is_gzip=is_gzip)
    (line,) = restore_command(request, plan, PLAIN, source).lines

    assert line[:2] == ("mongorestore", f"--uri={PLAIN.text()}")
    assert list(line[2:]) == expected


def test_a_copy_is_a_dump_and_a_restore_of_it() -> None:
    dump = dumped(selection_of(("shop",), ()), consistency=Consistency.NONE)
    entries = (entry(StoredBlob("m", 0, "", 0), (), ORDERS),)
    request = RestoreRequest("", "p", renames=(Rename("shop", "copy"),))
    plan = plan_restore(manifest_for(new_id(), 1, entries), request, {}, NOON)

    found = restore_command(request, plan, URI, read_deployment(dump))

    assert [line[0] for line in found.lines] == ["mongodump", "mongorestore"]
    assert "--gzip" in found.lines[1]
    assert found.lines[1][-1] == "dump"
    assert len(found.notes) == len(set(found.notes))
    assert "mongodump does not encrypt, sign or read back what it wrote" in found.notes


def copied_with_users(*renames: Rename, **choices: object) -> OfficialCommand:
    selection = replace(selection_of(("shop", "crm"), ()), users_and_roles=UsersAndRoles.INCLUDE)
    dump = dumped(selection, consistency=Consistency.NONE)
    names = (ORDERS, Namespace("crm", "heat"))
    entries = tuple(entry(StoredBlob("m", 0, "", 0), (), name) for name in names)
    request = RestoreRequest(
        "", "p", renames=renames, users_and_roles=UsersAndRoles.INCLUDE, **choices
    )  # type: ignore[arg-type]  # as given
    plan = plan_restore(
        manifest_for(new_id(), 1, entries), request, {"shop": frozenset({"orders"})}, NOON
    )
    return restore_command(request, plan, PLAIN, read_deployment(dump))


def test_users_of_a_copied_database_come_with_a_run_of_its_own() -> None:
    found = copied_with_users(Rename("shop", "shop"), Rename("crm", "crm"), replace=("shop",))

    assert [line[0] for line in found.lines] == ["mongodump"] * 2 + ["mongorestore"] * 2
    restores = [" ".join(line[2:]) for line in found.lines[2:]]
    assert restores == [
        f"--gzip --db={name} --restoreDbUsersAndRoles --drop dump/{name}"
        for name in ("shop", "crm")
    ]
    assert any("removes the users and roles that the dump lacks" in note for note in found.notes)


def test_users_of_a_renamed_database_are_not_restored_by_a_run_of_its_own() -> None:
    found = copied_with_users(Rename("shop", "shop"), Rename("crm", "old"))

    own, rest = (" ".join(line[3:]) for line in found.lines[2:])
    assert own == "--db=shop --restoreDbUsersAndRoles --drop dump/shop"
    assert rest == "--nsExclude=shop.* --nsFrom=crm.* --nsTo=old.* --drop dump"


def test_a_pattern_that_takes_a_whole_database_is_that_database() -> None:
    by_pattern = dumped(Selection(include=("shop.*",), exclude=("shop.o*",)))

    assert by_pattern == dumped(Selection(("shop",), exclude=("shop.o*",)))
    assert tails(by_pattern) == ["--out=dump --gzip --db=shop --excludeCollectionsWithPrefix=o"]


@pytest.mark.parametrize("pattern", ["shop*", "sh*p.*", "shop.a*", "shop.a.*", r"shop\*.*x"])
def test_other_patterns_are_named_as_not_to_be_said(pattern: str) -> None:
    found = dumped(Selection(include=(pattern,)))

    assert found.notes[0].endswith(f"give mongorestore --nsInclude '{pattern}'")
