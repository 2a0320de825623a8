"""Which collections are read as one piece of work."""

from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.jobs.grouping import GROUP_COLLECTIONS, SMALL_BYTES, grouped


def info(name: str, size_bytes: int = 100) -> CollectionInfo:
    database, _, collection = name.partition(".")
    return CollectionInfo(
        Namespace(database, collection), "collection", b"", (), None, 1, size_bytes
    )


def names(*infos: CollectionInfo, alone: tuple[str, ...] = ()) -> list[list[str]]:
    chosen = {i.namespace for i in infos if str(i.namespace) in alone}
    return [[str(i.namespace) for i in group] for group in grouped(infos, chosen)]


def test_large_ones_go_alone_and_small_ones_by_database() -> None:
    large = info("a.large", SMALL_BYTES + 1)

    assert names(large, info("a.1"), info("b.1"), info("a.2")) == [
        ["a.large"],
        ["a.1", "a.2"],
        ["b.1"],
    ]


def test_a_group_holds_neither_too_many_nor_too_much() -> None:
    many = [info(f"a.{n}") for n in range(2 * GROUP_COLLECTIONS + 1)]
    heavy = [info(f"a.{n}", SMALL_BYTES) for n in range(9)]

    assert [len(group) for group in names(*many)] == [GROUP_COLLECTIONS, GROUP_COLLECTIONS, 1]
    assert [len(group) for group in names(*heavy)] == [8, 1]


def test_what_may_be_larger_than_it_looks_goes_alone() -> None:
    assert names(info("a.1"), info("a.2"), info("a.3"), alone=("a.2",)) == [
        ["a.2"],
        ["a.1", "a.3"],
    ]
