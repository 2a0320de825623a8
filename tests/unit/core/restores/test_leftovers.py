from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.deployment import CollectionSize
from mangrove.core.namespace import MAX_NAMESPACE_BYTES, Namespace
from mangrove.core.restores.leftovers import (
    is_working_name,
    leftovers_in,
    strange_scratch_in,
    working_namespace,
)

RANDOM = "0123456712"


def rows(*names: str) -> list[CollectionSize]:
    return [CollectionSize("shop", name, "collection", 3, 99) for name in names]


def test_what_a_restore_left_is_told_from_what_people_made() -> None:
    found = leftovers_in(
        rows("orders", "mangrove_0123456712_orders", "mangrove_notes", "mangrove_01234567_x")
    )

    (left,) = found
    assert left.namespace == Namespace("shop", "mangrove_0123456712_orders")
    assert not left.is_only_copy
    assert left.sentence == (
        "shop.mangrove_0123456712_orders: 3 documents, was to replace shop.orders, which is there"
    )


def test_what_may_be_the_only_copy_is_called_that() -> None:
    (left,) = leftovers_in(rows("orders_old", "mangrove_0123456712_orders"))

    assert left.is_only_copy
    assert "shop.orders is NOT there" in left.sentence


def test_what_a_replay_left_is_found_too() -> None:
    (left,) = leftovers_in(rows("orders", "mangrove_01234567r3_orders"))

    assert left.meant_for == "shop.orders"


def test_a_target_of_another_database_does_not_count() -> None:
    other = CollectionSize("crm", "orders", "collection", 1, 1)

    (left,) = leftovers_in([other, *rows("mangrove_0123456712_orders")])

    assert left.is_only_copy


def test_a_database_of_a_proof_that_nobody_here_noted_is_told_apart() -> None:
    own, strange, short = (
        f"{p}0123456789abcdef" for p in ("mangrove_verify_", "mangrove_verify_f", "mgv")
    )
    strange = strange[:-1]
    others = ("shop", "mangrove_verify_notes", "mgv0123")
    found = [
        CollectionSize(database, name, "collection", 1, 500)
        for database in (own, strange, short, *others)
        for name in ("a", "b")
    ]

    told = strange_scratch_in(found, {own})

    assert [(x.database, x.collections, x.data_bytes) for x in told] == [
        (strange, 2, 1000),
        (short, 2, 1000),
    ]
    assert "2 collections, 1.0 kB, of unknown origin" in told[0].sentence
    assert "not removed from here" in told[0].sentence


@given(st.text(st.characters(exclude_characters="\0.", exclude_categories=("Cs",)), min_size=1))
def test_a_working_name_fits_and_leads_back_to_its_target(name: str) -> None:
    target = Namespace("shop", name.encode()[:230].decode(errors="ignore") or "x")

    working = working_namespace(target, RANDOM)
    left = leftovers_in(rows(target.collection, working.collection))

    assert is_working_name(working.collection)
    assert len(f"shop.system.buckets.{working.collection}".encode()) <= MAX_NAMESPACE_BYTES
    assert [(x.namespace, x.is_only_copy) for x in left] == [(working, False)]
