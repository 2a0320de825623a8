"""A call loads its own command, and the services only where it asks for them."""

import subprocess
import sys

import pytest

from mangrove.cli.tree import COMMANDS, build_app

LOADED = """
import sys
from mangrove.app.headless import run_headless
code = run_headless(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


def loaded_by(*arguments: str) -> set[str]:
    """Return the modules that a call leaves behind in a process of its own."""
    call = [sys.executable, "-c", LOADED, *arguments]
    ended = subprocess.run(call, capture_output=True, text=True, timeout=60, check=True)
    return set(ended.stderr.split())


@pytest.mark.parametrize("arguments", [("--version",), ("status", "--help")])
def test_who_asks_for_words_alone_waits_for_no_services(arguments: tuple[str, ...]) -> None:
    loaded = loaded_by(*arguments)

    assert "mangrove.cli.main" in loaded
    assert not {"mangrove.app.container", "mangrove.services.figures.service"} & loaded
    assert "mangrove.cli.commands.vault.vault" not in loaded


def test_a_call_that_names_no_command_finds_all_of_them() -> None:
    found = build_app(["bakup"])

    named = {*(c.name or c.callback.__name__ for c in found.registered_commands if c.callback)}
    assert named | {g.name for g in found.registered_groups} == set(COMMANDS)
