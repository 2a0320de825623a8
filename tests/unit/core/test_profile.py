import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.errors import InvalidProfileError
from mangrove.core.profile import (
    MAX_NAME,
    MAX_SLUG,
    ProfileId,
    certificate_password_ref,
    checked_name,
    password_ref,
    slug_of,
)

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Production", "production"),
        ("Shop / Köln (EU)", "shop-koln-eu"),
        ("  --x--  ", "x"),
        ("日本", "profile"),
        ("a" * 60, "a" * MAX_SLUG),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_a_slug_is_made_of_plain_letters(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_taken_slug_gets_the_next_free_number() -> None:
    assert slug_of("Shop", frozenset({"shop", "shop-2", "shop-4"})) == "shop-3"


@given(st.text(), st.frozensets(slugs))
def test_a_slug_is_always_a_new_folder_name(name: str, taken: frozenset[str]) -> None:
    slug = slug_of(name, taken | {slug_of(name)})

    assert slug not in taken | {slug_of(name)}
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)


def test_a_name_is_trimmed() -> None:
    assert checked_name("  Köln 1 ") == "Köln 1"


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "a\0b", "a\u202eb", "\ud800", "x" * (MAX_NAME + 1)]
)
def test_an_empty_long_or_deceiving_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidProfileError):
        checked_name(name)


def test_each_secret_of_a_profile_has_a_name_of_its_own() -> None:
    refs = {f(ProfileId(p)).name for f in (password_ref, certificate_password_ref) for p in "ab"}

    assert len(refs) == 4
