"""The window says what to tick, where a message names what to type."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mangrove.core.errors import InvalidSelectionError
from mangrove.ui import text
from mangrove.ui.dialogs.accounts_part import AccountsPart
from mangrove.ui.option_words import in_window
from mangrove.ui.problems import explain

SOURCE = Path(__file__).parents[2] / "desktop" / "mangrove"
TOLD_IN_BOTH = ("core", "connectors", "engine", "jobs", "services", "vault")
ASKING_FOR_USERS = re.compile("--(users-and-roles|yes-unencrypted-credentials)")


def messages() -> Iterator[str]:
    """Yield every text that names an option about users, but the options themselves."""
    for folder in TOLD_IN_BOTH:
        for path in (SOURCE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                said = node.value if isinstance(node, ast.Constant) else ""
                if isinstance(said, str) and ASKING_FOR_USERS.search(said) and " " in said:
                    yield said


MESSAGES = sorted(set(messages()))


@pytest.mark.parametrize("said", MESSAGES)
def test_no_message_about_users_names_an_option_in_the_window(said: str) -> None:
    assert not re.search(r"--[a-z]", in_window(said)), in_window(said)


def test_there_are_messages_to_look_at() -> None:
    assert len(MESSAGES) > 4


def test_the_boxes_are_named_as_they_stand_in_the_dialogs(qtbot: QtBot) -> None:
    part = AccountsPart("why")
    qtbot.addWidget(part)

    wanted, plain = (box.text().replace("&", "") for box in (part.wanted, part.plain))
    assert in_window("leave out --users-and-roles") == f"untick “{wanted}”"
    assert in_window("say --yes-unencrypted-credentials") == f"tick “{plain}”"


def test_a_problem_says_what_to_untick() -> None:
    error = InvalidSelectionError("they cannot go along", hint="leave out --users-and-roles")

    assert explain(error).detail == "They cannot go along. Untick “Users and roles too”."


def test_a_reason_of_a_manifest_names_no_option() -> None:
    assert text.sentence("not asked for: --users-and-roles") == "Not asked for."


def test_other_text_stays_as_it_is() -> None:
    assert in_window("the disk is full -- really") == "the disk is full -- really"
