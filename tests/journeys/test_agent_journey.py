"""The agent as real processes: one of a user, also after it was killed."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.command_line import CommandLine
from servers.keyring_service import SecretService

pytestmark = [pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]
WATCHED = "watched; Ctrl-C ends it"


@pytest.fixture
def mangrove(tmp_path: Path, secret_service: SecretService) -> CommandLine:
    """The program with a vault and one job that is not due yet."""
    line = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    assert line("vault", "add", "Local", "--url", (tmp_path / "vault").as_uri()).code == 0
    made = line(
        "job", "add", "proof", "--kind", "verify", "--vault", "Local", "--schedule", "monthly"
    )
    assert made.code == 0, made
    assert "nothing starts by itself" in made.err
    return line


@pytest.fixture
def agent(mangrove: CommandLine) -> Iterator[subprocess.Popen[str]]:
    """An agent that looks at the clock."""
    process = mangrove.started_until(("agent",), WATCHED)
    yield process
    process.kill()
    process.communicate()


def test_a_second_agent_refuses_and_a_killed_one_is_followed(
    mangrove: CommandLine, agent: subprocess.Popen[str]
) -> None:
    (job,) = mangrove.json("job", "list")["jobs"]
    assert job["last"] is None
    assert mangrove.json("job", "list")["agent"]["pid"] == agent.pid

    second = mangrove("agent", "--once")
    assert second.code == 5, second
    assert f"number {agent.pid}" in second.err

    agent.send_signal(signal.SIGKILL)
    agent.wait()
    assert mangrove.json("agent", "--once") == {"fired": []}


def test_an_agent_ends_on_request_and_gives_its_place_back(
    mangrove: CommandLine, agent: subprocess.Popen[str]
) -> None:
    agent.send_signal(signal.SIGTERM)

    assert agent.wait(30) == 130
    assert mangrove.json("job", "list")["agent"] is None
