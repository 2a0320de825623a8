"""``mangrove job`` and ``mangrove agent`` on services that answer as a test says."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.abc import MetaPathFinder
from types import ModuleType

import pytest
from typing_extensions import override

from fakes.doors import doors_to
from fakes.sample_data import NOW
from fakes.services import FakeServices, sample_services
from mangrove.__main__ import CANCELLED, main
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.main import run
from mangrove.core.jobs.job import Firing, FiringState, JobKind, Rest
from mangrove.jobs.agent.firing import Waits
from mangrove.services.job_plan import Covered, Planned


@pytest.fixture
def fakes() -> FakeServices:
    return sample_services()


def called(fakes: FakeServices, *arguments: str) -> int:
    return run(arguments, doors_to(fakes.services))


def test_a_run_says_what_failed_when_it_tries_again_and_that_it_was_cancelled(
    fakes: FakeServices, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted_run(name: str, waits: Waits) -> Firing:
        job_id = fakes.jobs.find(name).job.job_id
        failed = Firing(job_id, NOW, NOW, FiringState.RUNNING, problem="cannot reach db1")
        waits(failed, datetime(2026, 3, 3, 14, 5, tzinfo=UTC))
        raise KeyboardInterrupt

    monkeypatch.setattr(fakes.jobs, "run", interrupted_run, raising=False)

    assert called(fakes, "job", "run", "nightly") == ExitCode.CANCELLED

    shown = capsys.readouterr().err
    assert "error: cannot reach db1\ntrying again at 14:05 UTC (Ctrl-C ends it)\n" in shown
    assert "error: cancelled" in shown


def test_show_says_that_the_vault_is_pruned_after_each_backup(
    fakes: FakeServices, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(fakes, "job", "show", "nightly") == 0
    assert "the vault is pruned after each backup" in capsys.readouterr().out

    nightly = fakes.jobs.find("nightly")
    fakes.jobs.rows = [replace(nightly, job=replace(nightly.job, prunes=False))]

    assert called(fakes, "job", "show", "nightly") == 0
    assert "pruned" not in capsys.readouterr().out


def test_a_list_says_that_all_jobs_rest_and_marks_each(
    fakes: FakeServices, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = Rest(NOW + timedelta(days=9), "moving house")
    fakes.agent.resting = rest
    fakes.jobs.rows = [replace(row, rest=rest) for row in fakes.jobs.rows]

    assert called(fakes, "job", "list") == 0

    shown = capsys.readouterr().out
    assert f"all jobs rest until {rest.until:%Y-%m-%d %H:%M} UTC: moving house" in shown
    assert shown.count("paused, then ") == len(fakes.jobs.rows)


def test_recommend_says_what_it_skips(
    fakes: FakeServices, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Planned((), (Covered(JobKind.BACKUP, "early", "At 01:15 every day"),))
    monkeypatch.setattr(fakes.jobs, "add_recommended", lambda *_: plan)

    assert called(fakes, "job", "recommend", "shop", "--vault", "attic") == 0

    shown = capsys.readouterr().out
    assert "skipped backup: the job 'early' is there already (At 01:15 every day)" in shown


def test_help_shows_no_stray_marks(fakes: FakeServices, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(fakes, "agent", "remove", "--help") == 0

    shown = capsys.readouterr().out
    assert "agent install" in shown
    assert "`" not in shown


class CutShort(MetaPathFinder):
    """Ctrl-C while a module is looked for."""

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if fullname == "mangrove.app.memory":
            raise KeyboardInterrupt


def test_ctrl_c_while_modules_load_ends_with_one_plain_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "mangrove.app.memory", raising=False)
    monkeypatch.setattr(sys, "meta_path", [CutShort(), *sys.meta_path])
    monkeypatch.setattr(sys, "argv", ["mangrove", "job", "list"])

    assert main() == CANCELLED == ExitCode.CANCELLED

    assert capsys.readouterr().err == "cancelled\n"


@pytest.mark.parametrize(
    ("written", "after"),
    [
        (("--for", "3h"), timedelta(hours=3)),
        (("--for", "1 d 12 h"), timedelta(hours=36)),
        (("--until", f"{NOW + timedelta(days=9):%Y-%m-%d %H:%M:%S} UTC"), timedelta(days=9)),
        (("--until", f"{NOW + timedelta(days=9):%Y-%m-%dT%H:%M:%S}+00:00"), timedelta(days=9)),
        (("--until", f"{int(NOW.timestamp()) + 60}:1"), timedelta(minutes=1)),
    ],
    ids=["span", "two units", "zone", "offset", "entry"],
)
@pytest.mark.parametrize("group", ["job", "agent"])
def test_a_pause_takes_a_moment_or_a_span_as_written_elsewhere(
    fakes: FakeServices, group: str, written: tuple[str, ...], after: timedelta
) -> None:
    name = ("nightly",) if group == "job" else ()

    assert called(fakes, group, "pause", *name, *written, "--why", "moving house") == 0

    rests = fakes.agent.resting.until if fakes.agent.resting else None
    until = datetime.fromisoformat(fakes.jobs.done[-1][2]) if group == "job" else rests
    assert until is not None
    assert abs(until - NOW - after) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ((), "say until when, or for how long"),
        (("--for", "ever"), "'ever' is not a length of time"),
        (("--until", "soon"), "'soon' is not a moment"),
        (("--until", "2026-01-01 08:00 Mars/X"), "'Mars/X' is not the name of a time zone"),
        (("--until", "2019-01-01 08:00 UTC"), "2019-01-01 08:00 UTC is over already"),
    ],
    ids=["neither", "no span", "no moment", "no zone", "over"],
)
def test_a_pause_without_an_end_says_what_to_write(
    fakes: FakeServices,
    capsys: pytest.CaptureFixture[str],
    written: tuple[str, ...],
    said: str,
) -> None:
    assert called(fakes, "job", "pause", "nightly", *written, "--why", "moving") == ExitCode.USAGE

    assert said in capsys.readouterr().err
    assert fakes.jobs.done == []
