"""Names in the commands that a person is offered are quoted: ``command_line`` writes them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mangrove.cli.tree import COMMANDS

SOURCE = Path(__file__).parents[2] / "desktop" / "mangrove"
OFFERED = re.compile(
    rf"mangrove (?:(?:{'|'.join(COMMANDS)}|\{{\}}) )(?:[\w-]+ )*['\"“]?\{{"
    r"|--[a-z][a-z-]* ['\"“]?\{"  # an option with its value
)
QUOTING = ("command_line", "typed", "quote")
NOT_TO_TYPE = {
    "connectors/mongo/snapshots/locking.py": "what fsync is marked with",
    "services/evidence_reports.py": "what a signature says",
    "vault/signatures.py": "what a signature says",
}


def _text(node: ast.AST) -> str:
    """Return a text with braces where something is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    if isinstance(node, ast.FormattedValue):
        call = node.value.func if isinstance(node.value, ast.Call) else None
        name = getattr(call, "attr", getattr(call, "id", ""))
        return "QUOTED" if name in QUOTING else "{}"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def offences(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if found := OFFERED.search(_text(node)):
            yield getattr(node, "lineno", 0), found[0]


@pytest.mark.parametrize(
    "line",
    [
        "hint = f'see: mangrove windows {name}'",
        "hint = f\"mangrove vault rewrap '{name}'\"",
        "hint = f'mangrove {keeper} refresh {name}'",
        "hint = f'mangrove vault check {vault} --remove-debris'",
        "HINT = 'left there: mangrove profile clean {name}'",
        "hint = f'say --yes-replace {name}'",
        "HINT = ('look with mangrove vault '\n 'check {name}')",
    ],
)
def test_a_name_that_is_not_quoted_is_found(line: str) -> None:
    assert [*offences(line)]


@pytest.mark.parametrize(
    "line",
    [
        "hint = f\"see: {command_line('windows', name)}\"",
        "hint = f'leave out --exclude {shlex.quote(name)}'",
        "version = f'mangrove {version}'",
        "hint = f'start one: mangrove agent; it is {name}'",
        "text = f'mangrove sequence {number} vault {vault}'",
    ],
)
def test_what_is_no_unquoted_name_is_let_be(line: str) -> None:
    assert not [*offences(line)]


def test_every_command_that_is_offered_quotes_its_names() -> None:
    found = {
        f"{name}:{line}: {text}"
        for path in SOURCE.rglob("*.py")
        if (name := path.relative_to(SOURCE).as_posix()) not in NOT_TO_TYPE
        for line, text in offences(path.read_text(encoding="utf-8"))
    }

    assert not found, "write it with mangrove.core.command_line"
