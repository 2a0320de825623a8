import pytest

from fakes.clock import NOON
from mangrove.core.backup import BackupId, Compression, Selection, backup_id, selection_of, slug_in
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace


def test_a_backup_is_named_by_moment_profile_and_chance() -> None:
    name = backup_id(NOON, "shop-2", "0a1b")

    assert name == "20260301T120000Z-shop-2-0a1b"
    assert slug_in(name) == "shop-2"


@pytest.mark.parametrize(
    "name",
    ["", "shop", "20260301T120000Z-shop", "20260301T120000Z-Shop-0a1b", "x-shop-0a1b", "a/b"],
)
def test_another_folder_is_no_backup(name: str) -> None:
    assert slug_in(BackupId(name)) is None


@pytest.mark.parametrize(
    ("selection", "inside", "outside"),
    [
        (Selection(), ["a.b", "c.d.e"], []),
        (selection_of(("a",), ()), ["a.b", "a.c"], ["ab.c", "b.a"]),
        (selection_of((), ("a.b",)), ["a.b"], ["a.c", "a.b.c"]),
        (selection_of(("a",), ("b.c",)), ["a.x", "b.c"], ["b.d"]),
        (selection_of((), (), ("*.tmp*", "a.*")), ["b.x"], ["b.tmp1", "a.x"]),
        (selection_of(("a",), (), ("a.log",)), ["a.x"], ["a.log", "b.x"]),
        (selection_of((), (), ("A.*",)), ["a.x"], ["A.x"]),
    ],
)
def test_a_selection_means_what_it_names(
    selection: Selection, inside: list[str], outside: list[str]
) -> None:
    assert all(selection.matches(Namespace.parse(n)) for n in inside)
    assert not any(selection.matches(Namespace.parse(n)) for n in outside)


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(), "the whole deployment"),
        (selection_of(("a",), ("b.c",)), "a, b.c"),
        (selection_of((), (), ("x.*",)), "the whole deployment without x.*"),
    ],
)
def test_a_selection_says_what_it_means(selection: Selection, words: str) -> None:
    assert selection.describe() == words
    assert selection.is_whole is (selection == Selection())


@pytest.mark.parametrize(
    ("databases", "collections"), [(("",), ()), (("a.b",), ()), ((), ("a",)), ((), ("a.",))]
)
def test_a_name_that_can_be_none_is_refused(
    databases: tuple[str, ...], collections: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidSelectionError):
        selection_of(databases, collections)


def test_each_compression_has_a_suffix_of_its_own() -> None:
    assert [c.suffix for c in Compression] == [".zst", ".gz", ""]
