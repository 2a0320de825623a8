"""The agent as real processes: one of a user, also after it was killed."""

import json
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import CommandLine
from servers.keyring_service import SecretService

pytestmark = [pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]
WATCHED = "watched; Ctrl-C ends it"
LIMIT_S = 90
LOOK_EVERY_S = 0.3


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
    with mangrove.started_until(("agent",), WATCHED) as process:
        yield process


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


def until(found: Callable[[], Any], what: str) -> Any:
    """Wait until something is there, and return it."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(LOOK_EVERY_S)  # noqa: TID251 - real processes are looked at from outside
    raise AssertionError(f"never came: {what}")


@pytest.fixture
def black_hole() -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener


def make_nights_go_by(line: CommandLine, job: str, nights: int) -> None:
    """Let a job look as if it had been made some nights ago, and nobody had been there since."""
    made = datetime.now(UTC) - timedelta(days=nights)  # noqa: TID251 - of real processes
    with closing(sqlite3.connect(line.home / "state" / "state.sqlite")) as state:
        (text,) = state.execute("SELECT value FROM jobs WHERE name_key = ?", (job,)).fetchone()
        value = json.loads(text) | {"created_at": made.isoformat()}
        state.execute("UPDATE jobs SET value = ? WHERE name_key = ?", (json.dumps(value), job))
        state.commit()


def test_a1_after_three_nights_a_killed_catch_up_is_closed_and_comes_once_more(
    mangrove: CommandLine, black_hole: socket.socket
) -> None:
    port = black_hole.getsockname()[1]
    assert mangrove("profile", "add", "shop", "--uri", f"mongodb://127.0.0.1:{port}").code == 0
    # Half a day from now, so that no further night begins while this test looks.
    hour = (datetime.now(UTC) + timedelta(hours=12)).hour  # noqa: TID251 - of real processes
    mangrove("job", "add", "nightly", "--vault", "Local", "--schedule", f"daily {hour:02}:00",
             "--profile", "shop", "--zone", "UTC")  # fmt: skip
    make_nights_go_by(mangrove, "nightly", nights=3)

    def firings(count: int) -> Any:
        found = mangrove.json("job", "show", "nightly")["firings"]
        return found if len(found) >= count and found[0]["steps"] else None

    with mangrove.started_until(("agent",), WATCHED) as first:
        (running,) = until(lambda: firings(1), "the catch-up run")
        assert (running["state"], running["missed"]) == ("running", 2)
        first.send_signal(signal.SIGKILL)
    black_hole.close()

    with mangrove.started_until(("agent",), WATCHED) as second:
        again, cut_off = until(lambda: firings(2), "the same time once more")
        second.send_signal(signal.SIGTERM)
        second.communicate()
    assert cut_off["state"] == "interrupted"
    assert again["slot_at"] == cut_off["slot_at"]
    last, dead = mangrove.json("job", "show", "nightly")["firings"]
    assert (last["ended_at"] is not None, dead["state"]) == (True, "interrupted")


def test_a4_a_window_hands_its_jobs_to_an_agent_and_takes_them_back(
    mangrove: CommandLine,
) -> None:
    mangrove.variables["QT_QPA_PLATFORM"] = "offscreen"

    def fired_by(process: subprocess.Popen[str]) -> Any:
        holder = mangrove.json("job", "list")["agent"]
        return holder if holder and holder["pid"] == process.pid else None

    with mangrove.start() as window, ExitStack() as stack:
        stack.callback(window.kill)
        until(lambda: fired_by(window), "the window's place")
        second = mangrove()
        assert second.code == 0, second
        assert "its window was brought to the front" in second.err

        with mangrove.started_until(("agent",), WATCHED) as agent:
            assert fired_by(agent)
            assert f"the window (process {window.pid}) hands its jobs over" in "".join(
                mangrove.printed
            )
            assert mangrove("agent").code == 5
            agent.send_signal(signal.SIGTERM)
            agent.communicate()

        until(lambda: fired_by(window), "the window's place again")
        window.send_signal(signal.SIGTERM)
        window.communicate(timeout=LIMIT_S)
    assert mangrove.json("job", "list")["agent"] is None
