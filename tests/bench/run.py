"""Measures backup, verification and restore as ratios to the drain floor of the same run.

``python packaging/dev.py bench`` fills an embedded server with 500 MB of BSON and prints a table.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.dataset import SHAPES, fill
from bench.step import STEPS
from mangrove.app.container import embedded_folders
from mangrove.connectors.embedded.mongod import EmbeddedMongod, find_mongod

REPO = Path(__file__).resolve().parents[2]
USUAL = "4 collections, 600 B"
HEAD = "step                  wall s  x floor   cpu s    MB/s  stored MB  peak MB"


def measure(
    megabytes: int, repeats: int, shape: str = USUAL, steps: Iterable[str] = STEPS
) -> list[dict[str, Any]]:
    """Run every step ``repeats`` times; keep the median by wall time of each."""
    with EmbeddedMongod(find_mongod(embedded_folders())) as server:
        with MongoClient[Any](server.uri) as client:
            size = fill(client, megabytes, SHAPES[shape])
        rows = []
        for step in steps:
            runs = sorted((_one(step, server.uri) for _ in range(repeats)), key=_wall)
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
            f"{row['data_bytes'] / 1e6 / wall:>8.0f}"
            f"{f'{stored / 1e6:.0f}' if stored else '':>11}{row['peak_rss_bytes'] / 1e6:>9.0f}"
        )
    return "\n".join(lines)


def _wall(row: dict[str, Any]) -> float:
    return float(row["wall_s"])


def _one(step: str, uri: str) -> dict[str, Any]:
    path = os.pathsep.join((str(REPO / "desktop"), str(REPO / "tests")))
    done = subprocess.run(
        [sys.executable, "-m", "bench.step", step, uri],
        env={**os.environ, "PYTHONPATH": path},
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
    chosen = options.parse_args()
    for shape in SHAPES if chosen.shapes else (USUAL,):
        rows = measure(chosen.megabytes, chosen.repeats, shape)
        sys.stdout.write(table(rows) + "\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
