"""Measures backup, verification and restore as ratios to the drain floor of the same run.

``python packaging/dev.py bench`` fills an embedded server with 500 MB of BSON and prints a table.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.dataset import SHAPES, fill
from bench.step import BY_HAND, STEPS
from mangrove.app.container import embedded_folders
from mangrove.connectors.embedded.mongod import EmbeddedMongod, find_mongod

REPO = Path(__file__).resolve().parents[2]
USUAL = "4 collections, 700 B"
MANY = "2,000 collections, 700 B"
BARE_RESTORE = "restore, no indexes"
HEAD = "step                  wall s  x floor   cpu s  server    MB/s  stored MB  peak MB"


def measure(
    megabytes: int, repeats: int, shape: str = USUAL, steps: Iterable[str] = STEPS
) -> list[dict[str, Any]]:
    """Run every step ``repeats`` times; keep the median by wall time of each."""
    with EmbeddedMongod(find_mongod(embedded_folders())) as server, ExitStack() as to_the_end:
        with MongoClient[Any](server.uri) as client:
            size = fill(client, megabytes, SHAPES[shape])
        rows: list[dict[str, Any]] = []
        for step in steps:
            with ExitStack() as at_once:
                removed = to_the_end if shape == MANY else at_once
                place = removed.enter_context(tempfile.TemporaryDirectory())
                runs = sorted((_one(step, server.uri, place) for _ in range(repeats)), key=_wall)
            rows.append({"step": step, "shape": shape, "data_bytes": size, **runs[len(runs) // 2]})
        return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the rows out, each as a ratio to the floor."""
    floor = _wall(rows[0])
    megabytes = rows[0]["data_bytes"] / 1e6
    lines = [f"{megabytes:.0f} MB of BSON, {rows[0]['shape']} documents", HEAD]
    for row in rows:
        wall = _wall(row)
        stored = row.get("stored_bytes")
        lines.append(
            f"{row['step']:<20}{wall:>8.2f}{wall / floor:>9.2f}{row['cpu_s']:>8.2f}"
            f"{row['server_cpu_s']:>8.2f}"
            f"{row['data_bytes'] / 1e6 / wall:>8.0f}"
            f"{f'{stored / 1e6:.0f}' if stored else '':>11}{row['peak_rss_bytes'] / 1e6:>9.0f}"
        )
    return "\n".join([*lines, *_beside_by_hand(rows)])


def _beside_by_hand(rows: list[dict[str, Any]]) -> list[str]:
    """Say how far a restore is from the fastest insertion by hand of the same documents."""
    walls = {row["step"]: _wall(row) for row in rows}
    if not {BY_HAND, BARE_RESTORE} <= walls.keys():
        return []
    ratio = walls[BARE_RESTORE] / walls[BY_HAND]
    return [f"{BARE_RESTORE}, compared: {ratio:.2f} times the insertion by hand"]


def beside_few(few: list[dict[str, Any]], many: list[dict[str, Any]]) -> str:
    """Say what each step takes for many collections beside the same bytes in few."""
    walls = {row["step"]: _wall(row) for row in few}
    ratios = [f"{row['step']} {_wall(row) / walls[row['step']]:.2f}" for row in many]
    return f"{many[0]['shape']}, times {few[0]['shape']}: {', '.join(ratios)}"


def _wall(row: dict[str, Any]) -> float:
    return float(row["wall_s"])


def _one(step: str, uri: str, place: str) -> dict[str, Any]:
    path = os.pathsep.join((str(REPO / "desktop"), str(REPO / "tests")))
    done = subprocess.run(
        [sys.executable, "-m", "bench.step", step, uri],
        env={**os.environ, "PYTHONPATH": path, "TMPDIR": place},
        stdout=subprocess.PIPE,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=500)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--shapes", action="store_true", help="measure every shape")
    options.add_argument("--steps", default="", help="only these, split by ; and drain first")
    chosen = options.parse_args()
    steps = chosen.steps.split(";") if chosen.steps else STEPS
    usual: list[dict[str, Any]] = []
    for shape in SHAPES if chosen.shapes else (USUAL,):
        rows = measure(chosen.megabytes, chosen.repeats, shape, steps)
        usual = rows if shape == USUAL else usual
        beside = "\n" + beside_few(usual, rows) if shape == MANY else ""
        sys.stdout.write(table(rows) + beside + "\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
