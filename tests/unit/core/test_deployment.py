import pytest

from mangrove.core.deployment import untested


@pytest.mark.parametrize("version", ["4.4.0", "4.4.29", "5.0.4", "5.3.1", "6.0.5", "6.0.27", ""])
def test_a_tested_version_needs_no_warning(version: str) -> None:
    assert untested(version) == ""


@pytest.mark.parametrize(
    ("version", "said"),
    [("4.2.6", "4.2"), ("6.1.0-rc0", "6.1"), ("7.0.28", "7.0"), ("8.0.17", "8.0")],
)
def test_another_version_is_named_with_what_to_do(version: str, said: str) -> None:
    text = untested(version)

    assert text.startswith(f"MongoDB {said} was not tested with this Mangrove; ")
    assert "4.4 to 6.0" in text
    assert "trial restore" in text
