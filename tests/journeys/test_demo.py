import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers.mongod import mongod_binary

pytestmark = [pytest.mark.mongod, pytest.mark.slow, pytest.mark.journey]

SOURCE = Path(__file__).resolve().parents[2] / "desktop"
LIMIT_S = 180


def demo(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Tell the story in a process of its own, whose temporary files can be looked at."""
    variables = {
        "MANGROVE_HOME": str(tmp_path / "home"),
        "MANGROVE_MONGOD": str(mongod_binary()),
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONPATH": str(SOURCE),
    }
    (tmp_path / "temporary").mkdir()
    return subprocess.run(
        [sys.executable, "-m", "mangrove", "demo", "--headless", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **variables},
        timeout=LIMIT_S,
        check=False,
    )


def test_story_is_told_to_its_end_and_nothing_is_left(tmp_path: Path) -> None:
    told = demo(tmp_path, "--json")

    assert told.returncode == 0, told
    story = json.loads(told.stdout)
    outcomes = {c["title"]: c["outcome"] for c in story["chapters"]}
    assert list(outcomes) == [
        "the shop opens",
        "encrypted backup",
        "trial restore",
        "the accident",
        "the way back",
    ]
    loaded = int(outcomes["the shop opens"].split()[0].replace(",", ""))
    assert loaded >= 200_000
    assert "40,000 orders, all of them; shop still has its 20,000" in outcomes["the way back"]
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "home").exists(), "the demo touched the person's own state"


def test_demo_refuses_a_folder_with_something_in_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("irreplaceable")

    told = demo(tmp_path, "--home", str(mine))

    assert told.returncode == 2, told
    assert [p.name for p in mine.iterdir()] == ["thesis.txt"]
