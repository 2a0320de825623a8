from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import NOON
from fakes.vaults import entry, manifest_for, new_id
from mangrove.core.backup import (
    CollectionQuery,
    IndexChoice,
    OnExisting,
    OnRefusal,
    Rename,
    RestoreRequest,
    Selection,
)
from mangrove.core.errors import InvalidSelectionError, NamespaceConflictError, TargetNotEmptyError
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.restores.naming import MAX_DATABASE_BYTES, copy_name, target_databases
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.restores.planning import plan_restore

STAMP = "_restored_20260301_120000"
NOTHING: Mapping[str, frozenset[str]] = {}
BLOB = StoredBlob("m", 0, "", 0)
TAKEN = ("shop.users", "shop.orders", "crm.people", "crm.a.b")


def manifest(*names: str) -> Manifest:
    entries = tuple(entry(BLOB, (), Namespace.parse(name)) for name in names or TAKEN)
    return manifest_for(new_id(), 1, entries)


def request(**choices: object) -> RestoreRequest:
    return RestoreRequest(new_id(), "staging", **choices)  # type: ignore[arg-type]  # as given


def plan(existing: Mapping[str, frozenset[str]] = NOTHING, **choices: object) -> RestorePlan:
    return plan_restore(manifest(), request(**choices), existing, NOON)


def targets(found: RestorePlan) -> dict[str, str]:
    return {str(p.entry.namespace): str(p.target) for p in found.namespaces}


def test_without_a_word_everything_goes_into_copies() -> None:
    found = plan({"shop": frozenset({"users"})})

    assert targets(found) == {
        "shop.users": f"shop{STAMP}.users",
        "shop.orders": f"shop{STAMP}.orders",
        "crm.people": f"crm{STAMP}.people",
        "crm.a.b": f"crm{STAMP}.a.b",
    }
    assert found.creates == (f"crm{STAMP}", f"shop{STAMP}")
    assert (found.occupied, found.unconfirmed, found.replaced) == ((), (), ())
    found.require_confirmed()
    assert found.sentence == (
        f"Restore 4 collections with 12 documents into crm{STAMP}, shop{STAMP} on staging. "
        "Nothing existing is changed."
    )


def test_an_occupied_target_needs_its_name_typed() -> None:
    existing = {"crm": frozenset({"people", "other"})}

    refused = plan(existing, renames=(Rename("crm", "crm"),))
    confirmed = plan(existing, replace=("crm",))

    assert refused.unconfirmed == ("crm",)
    with pytest.raises(TargetNotEmptyError, match="crm on staging") as caught:
        refused.require_confirmed()
    assert caught.value.hint.endswith("--yes-replace crm")
    assert confirmed.unconfirmed == ()
    confirmed.require_confirmed()
    assert confirmed.replaced == (Namespace("crm", "people"),)
    assert "1 existing collection is dropped and replaced." in confirmed.sentence


def test_dropping_keeps_the_names_and_still_needs_them_typed() -> None:
    existing = {"crm": frozenset({"people", "other"})}

    refused = plan(existing, on_existing=OnExisting.DROP)
    moved = plan(on_existing=OnExisting.DROP, renames=(Rename("crm.*", "old.*"),))
    confirmed = plan(existing, on_existing=OnExisting.DROP, replace=("crm",))

    assert targets(refused) == {name: name for name in TAKEN}
    assert refused.unconfirmed == ("crm",)
    assert targets(moved)["crm.people"] == "old.people"
    assert confirmed.unconfirmed == ()
    assert confirmed.replaced == (Namespace("crm", "people"),)


def test_dropping_never_reaches_the_servers_own_databases() -> None:
    whole = manifest("admin.notes", "shop.users")

    found = plan_restore(whole, request(on_existing=OnExisting.DROP), NOTHING, NOON)

    assert targets(found) == {"admin.notes": f"admin{STAMP}.notes", "shop.users": "shop.users"}


def test_an_occupied_database_needs_its_name_typed_even_if_nothing_collides() -> None:
    found = plan({"crm": frozenset({"other"})}, renames=(Rename("crm", "crm"),))

    assert (found.unconfirmed, found.replaced) == (("crm",), ())
    assert "Existing collections stay as they are." in found.sentence


def test_the_name_typed_must_be_that_of_the_target() -> None:
    existing = {"archive": frozenset({"people"})}

    found = plan(existing, renames=(Rename("crm", "archive"),), replace=("crm",))

    assert found.unconfirmed == ("archive",)


