import os
import subprocess
import sys
from pathlib import Path

import pytest

SHOTS = Path(__file__).resolve().parents[2] / "packaging" / "shots.py"


@pytest.mark.slow
def test_taking_screenshots_of_a_new_install_ends_in_peace(tmp_path: Path) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}

    done = subprocess.run(
        [sys.executable, str(SHOTS), str(tmp_path), "--empty"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "overview-empty-dark.png").stat().st_size > 0
