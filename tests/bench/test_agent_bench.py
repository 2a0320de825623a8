"""An agent that has nothing to do costs nearly nothing, and a thousand jobs are looked at fast."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journeys.command_line import CommandLine
from mangrove.core.jobs.cron_times import _simulated
from mangrove.core.jobs.schedule import Schedule, parse_schedule
from servers.keyring_service import SecretService

JOBS = 1_000
MAX_NEXT_S = 0.050
MAX_CORE = 0.01
MAX_RSS_BYTES = 120e6
WARM_UP_S, MEASURED_S = 3.0, 17.0  # at least one look at the clock
DAYS = (datetime(2026, 5, 28, 12, 0, 7, tzinfo=UTC), datetime(2026, 3, 28, 12, 0, 7, tzinfo=UTC))


def schedules() -> list[Schedule]:
    """A thousand schedules, hardly any two the same."""
    made = []
    for n in range(JOBS // 4):
        clock = f"{n % 24:02d}:{n % 60:02d}"
        words = (f"daily {clock}", f"sundays {clock}", f"monthly on {n % 28 + 1} at {clock}")
        made += [parse_schedule(w, "Europe/Berlin") for w in (*words, "every 15 minutes")]
    return made


@pytest.mark.bench
def test_a_thousand_next_times_take_less_than_fifty_milliseconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also on the day before the clocks change, once each schedule was looked at."""
    made, lines = schedules(), []
    for day in DAYS:
        taken = []
        _simulated.cache_clear()
        for _ in range(4):
            start = time.process_time()
            for schedule in made:
                schedule.next_after(day)
            taken.append(time.process_time() - start)
        lines.append(f"{day:%d %B}: first {taken[0] * 1e3:.1f} ms, then {min(taken) * 1e3:.1f} ms")
        assert min(taken) < MAX_NEXT_S

    with capsys.disabled():
        sys.stdout.write(f"\n{JOBS} next times, " + "; ".join(lines) + "\n")


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.keyring
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_idle_agent_stays_under_one_percent_of_a_core_and_120_megabytes(
    tmp_path: Path, secret_service: SecretService, capsys: pytest.CaptureFixture[str]
) -> None:
    line = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    line("profile", "add", "shop", "--uri", "mongodb://127.0.0.1:9")
    line("vault", "add", "attic", "--url", (tmp_path / "vault").as_uri())
    made = line.json("job", "recommend", "shop", "--vault", "attic")["jobs"]
    line("agent", "pause", "--until", "2100-01-01T00:00+00:00", "--why", "only measured")
    with line.started_until(("agent",), "watched; Ctrl-C ends it") as agent:
        time.sleep(WARM_UP_S)  # noqa: TID251 - the process is measured from outside
        before_s = cpu_s(agent.pid)
        time.sleep(MEASURED_S)  # noqa: TID251 - as above
        core = (cpu_s(agent.pid) - before_s) / MEASURED_S
        rss_bytes = resident_bytes(agent.pid)

    with capsys.disabled():
        sys.stdout.write(
            f"\nidle agent with {len(made)} jobs: {core:.2%} of a core, {rss_bytes / 1e6:.0f} MB\n"
        )
    assert core < MAX_CORE
    assert rss_bytes < MAX_RSS_BYTES


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU a process used. Source: proc(5), ``stat`` fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Return how much memory a process holds. Source: proc(5), ``statm`` field 2, in pages."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