def test_renames_of_namespaces_win_over_those_of_databases() -> None:
    renames = (Rename("shop", "store"), Rename("shop.users", "crm2.customers"))

    found = targets(plan(renames=renames, include=("shop.*",)))

    assert found == {"shop.users": "crm2.customers", "shop.orders": "store.orders"}


def test_the_last_rename_of_a_source_wins() -> None:
    renames = (Rename("shop", "first"), Rename("shop", "second"))

    assert targets(plan(renames=renames, include=("shop.users",))) == {"shop.users": "second.users"}


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        ((), (), set(TAKEN)),
        (("shop.*",), (), {"shop.users", "shop.orders"}),
        (("*",), ("crm.*", "*.orders"), {"shop.users"}),
        (("crm.a.*",), (), {"crm.a.b"}),
        (("shop.users", "crm.people"), (), {"shop.users", "crm.people"}),
    ],
)
def test_globs_choose_what_is_restored(
    include: tuple[str, ...], exclude: tuple[str, ...], chosen: set[str]
) -> None:
    found = plan(include=include, exclude=exclude)

    assert set(targets(found)) == chosen
    assert found.documents == 3 * len(chosen)


def test_choosing_nothing_is_refused() -> None:
    with pytest.raises(InvalidSelectionError, match="nothing was changed"):
        plan(include=("nowhere.*",))


def test_two_namespaces_never_land_in_one() -> None:
    with pytest.raises(NamespaceConflictError, match=r"both become x\.users"):
        plan_restore(
            manifest("a.users", "b.users"),
            request(renames=(Rename("a", "x"), Rename("b", "x"))),
            NOTHING,
            NOON,
        )
    with pytest.raises(NamespaceConflictError):
        plan(renames=(Rename("shop.users", "x.y"), Rename("shop.orders", "x.y")))


def test_what_the_server_never_replaces_is_refused_beforehand() -> None:
    existing = {"crm": frozenset({"system.js"})}
    there = manifest("crm.system.js", "crm.people")

    with pytest.raises(NamespaceConflictError, match=r"crm\.system\.js") as caught:
        plan_restore(there, request(replace=("crm",)), existing, NOON)
    copied = plan_restore(there, request(), existing, NOON)

    assert "leave it out with --exclude crm.system.js; " in caught.value.hint
    assert len(copied.namespaces) == 2


def test_all_that_the_server_never_replaces_is_named_at_once() -> None:
    existing = {name: frozenset({"system.js", "people"}) for name in ("crm", "shop")}
    there = manifest("crm.system.js", "crm.people", "shop.system.js")

    with pytest.raises(NamespaceConflictError) as caught:
        plan_restore(there, request(replace=("crm", "shop")), existing, NOON)

    assert caught.value.message.startswith("crm.system.js and shop.system.js exist and ")
    assert "--exclude crm.system.js --exclude shop.system.js" in caught.value.hint
    assert "--only-missing" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["a/b", "a b", "a$b", 'a"b', "", "x" * 64, "admin", "local", "config"]
)
def test_impossible_and_protected_databases_are_refused(name: str) -> None:
    with pytest.raises(InvalidSelectionError):
        plan(renames=(Rename("shop", name),))
    with pytest.raises(InvalidSelectionError):
        plan(replace=(name,))
    if name:
        with pytest.raises(InvalidSelectionError):
            plan(renames=(Rename("shop.users", f"{name}.users"),))


def test_a_database_is_not_renamed_to_a_collection() -> None:
    for rename in (Rename("shop", "a.b"), Rename("shop.users", "a")):
        with pytest.raises(InvalidSelectionError):
            plan(renames=(rename,))


def test_system_databases_are_restored_as_copies() -> None:
    found = plan_restore(manifest("admin.notes"), request(), NOTHING, NOON)

    assert targets(found) == {"admin.notes": f"admin{STAMP}.notes"}


def test_target_databases_are_those_of_the_plan() -> None:
    asked = request(renames=(Rename("shop", "store"),), exclude=("crm.a*",))

    names = target_databases(manifest(), asked, NOON)

    found = plan_restore(manifest(), asked, NOTHING, NOON)
    assert names == (f"crm{STAMP}", "store")
    assert sorted(found.creates) == sorted(names)


@given(st.text(st.characters(codec="utf-8", exclude_characters='/\\. "$\0'), min_size=1))
def test_the_name_of_a_copy_fits_and_keeps_its_stamp(database: str) -> None:
    name = copy_name(database, NOON)

    assert name.endswith(STAMP)
    assert len(name.encode()) <= MAX_DATABASE_BYTES
    assert database.startswith(name.removesuffix(STAMP))


