"""A capture in a process of its own, which a test can kill: reads its secrets from standard input.

Run as ``python -m fakes.capture_process HOME PROFILE VAULT SECONDS``.
"""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from fakes.workstation import Workstation
from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.pitr.capture import CaptureRequest
from mangrove.core.secret import Secret, SecretRef

STARTED = "capture started"
TESTS = Path(__file__).resolve().parents[1]


def start(desk: Workstation, profile: str, vault: str, seconds: float) -> subprocess.Popen[str]:
    """Start following in another process, with the same state and keys; returns once it runs."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "fakes.capture_process",
            str(desk.folder / "home"),
            profile,
            vault,
            str(seconds),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'desktop'}"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    kept = {ref.name: secret.reveal() for ref, secret in desk.secrets._kept.items()}
    process.stdin.write(json.dumps(kept) + "\n")
    process.stdin.flush()
    if (told := process.stdout.readline().strip()) != STARTED:
        give_back(process)
        raise AssertionError(f"no capture started: {told!r}")
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Kill it, as a power cut would, and give everything of it back; it must still run."""
    assert process.poll() is None
    give_back(process)


def give_back(process: subprocess.Popen[str]) -> None:
    """End it, if it still runs, and close what leads to it; that may be done twice."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def main() -> None:
    """Follow until killed."""
    home, profile, vault, seconds = sys.argv[1:]
    secrets = SessionSecrets()
    for name, value in json.loads(sys.stdin.readline()).items():
        secrets.store(SecretRef(name), Secret(value))
    paths = app_paths({"MANGROVE_HOME": home})
    with open_services(paths, Parts(secrets, SystemClock())) as services:
        length = timedelta(seconds=float(seconds))
        run_id = services.captures.start(CaptureRequest(profile, vault, slice_length=length))
        print(STARTED, flush=True)  # noqa: T201 - this is what the test waits for
        status = services.activity.wait(run_id)
        print(status.state, status.problem, flush=True)  # noqa: T201 - for a person who looks


if __name__ == "__main__":
    main()
