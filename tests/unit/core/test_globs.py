import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mangrove.core import globs

NAMES = st.text(st.sampled_from("ab.*?[]\\$\n"), max_size=12)


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("*", ["shop.orders", "a.b.c", "a.\n"], []),
        ("shop.*", ["shop.orders", "shop.a.b", "shop.a\nb"], ["shop2.a", "shop", "xshop.a"]),
        ("*.tmp_*", ["shop.tmp_1", "a.b.tmp_"], ["shop.tmp", "shop.TMP_1"]),
        ("*.*.*", ["a.b.c"], ["a.b"]),
        ("shop", ["shop"], ["shop.orders"]),
        ("shop.orders", ["shop.orders"], ["shop.orders\n", "shop.orders2"]),
        ("a.b?", ["a.b?"], ["a.bc"]),
        ("a.[bc]", ["a.[bc]"], ["a.b"]),
        (r"a.\*", ["a.*"], ["a.b"]),
        (r"a.\\*", ["a.\\b", "a.\\"], ["a.b"]),
        (r"a.\$cmd", ["a.$cmd"], [r"a.\$cmd"]),
        (r"a.\b", [r"a.\b"], ["a.b"]),
        ("a.b\\", ["a.b\\"], ["a.b"]),
        ("ab*ba", ["abba", "abxba"], ["aba"]),
        ("a*b*c", ["abc", "axbxbxc"], ["ac", "acb"]),
    ],
)
def test_a_pattern_means_what_its_table_says(
    pattern: str, inside: list[str], outside: list[str]
) -> None:
    assert [n for n in inside if not globs.matches(pattern, n)] == []
    assert [n for n in outside if globs.matches(pattern, n)] == []


@given(NAMES)
def test_every_name_can_be_picked_alone(name: str) -> None:
    assert globs.matches(globs.literal(name), name)
    assert not globs.matches(globs.literal(name), name + "x")
    assert globs.pieces(globs.literal(name)) == (name,)


@given(st.lists(st.text("ab.", max_size=3), min_size=1, max_size=5), st.text("ab.\n", max_size=14))
@example(["a", "b", "b"], "abb")
@example(["ab", "ba"], "aba")
def test_captures_are_those_of_a_lazy_expression(literals: list[str], text: str) -> None:
    lazy = "(.*?)".join(map(re.escape, literals))
    expected = re.fullmatch(lazy, text, re.DOTALL)

    found = globs.captures(literals, text)

    assert found == (expected.groups() if expected else None)


def test_many_stars_cost_no_time() -> None:
    assert not globs.matches("*a" * 100 + "b", "a" * 10_000)


def test_a_pattern_without_match_is_named() -> None:
    assert globs.without_match(("a.*", "b.*", "*.x"), ("a.x", "a.y")) == ("b.*",)


@pytest.mark.parametrize(
    ("pattern", "database"),
    [("shop.*", "shop"), ("shop.a.b", "shop"), ("*.a", None), ("sh*.a", None), ("shop", None)],
)
def test_a_pattern_knows_the_only_database_it_can_fit(pattern: str, database: str | None) -> None:
    assert globs.database_of(pattern) == database