def test_a_plan_counts_what_it_moves() -> None:
    one = entry(BLOB, (), Namespace("a", "b"))
    described = replace(manifest(), namespaces=(replace(one, documents=1_234, plain_bytes=99),))

    found = plan_restore(described, request(), NOTHING, NOON)

    assert (found.documents, found.plain_bytes) == (1_234, 99)
    assert "1 collection with 1,234 documents" in found.sentence


@pytest.mark.parametrize(
    "choice", [{"include": ("*", "no.*")}, {"exclude": ("*.nothing",)}], ids=str
)
def test_a_pattern_that_matches_nothing_is_refused_by_name(choice: dict[str, object]) -> None:
    with pytest.raises(InvalidSelectionError, match=r"pattern '(no\.\*|\*\.nothing)'"):
        plan(**choice)


def test_patterns_rename_and_the_last_one_that_fits_wins() -> None:
    renames = (Rename("*.*", "dev_*.*"), Rename("*.users", "*.people"))

    found = plan(renames=renames)

    assert targets(found) == {
        "shop.users": "shop.people",
        "shop.orders": "dev_shop.orders",
        "crm.people": "dev_crm.people",
        "crm.a.b": "dev_crm.a.b",
    }


def test_a_renaming_of_what_is_left_out_is_said() -> None:
    found = plan(include=("shop.*",), renames=(Rename("crm", "x"),))

    assert any("'crm=x' fits nothing" in note for note in found.notes)


@pytest.mark.parametrize("typed", [Rename("typo", "x"), Rename("no.*", "x.*")])
def test_a_renaming_that_fits_nothing_is_refused_and_says_what_there_is(typed: Rename) -> None:
    with pytest.raises(InvalidSelectionError, match="fits nothing in the backup") as caught:
        plan(renames=(Rename("shop", "new"), typed))

    assert f"'{typed.source}={typed.target}'" in caught.value.message
    assert caught.value.hint == "it holds the databases crm, shop"


@pytest.mark.parametrize(
    ("renames", "databases", "named"),
    [
        ((Rename("shop", "Shop"),), ("admin", "shop"), "Shop beside shop"),
        ((Rename("shop", "shop"),), ("Shop", "admin"), "shop beside Shop"),
        ((Rename("shop", "New"), Rename("crm", "new")), (), "New beside new"),
    ],
)
def test_a_database_that_differs_only_in_case_is_refused_before_anything_is_written(
    renames: tuple[Rename, ...], databases: tuple[str, ...], named: str
) -> None:
    with pytest.raises(NamespaceConflictError, match=named):
        plan_restore(manifest(), request(renames=renames), NOTHING, NOON, databases)


def test_a_database_of_the_very_same_name_is_no_other() -> None:
    asked = request(renames=(Rename("shop", "shop"),))

    found = plan_restore(manifest(), asked, NOTHING, NOON, ("shop", "crm"))

    assert "shop" in found.creates


def test_only_missing_needs_no_name_typed_and_replaces_nothing() -> None:
    existing = {"crm": frozenset({"people", "other"})}

    found = plan(
        existing,
        include=("crm.*",),
        renames=(Rename("crm", "crm"),),
        on_existing=OnExisting.ONLY_MISSING,
    )

    found.require_confirmed()
    assert (found.replaced, found.filled) == ((), (Namespace("crm", "people"),))
    assert "gets only the documents missing there." in found.sentence
    assert any("not compared" in note for note in found.notes)


def test_only_missing_and_replacing_contradict_each_other() -> None:
    with pytest.raises(InvalidSelectionError, match="not both"):
        plan(replace=("crm",), on_existing=OnExisting.ONLY_MISSING)


def test_only_missing_into_copies_says_how_to_fill_up() -> None:
    found = plan(on_existing=OnExisting.ONLY_MISSING)

    assert any("--rename shop=shop" in note for note in found.notes)


def test_the_plan_says_every_choice() -> None:
    before = plan(indexes=IndexChoice.BEFORE).notes
    never = plan(indexes=IndexChoice.NEVER, on_refusal=OnRefusal.STOP).notes

    assert any("before the documents" in note for note in before)
    assert any("no secondary index" in note for note in never)
    assert any("first refused document" in note for note in never)
    assert plan().notes == ()


def test_the_plan_says_that_the_backup_was_filtered() -> None:
    query = CollectionQuery(Namespace("shop", "users"), "{}")
    filtered = replace(manifest(), selection=Selection(queries=(query,)))

    found = plan_restore(filtered, request(), NOTHING, NOON)
    without = plan_restore(filtered, request(exclude=("shop.users",)), NOTHING, NOON)

    assert any("of shop.users the backup holds only" in note for note in found.notes)
    assert without.notes == ()
