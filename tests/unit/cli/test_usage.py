"""Wrong usage is told in our own words, with the help of the command that was meant."""

import io

import pytest

from mangrove.cli.front import Desk, Doors
from mangrove.cli.main import USAGE_ERROR
from mangrove.cli.output import Output
from mangrove.cli.tree import build_app
from mangrove.cli.usage import usage_problem
from mangrove.core.run import Problem


def problem_of(line: str) -> Problem:
    doors = Doors(lambda: pytest.fail("nothing is opened"), lambda **_: 0, "1")
    desk = Desk(doors, Output(io.StringIO(), io.StringIO()), io.StringIO())
    with pytest.raises(USAGE_ERROR) as caught:
        build_app(line.split())(
            args=line.split(), prog_name="mangrove", standalone_mode=False, obj=desk
        )
    return usage_problem(caught.value)


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        (
            "bakup shop",
            "'mangrove' has no command 'bakup'",
            "did you mean mangrove backup? see: mangrove --help",
        ),
        ("backup", "PROFILE is missing", "see: mangrove backup --help"),
        (
            "backup shop --vautl x",
            "'mangrove backup' has no option --vautl",
            "did you mean --vault? see: mangrove backup --help",
        ),
        (
            "agent limit --runs 2",
            "name one: --deployment PROFILE or --vault V",
            "see: mangrove agent limit --help",
        ),
        (
            "backup shop --vault x --consistency best",
            (
                "invalid value for '--consistency': 'best' is not one of 'auto', 'snapshot',"
                " 'oplog', 'none'"
            ),
            "see: mangrove backup --help",
        ),
    ],
)
def test_each_mistake_names_the_command_it_was_made_in(line: str, message: str, hint: str) -> None:
    problem = problem_of(line)

    assert (problem.code, problem.message, problem.hint) == ("usage", message, hint)
