import pytest

from mangrove.core.wording import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 documents"), (1, "1 document"), (2000, "2,000 documents")]
)
def test_a_noun_follows_its_number(number: int, text: str) -> None:
    assert counted(number, "document") == text


def test_an_odd_plural_is_taken_as_given() -> None:
    assert counted(2, "index", "indexes") == "2 indexes"
