import shlex

import pytest

from mangrove.core.command_line import command_line


@pytest.mark.parametrize("name", ["shop", "the shop", "Ann's", "a;b", "$HOME", "ü & ä", '"x"', ""])
def test_a_shell_takes_a_name_as_it_is(name: str) -> None:
    typed = command_line("vault", "kit", name, "--confirm", "CODE")

    assert shlex.split(typed) == ["mangrove", "vault", "kit", name, "--confirm", "CODE"]


def test_plain_names_are_not_quoted() -> None:
    assert command_line("atlas", "link", "shop", "PROJECT/CLUSTER") == (
        "mangrove atlas link shop PROJECT/CLUSTER"
    )
