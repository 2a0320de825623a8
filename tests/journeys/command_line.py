"""Runs ``mangrove`` as a person does: in a process of its own, with a home of its own."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[2] / "desktop"
LIMIT_S = 120
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Ended:
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What ``--json`` printed: one document and nothing else."""
        return json.loads(self.out)


@dataclass(slots=True)
class CommandLine:
    """The program with its own ``MANGROVE_HOME``; remembers everything it printed."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)
    secret: str = ""
    seen_in: set[str] = field(default_factory=set)

    def __call__(self, *arguments: str, stdin: str = "") -> Ended:
        """Run one command to its end, looking for the secret in every process meanwhile."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), name="process-watcher")
        with self.start(*arguments) as process:
            watcher.start()
            try:
                out, err = process.communicate(stdin, LIMIT_S)
            finally:
                over.set()
                watcher.join()
                process.kill()
        self.printed += [out, err]
        return Ended(process.returncode, out, err)

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """Run one command that has to work, and return its document."""
        ended = self(*arguments, "--json", stdin=stdin)
        assert ended.code == 0, ended
        return ended.document

    def on_terminal(self, *arguments: str, typed: str) -> Ended:
        """Run one command whose standard input is a terminal where somebody types."""
        ours, theirs = pty.openpty()
        try:
            os.write(ours, typed.encode())
            with self.start(*arguments, stdin=theirs) as process:
                try:
                    out, err = process.communicate(timeout=LIMIT_S)
                finally:
                    process.kill()
        finally:
            os.close(ours)
            os.close(theirs)
        return Ended(process.returncode, out, err)

    def start(self, *arguments: str, stdin: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start one command and return its process."""
        own = {"MANGROVE_HOME": str(self.home), "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": ""}
        return subprocess.Popen(
            [sys.executable, "-m", "mangrove", *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **own, **self.variables},
        )

    @contextmanager
    def started_until(self, arguments: Sequence[str], line: str) -> Iterator[subprocess.Popen[str]]:
        """Start one command and give its process once it told of ``line`` on standard error.

        What is still running at the end is killed, so that a test that fails leaves none behind.
        """
        with self.start(*arguments) as process:
            try:
                self.wait_until_told(process, line)
                yield process
            finally:
                process.kill()

    def wait_until_told(self, process: subprocess.Popen[str], line: str) -> None:
        """Read what a process tells on standard error up to a line with these words."""
        assert process.stderr is not None
        for told in process.stderr:
            self.printed.append(told)
            if line in told:
                return
        raise AssertionError(f"never told of {line!r}: {self.printed[-5:]}")

    def files_with(self, text: str) -> list[Path]:
        """Return the files under the home that hold a text."""
        wanted = text.encode()
        return [p for p in self.home.rglob("*") if p.is_file() and wanted in p.read_bytes()]

    def _watch(self, over: threading.Event) -> None:
        wanted = self.secret.encode()
        while wanted and not over.wait(LOOK_EVERY_S):
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    with suppress(OSError):
                        if wanted in (process / name).read_bytes():
                            self.seen_in.add(f"{name} of {process.name}")
