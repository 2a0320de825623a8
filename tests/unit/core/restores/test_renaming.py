import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core import globs
from mangrove.core.backup import Rename
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace
from mangrove.core.restores.renaming import parse_rename, renamed, rule_of

NAME = st.text("ab.*$\\[?", min_size=1, max_size=6)


def result(name: str, *texts: str) -> str | None:
    found = renamed(Namespace.parse(name), [rule_of(parse_rename(t)) for t in texts])
    return str(found) if found else None


@pytest.mark.parametrize(
    ("texts", "source", "target"),
    [
        (["shop=store"], "shop.a.b", "store.a.b"),
        (["shop=store"], "shop2.a", None),
        (["shop.a=x.y"], "shop.a", "x.y"),
        (["shop.a=x.y"], "shop.a.b", None),
        (["prod.*=dev.*"], "prod.users.archive", "dev.users.archive"),
        (["prod.*=dev.*"], "prod.a\nb", "dev.a\nb"),
        (["*_old=*_new"], "shop.a_old", "shop.a_new"),
        (["*_old=*_new"], "shop.a_OLD", None),
        (["*=x*"], "shop.a", "xshop.a"),
        (["*.*=*_x.*"], "shop.a.b", "shop_x.a.b"),
        (["p*.u*=q*.v*"], "prod.users.archive", "qrod.vsers.archive"),
        (["$d$.$c$=$c$.$d$"], "a.b", "b.a"),
        (["$d$.$c$=all.$d$_$c$"], "shop.a.b", "all.shop_a.b"),
        (["$d$.$c$=$d$$d$.$c$"], "shop.a", "shopshop.a"),
        (["$a$$b$.x=y.$a$z$b$"], "shop.x", "y.zshop"),
        (["shop.*=first.*", "shop.*=second.*"], "shop.a", "second.a"),
        (["shop.a=x.y", "shop=store"], "shop.a", "store.a"),
        (["shop=store", "shop.a=x.y"], "shop.a", "x.y"),
        ([r"shop.\*=shop.\*\*"], "shop.*", "shop.**"),
        (["shop.[a]=shop.b?"], "shop.[a]", "shop.b?"),
        (["shop.a=b.=shop.c"], "shop.a", "b.=shop.c"),
    ],
    ids=str,
)
def test_a_renaming_means_what_its_table_says(
    texts: list[str], source: str, target: str | None
) -> None:
    assert result(source, *texts) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "shop",
        "shop=",
        "=shop",
        "shop=a.b",
        "shop.a=b",
        "prod.*=dev.x",
        "prod.x=dev.*",
        "*.*=nodot*",
        "$d$.$c=x.$d$",
        "$d$.$d$=x.$d$",
        "$d$.x=$e$.x",
        "$$.x=a.x",
        "$d$.*=x.*",
        "shop.a=$d$.a",
    ],
)
def test_a_renaming_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidSelectionError):
        rule_of(parse_rename(text))


@pytest.mark.parametrize(
    "text",
    ["shop.*=nodot*", "shop.*=*.", "*.a=.*", "shop.a=shop.system.x", "shop.a=shop." + "x" * 252],
)
def test_a_target_that_names_no_possible_collection_is_refused(text: str) -> None:
    with pytest.raises(InvalidSelectionError, match="nothing was changed"):
        result("shop.a", text)


def test_a_dollar_sign_in_a_new_collection_name_is_refused() -> None:
    with pytest.raises(InvalidSelectionError, match="server keeps for itself"):
        result("shop.a", r"shop.a=shop.\$b")


def test_a_name_the_server_made_may_keep_its_beginning() -> None:
    assert result("shop.system.js", "shop=store") == "store.system.js"


@given(NAME, NAME)
def test_any_two_literal_names_make_an_exact_renaming(source: str, target: str) -> None:
    rule = rule_of(Rename(f"{globs.literal('db.' + source)}", f"{globs.literal('to.' + target)}"))

    assert rule.renamed("db." + source) == "to." + target
    assert rule.renamed("db." + source + "x") is None
