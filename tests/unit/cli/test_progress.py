import io
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from fakes import sample_runs
from fakes.services import sample_services
from mangrove.cli.output import Output
from mangrove.cli.progress import figures_text, follow, phase_text, picture
from mangrove.core.run import Phase, RunId, RunState, RunStatus


def followed(*, as_json: bool, publish: Callable[[Callable[[RunStatus], None]], None]) -> str:
    """Follow a running backup while another thread changes it; returns what was written."""
    fakes, err = sample_services(), io.StringIO()
    running = sample_runs.running_backup()
    thread = threading.Thread(target=publish, args=(fakes.activity.publish,))

    def start_then_wait(run_id: RunId, timeout_s: float | None = None) -> RunStatus:
        if not thread.ident:
            thread.start()
        thread.join(timeout_s)
        return fakes.activity.runs[run_id]

    fakes.activity.wait = start_then_wait  # type: ignore[method-assign]  # drives the other thread
    ended = follow(fakes.services, running.run_id, Output(io.StringIO(), err, as_json=as_json))
    assert ended.state is RunState.SUCCEEDED
    assert fakes.activity.listeners == 0
    return err.getvalue()


def two_phases(publish: Callable[[RunStatus], None]) -> None:
    running = sample_runs.running_backup()
    for phase in (Phase.DUMP, Phase.DUMP, Phase.SIGN):
        publish(replace(running, phase=phase, note=""))
    publish(replace(running, run_id=sample_runs.RUNS[0].run_id, phase=Phase.CONNECT))
    publish(replace(running, state=RunState.SUCCEEDED))


def test_pipe_gets_one_line_for_each_phase_of_the_followed_run() -> None:
    lines = followed(as_json=False, publish=two_phases).splitlines()

    assert [line.partition(": ")[2].partition(" (")[0] for line in lines] == [
        "read and store",
        "sign",
    ]


def test_json_gets_no_progress_at_all() -> None:
    assert followed(as_json=True, publish=two_phases) == ""


def test_picture_shows_share_rate_and_time_left() -> None:
    status = replace(
        sample_runs.running_backup(),
        done_bytes=25_000_000,
        total_bytes=100_000_000,
        rate_bytes_per_s=5_000_000.0,
        remaining=timedelta(seconds=15),
        namespaces_done=1,
        namespaces_total=4,
    )

    assert figures_text(status) == ("25%, 25.0 MB, 1 of 4 collections, 5.0 MB/s, about 15 s left")
    assert picture(status).fraction == 0.25


def test_queued_run_says_what_it_waits_for() -> None:
    waiting = replace(sample_runs.queued_verify(), phase=None, waiting_for="another run")

    assert phase_text(waiting) == "waiting for another run"
